package pyrra

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// burn is one of Pyrra's alerts, with its windows for an objective of 28 days.
type burn struct {
	key               string
	long, short, hold time.Duration
	factor            float64
	severity          string
}

// base is the window that burns are written for; they scale with the objective's.
const base = 28 * 24 * time.Hour

var burns = []burn{
	{"fastBurn", time.Hour, 5 * time.Minute, 2 * time.Minute, 14, "critical"},
	{"mediumBurn", 6 * time.Hour, 30 * time.Minute, 15 * time.Minute, 7, "critical"},
	{"slowBurn", 24 * time.Hour, 2 * time.Hour, time.Hour, 2, "warning"},
	{"longTermBurn", 96 * time.Hour, 6 * time.Hour, 3 * time.Hour, 1, "warning"},
}

// scale is a duration of base for another window, rounded to the minute as Pyrra does.
func scale(d, window time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(window) / float64(base)).Round(time.Minute)
}

// alerts reads the alerting block into the alerts Pyrra would write.
func (r reader) alerts(objective *document.Mapping, o *slo.Objective, matchers, annotations map[string]string) {
	n := objective.Get("alerting")
	m := n.Mapping()
	name, absentName := or(m.Get("name"), "ErrorBudgetBurn"), or(m.Get("absentName"), "SLOMetricAbsent")
	burnrates, absent := yes(m.Get("burnrates")), yes(m.Get("absent"))
	if off := m.Get("disabled"); off.Bool() {
		burnrates, absent = false, false
		r.Finding(slo.LevelInfo, "deprecated", off.Problem("\"disabled\" is Pyrra's old name for burnrates: false and absent: false; it is honoured"))
	}
	r.burnRateType(m.Get("burnRateType"))
	severities := m.Get("severities").Mapping()
	severity := map[string]string{"absent": or(severities.Get("absent"), "critical")}
	for _, b := range burns {
		severity[b.key] = or(severities.Get(b.key), b.severity)
	}
	severities.Done()
	m.Done()

	own := o.Name
	shared := spec.Merge(matchers, spec.Merge(o.Labels, map[string]string{slo.LabelSLO: own}))
	window := o.Windows[0].Length
	at := objective.Get("window")
	for _, b := range burns {
		if burnrates {
			o.Rules = append(o.Rules, r.rule(at, b, window, name, severity[b.key], shared, annotations))
		}
	}
	if absent && !slices.ContainsFunc(o.SLI.Terms, func(t slo.Term) bool { return t.Kind == slo.HistogramCount }) {
		fast := burns[0]
		wait := time.Duration(fast.factor*o.Allowed()*float64(scale(fast.long, window))) + scale(fast.hold, window)
		o.Absent = &slo.Absent{
			AlertName: absentName, Severity: severity["absent"], For: wait.Round(time.Minute),
			Labels:      spec.Merge(shared, map[string]string{"severity": severity["absent"]}),
			Annotations: annotations,
		}
	}
}

func (r reader) rule(at document.Node, b burn, window time.Duration, name, severity string, shared, annotations map[string]string) slo.Rule {
	long, short := scale(b.long, window), scale(b.short, window)
	if short < time.Minute {
		short, long = time.Minute, max(long, 2*time.Minute)
		r.Finding(slo.LevelWarning, "windows", at.Problem("the window is so short that Pyrra's %s would look at nothing: it looks at %s and %s instead", b.key, slo.FormatDuration(long), slo.FormatDuration(short)))
	}
	return slo.Rule{
		Key: b.key, AlertName: name, Severity: severity, For: scale(b.hold, window),
		Pairs: []slo.Pair{{Long: long, Short: short, Factor: b.factor}},
		Labels: spec.Merge(shared, map[string]string{
			"severity": severity, "long": model.Duration(long).String(), "short": model.Duration(short).String(),
			// Whole seconds, as Pyrra has it.
			"exhaustion": model.Duration(time.Duration(float64(window) / b.factor).Truncate(time.Second)).String(),
		}),
		Annotations: annotations,
	}
}

// or is a text, or what holds without one.
func or(n document.Node, otherwise string) string {
	if v := n.String(); v != "" {
		return v
	}
	return otherwise
}

// yes is a boolean that is true unless said otherwise.
func yes(n document.Node) bool { return n.IsZero() || n.Bool() }
