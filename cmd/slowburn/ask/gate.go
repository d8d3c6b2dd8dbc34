package ask

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/slo/govern"
)

// gate is `slowburn gate`.
func gate(app *kingpin.Application) Verb {
	c := app.Command("gate", "Ask whether a service may release: exit 0 pass, 1 fail, 2 unknown, 3 no answer.")
	f := register(c)
	service := c.Flag("service", "Service that wants to release.").Required().String()
	slos := c.Flag("slo", "Objective to look at; repeatable, by default all of the service.").Strings()
	kind := c.Flag("change-type", "Type of the change, such as rollout, fix or rollback.").Default(govern.DefaultType).String()
	selector := c.Flag("canary", "Selector of the canary's series, such as {version=\"v2\"}: it is judged too.").PlaceHolder("SELECTOR").String()
	stable := c.Flag("stable", "Selector of what it is compared with; by default all other series.").PlaceHolder("SELECTOR").String()
	unknown := c.Flag("on-unknown", "Decide so when too little is known: pass or fail; by default exit 2.").PlaceHolder("pass|fail").Enum("pass", "fail")
	return Verb{Clause: c, Judges: true, Run: func(ctx context.Context, out io.Writer) (int, error) {
		q := url.Values{"service": {*service}, "slo": *slos, "change_type": {*kind}}
		for name, v := range map[string]string{"canary": *selector, "stable": *stable, "on_unknown": *unknown} {
			if v != "" {
				q.Set(name, v)
			}
		}
		var a govern.GateAnswer
		data, err := f.get(ctx, "gate", q, &a)
		if err != nil {
			return unanswered(err)
		}
		if f.format == "json" {
			err = printJSON(out, data)
		} else {
			err = printGate(out, &a)
		}
		if err != nil {
			return unanswered(err)
		}
		return exitOf(a.Decision), nil
	}}
}

func printGate(out io.Writer, a *govern.GateAnswer) error {
	fmt.Fprintf(out, "%s: %s of type %s", strings.ToUpper(string(a.Decision)), a.Service, a.ChangeType)
	if a.Decision != a.Verdict {
		fmt.Fprintf(out, " (the gate says %s, --on-unknown decides)", a.Verdict)
	}
	fmt.Fprintln(out)
	for _, r := range a.Reasons {
		fmt.Fprintf(out, "  %s %s: %s\n", r.Verdict, r.SLO, oneLine(r.Text))
	}
	fmt.Fprintln(out)
	var rows [][]string
	for i := range a.Objectives {
		o := &a.Objectives[i]
		rows = append(rows, []string{o.SLO, string(o.Verdict), dash(string(o.PolicyState)), left(o),
			percent(o.Forecast.MedianRatio) + " / " + percent(o.Forecast.P90Ratio), dash(strings.Join(o.Burning, ", ")), percent(o.CoverageRatio), clock(o.DataTimeMS), dash(o.DecisionOwner)})
	}
	if err := table(out, "SLO | VERDICT | POLICY | BUDGET LEFT | COST MEDIAN / P90 | FIRING | COVERAGE | DATA OF | DECIDES", rows...); err != nil {
		return err
	}
	for i := range a.Objectives {
		fmt.Fprintf(out, "  cost of %s: %s\n", a.Objectives[i].SLO, a.Objectives[i].Forecast.Assumption)
	}
	for _, m := range a.Mitigations {
		fmt.Fprintf(out, "  try: %s\n", m)
	}
	if a.Decision == govern.Fail {
		fmt.Fprintf(out, "  may override: %s\n", overriders(a.MayOverride))
	}
	return nil
}

// left is how much of the budget is; nobody knows before there is data.
func left(o *govern.GateObjective) string {
	if math.IsNaN(float64(o.RemainingRatio)) {
		return "–"
	}
	return percent(o.RemainingRatio) + " of " + o.Window
}

func overriders(names []string) string {
	if len(names) == 0 {
		return "whoever has the admin scope"
	}
	return strings.Join(names, ", ")
}

// canary is `slowburn canary`.
func canary(app *kingpin.Application) Verb {
	c := app.Command("canary", "Compare a canary with the rest of its service: exit 0 not shown to be worse, 1 worse, 2 too few events, 3 no answer.")
	f := register(c)
	service := c.Flag("service", "Service that has a canary.").Required().String()
	slos := c.Flag("slo", "Objective whose SLI compares; repeatable, by default all of the service.").Strings()
	selector := c.Flag("canary", "Selector of the canary's series, such as {version=\"v2\"}.").Required().PlaceHolder("SELECTOR").String()
	stable := c.Flag("stable", "Selector of what it is compared with; by default all other series.").PlaceHolder("SELECTOR").String()
	start := c.Flag("start", "Where to begin: a time, or so long before now; by default ten minutes before the end.").PlaceHolder("TIME").String()
	end := c.Flag("end", "Where to end; by default the newest data.").PlaceHolder("TIME").String()
	least := c.Flag("min-events", "Events needed on both sides.").Default("100").String()
	alpha := c.Flag("alpha", "Significance level of the one-sided test.").Default("0.05").String()
	return Verb{Clause: c, Judges: true, Run: func(ctx context.Context, out io.Writer) (int, error) {
		q := url.Values{"service": {*service}, "slo": *slos, "canary": {*selector}, "min_events": {*least}, "alpha": {*alpha}}
		if *stable != "" {
			q.Set("stable", *stable)
		}
		for name, text := range map[string]string{"start": *start, "end": *end} {
			ms, err := instant(text, time.Now())
			if err != nil {
				return ExitUnanswered, fmt.Errorf("--%s: %w", name, err)
			}
			if ms != 0 {
				q.Set(name, seconds(ms))
			}
		}
		var a govern.CanaryAnswer
		data, err := f.get(ctx, "canary", q, &a)
		if err != nil {
			return unanswered(err)
		}
		if f.format == "json" {
			err = printJSON(out, data)
		} else {
			err = printCanary(out, &a)
		}
		if err != nil {
			return unanswered(err)
		}
		return exitOf(a.Verdict), nil
	}}
}

func printCanary(out io.Writer, a *govern.CanaryAnswer) error {
	fmt.Fprintf(out, "%s: canary %s of %s against %s, %s to %s\n\n", strings.ToUpper(string(a.Verdict)), a.Canary, a.Service, a.Stable, clock(a.StartMS), clock(a.EndMS))
	var rows [][]string
	for _, r := range a.Results {
		rows = append(rows, []string{r.SLO, string(r.Verdict), side(r.Canary), side(r.Stable), r.Reason})
	}
	return table(out, "SLO | VERDICT | CANARY BAD/ALL | STABLE BAD/ALL | WHY", rows...)
}

func side(c govern.CanaryCounts) string {
	return fmt.Sprintf("%.6g/%.6g", float64(c.BadEvents), float64(c.TotalEvents))
}
