package web

import (
	"net/http"
	"slices"

	"github.com/slowburn/slowburn/slo"
)

// objectiveJSON is one objective in /api/slo/v1/objectives.
type objectiveJSON struct {
	ID          string   `json:"id"`
	Service     string   `json:"service"`
	SLO         string   `json:"slo"`
	Description string   `json:"description,omitempty"`
	Owner       string   `json:"owner,omitempty"`
	Tier        string   `json:"tier,omitempty"`
	Runbook     string   `json:"runbook,omitempty"`
	Dashboard   string   `json:"dashboard,omitempty"`
	TargetRatio number   `json:"target_ratio"`
	Windows     []string `json:"windows"`
	// Review is how often the owner looks at the target again; 0 if not said.
	Review   number            `json:"review_seconds"`
	Traffic  slo.Traffic       `json:"traffic,omitempty"`
	Segments []promiseJSON     `json:"segments"`
	Labels   map[string]string `json:"labels"`
	SLI      sliJSON           `json:"sli"`
	Rules    []ruleJSON        `json:"rules"`
	Format   slo.Format        `json:"format"`
	Source   placeJSON         `json:"source"`
}

// promiseJSON is what some groups have of their own.
type promiseJSON struct {
	Match       string     `json:"match"`
	TargetRatio number     `json:"target_ratio"`
	Tier        string     `json:"tier"`
	Rules       []ruleJSON `json:"rules"`
}

type sliJSON struct {
	// Native is false when the PromQL engine evaluates the SLI; Reason says why.
	Native bool       `json:"native"`
	Reason string     `json:"reason,omitempty"`
	By     []string   `json:"by"`
	Terms  []termJSON `json:"terms"`
	// Members are those of a composite, their weights' sum 1.
	Members []memberJSON `json:"members,omitempty"`
}

type memberJSON struct {
	ID     string `json:"id"`
	Weight number `json:"weight"`
}

type termJSON struct {
	Kind        string `json:"kind"`
	Selector    string `json:"selector"`
	BadWeight   number `json:"bad_weight"`
	TotalWeight number `json:"total_weight"`
}

type ruleJSON struct {
	AlertName    string     `json:"alertname"`
	Severity     string     `json:"severity"`
	ForSeconds   number     `json:"for_seconds"`
	MinBadEvents number     `json:"min_bad_events"`
	Pairs        []pairRule `json:"pairs"`
}

type pairRule struct {
	LongWindow  string `json:"long_window"`
	ShortWindow string `json:"short_window"`
	Threshold   number `json:"threshold_burn_rate"`
}

type placeJSON struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

type errorJSON struct {
	placeJSON
	Error string `json:"error"`
	// Excerpt is the lines around the place.
	Excerpt string `json:"excerpt,omitempty"`
}

// objectives serves the objectives in force, filtered by service, slo and owner, and
// what is wrong with the files.
func (h *Handler) objectives(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	out := struct {
		Objectives []objectiveJSON `json:"objectives"`
		Errors     []errorJSON     `json:"errors"`
	}{Objectives: []objectiveJSON{}, Errors: []errorJSON{}}
	for _, o := range h.o.Objectives() {
		if !in(q["service"], o.Service) || !in(q["slo"], o.Name) || !in(q["owner"], o.Owner) {
			continue
		}
		out.Objectives = append(out.Objectives, objectiveToJSON(o))
	}
	for _, e := range h.o.Errors() {
		out.Errors = append(out.Errors, errorJSON{place(e.Position), e.Msg, e.Excerpt})
	}
	succeed(w, out)
}

func place(p slo.Position) placeJSON { return placeJSON{p.File, p.Line, p.Column} }

func objectiveToJSON(o *slo.Objective) objectiveJSON {
	j := objectiveJSON{
		ID: o.ID(), Service: o.Service, SLO: o.Name, Description: o.Description, Owner: o.Owner, Tier: o.Tier,
		Runbook: o.Runbook, Dashboard: o.Dashboard, TargetRatio: number(o.Target), Windows: []string{},
		Labels: o.Labels, Format: o.Format, Source: place(o.Source), Rules: rulesToJSON(o.Rules),
		Review: number(o.Review.Seconds()), Traffic: o.Traffic, Segments: []promiseJSON{},
		SLI: sliJSON{Native: o.SLI.Query == nil, By: slices.Clone(o.SLI.By), Terms: []termJSON{}},
	}
	if j.SLI.By == nil {
		j.SLI.By = []string{}
	}
	if j.Labels == nil {
		j.Labels = map[string]string{}
	}
	if o.SLI.Query != nil {
		j.SLI.Reason = o.SLI.Query.Reason
	}
	for i := range o.SLI.Terms {
		t := &o.SLI.Terms[i]
		j.SLI.Terms = append(j.SLI.Terms, termJSON{t.Kind.String(), t.Selector(), number(t.Bad), number(t.Total)})
	}
	for _, m := range o.SLI.Members {
		j.SLI.Members = append(j.SLI.Members, memberJSON{m.ID(), number(m.Weight)})
	}
	for _, w := range o.Windows {
		j.Windows = append(j.Windows, w.String())
	}
	for i := range o.Segments {
		s := &o.Segments[i]
		j.Segments = append(j.Segments, promiseJSON{s.Selector(), number(s.Objective.Target), s.Objective.Tier, rulesToJSON(s.Objective.Rules)})
	}
	return j
}

func rulesToJSON(rules []slo.Rule) []ruleJSON {
	out := []ruleJSON{}
	for i := range rules {
		r := &rules[i]
		rj := ruleJSON{AlertName: r.AlertName, Severity: r.Severity, ForSeconds: number(r.For.Seconds()),
			MinBadEvents: number(r.MinBadEvents), Pairs: []pairRule{}}
		for _, p := range r.Pairs {
			rj.Pairs = append(rj.Pairs, pairRule{slo.FormatDuration(p.Long), slo.FormatDuration(p.Short), number(p.Factor)})
		}
		out = append(out, rj)
	}
	return out
}
