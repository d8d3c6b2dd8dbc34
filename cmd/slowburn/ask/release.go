package ask

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/slo/govern"
)

// markRelease is `slowburn release mark`.
func markRelease(parent *kingpin.CmdClause) Verb {
	c := parent.Command("mark", "Note a release. The same service, version and time is noted once.")
	f := register(c)
	var m govern.Mark
	c.Flag("service", "Service that is released.").Required().StringVar(&m.Service)
	c.Flag("release", "Version that goes out.").Required().PlaceHolder("VERSION").StringVar(&m.Version)
	c.Flag("change-type", "Type of the change, such as rollout, fix or rollback.").Default(govern.DefaultType).StringVar(&m.Type)
	c.Flag("link", "Where to read about it.").PlaceHolder("URL").StringVar(&m.Link)
	c.Flag("note", "What to remember.").StringVar(&m.Note)
	at := c.Flag("time", "When it went out: a time, or so long before now; by default now.").PlaceHolder("TIME").String()
	return Verb{Clause: c, Run: func(ctx context.Context, out io.Writer) (int, error) {
		var err error
		if m.TimeMS, err = instant(*at, time.Now()); err != nil {
			return answered(fmt.Errorf("--time: %w", err))
		}
		var r govern.Release
		data, err := f.post(ctx, "releases", m, &r)
		if err != nil {
			return answered(err)
		}
		if f.format == "json" {
			return answered(printJSON(out, data))
		}
		_, err = fmt.Fprintf(out, "%s %s is noted at %s by %s\n", r.Service, r.Version, clock(r.TimeMS), r.Author)
		return answered(err)
	}}
}

// listReleases is `slowburn release list`.
func listReleases(parent *kingpin.CmdClause) Verb {
	c := parent.Command("list", "Show past releases with their costs, and what the next will cost.")
	f := register(c)
	service := c.Flag("service", "Service to show.").Required().String()
	kind := c.Flag("change-type", "Type to show; by default all.").String()
	limit := c.Flag("limit", "How many of the newest to show.").Default("20").String()
	return Verb{Clause: c, Run: func(ctx context.Context, out io.Writer) (int, error) {
		var a struct {
			Releases  []govern.Release
			Forecasts []govern.Forecast
		}
		data, err := f.get(ctx, "releases", url.Values{"service": {*service}, "type": {*kind}, "limit": {*limit}}, &a)
		if err != nil {
			return answered(err)
		}
		if f.format == "json" {
			return answered(printJSON(out, data))
		}
		var rows [][]string
		for i := range a.Releases {
			r := &a.Releases[i]
			rows = append(rows, []string{clock(r.TimeMS), r.Version, r.Type, costs(r.Costs), r.Author, dash(r.Note)})
		}
		if err := table(out, "TIME | VERSION | TYPE | COST | BY | NOTE", rows...); err != nil {
			return answered(err)
		}
		for _, p := range a.Forecasts {
			fmt.Fprintf(out, "next, by %s: median %s, 90th percentile %s of the %s budget: %s\n", p.SLO, percent(p.MedianRatio), percent(p.P90Ratio), p.Window, p.Assumption)
		}
		return answered(nil)
	}}
}

func costs(all []govern.Cost) string {
	var parts []string
	for _, c := range all {
		text := percent(c.BudgetRatio)
		if c.State != govern.CostFinal {
			text = string(c.State)
		}
		parts = append(parts, c.SLO+" "+text)
	}
	return dash(strings.Join(parts, ", "))
}
