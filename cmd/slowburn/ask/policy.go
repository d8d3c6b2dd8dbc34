package ask

import (
	"context"
	"io"
	"net/url"

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/slo/govern"
)

// policy is `slowburn policy`.
func policy(app *kingpin.Application) Verb {
	c := app.Command("policy", "Show where the budget policies stand, and who decides.")
	f := register(c)
	service := c.Flag("service", "Service to show; by default all.").String()
	name := c.Flag("slo", "Objective to show; by default all.").String()
	return Verb{Clause: c, Run: func(ctx context.Context, out io.Writer) (int, error) {
		var a struct{ Policies []govern.PolicyStatus }
		data, err := f.get(ctx, "policies", url.Values{"service": {*service}, "slo": {*name}}, &a)
		if err != nil || f.format == "json" {
			if err == nil {
				err = printJSON(out, data)
			}
			return answered(err)
		}
		var rows [][]string
		for i := range a.Policies {
			p := &a.Policies[i]
			rows = append(rows, []string{p.Service, p.SLO, dash(string(p.State)), clock(p.SinceMS), percent(p.SpentRatio) + " of " + p.Window, string(p.Gate), dash(p.DecisionOwner), p.Reason})
		}
		return answered(table(out, "SERVICE | SLO | STATE | SINCE | SPENT | GATE | DECIDES | WHY", rows...))
	}}
}
