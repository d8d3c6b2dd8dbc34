package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/formula"
	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// migrated is one budget by both formulas.
type migrated struct {
	Objective string            `json:"objective"`
	Group     map[string]string `json:"group,omitempty"`
	Formula   string            `json:"formula"`
	Target    slo.Number        `json:"target"`
	Window    string            `json:"window"`
	// Theirs and Ours are what is left of the budget, ratios.
	Theirs slo.Number `json:"theirs_remaining_ratio"`
	Ours   slo.Number `json:"remaining_ratio"`
	// The events each counted; theirs are NaN where the formula counts none.
	TheirBad   slo.Number      `json:"theirs_bad_events"`
	TheirTotal slo.Number      `json:"theirs_events"`
	Bad        slo.Number      `json:"bad_events"`
	Total      slo.Number      `json:"events"`
	Causes     []formula.Cause `json:"causes"`
}

// formulas name what each tool computes.
var formulas = map[slo.Tool]string{
	slo.ToolSloth:    "Sloth: mean of 5m ratios",
	slo.ToolPyrra:    "Pyrra: increase",
	slo.ToolSlowburn: "OpenSLO: increase",
}

// compare prints every objective's budget by the formula of its tool and by ours,
// over the same samples.
func (i *importing) compare(ctx context.Context, s streams, config *Config, objectives []*slo.Objective) error {
	past, err := i.past.open(ctx, objectives)
	if err != nil {
		return err
	}
	defer past.Close()
	opts := past.options(config)
	opts.Objectives = objectives
	show := watched(s, "count", past.end-past.start)
	opts.Progress = show.part
	result, err := replay.Run(ctx, past, opts)
	show.end()
	if err != nil {
		return err
	}
	var rows []migrated
	for _, o := range objectives {
		theirs, err := formula.Of(ctx, past, o, past.start, past.end)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // Prometheus fails at it too; the other objectives have theirs
			fmt.Fprintf(s.err, "slowburn: warning: %s: %s: the formula of its tool fails: %v\n", o.Source, o.ID(), err)
			continue
		}
		for k := range theirs {
			rows = append(rows, compared(o, &theirs[k], result.Budgets))
		}
		if len(theirs) == 0 {
			fmt.Fprintf(s.err, "slowburn: warning: %s: %s: the formula of its tool has no value over these samples\n", o.Source, o.ID())
		}
	}
	if i.format == "json" {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		return e.Encode(struct {
			Start, End time.Time
			Budgets    []migrated
		}{instant(past.start), instant(past.end), rows})
	}
	fmt.Fprintf(s.out, "%s, %s to %s\n\n", past.what, clock(past.start), clock(past.end))
	return printMigrated(s.out, rows)
}

// compared joins one budget of theirs with ours of the same group.
func compared(o *slo.Objective, theirs *formula.Budget, all []slo.Status) migrated {
	row := migrated{
		Objective: o.ID(), Group: theirs.Labels.Map(), Formula: formulas[o.Format.Tool()],
		Target: slo.Number(o.Target), Window: o.Windows[0].String(), Theirs: slo.Number(theirs.Remaining(o.Target)),
		TheirBad: slo.Number(theirs.Bad), TheirTotal: slo.Number(theirs.Total),
	}
	var ours slo.Counts
	for k := range all {
		if b := &all[k]; b.Objective.ID() == o.ID() && labels.Equal(b.Groups, grouped(theirs.Labels, o.SLI.By)) && len(b.Windows) > 0 {
			ours = b.Windows[0].Counts
		}
	}
	row.Ours, row.Bad, row.Total = slo.Number(ours.Remaining(o.Target)), slo.Number(ours.Bad), slo.Number(ours.Total)
	row.Causes = formula.Causes(theirs, ours, o)
	return row
}

// grouped are the labels of lset that make groups.
func grouped(lset labels.Labels, by []string) labels.Labels {
	return labels.NewBuilder(lset).Keep(by...).Labels()
}

func printMigrated(out io.Writer, rows []migrated) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OBJECTIVE\tGROUP\tFORMULA\tTHEIRS LEFT\tOURS LEFT\tBAD EVENTS\tEVENTS")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Objective, strings.Trim(labels.FromMap(r.Group).String(), "{}"), r.Formula,
			percentage(float64(r.Theirs)), percentage(float64(r.Ours)), events(float64(r.Bad)), events(float64(r.Total)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		fmt.Fprintf(out, "\n%s %s\n", r.Objective, strings.Trim(labels.FromMap(r.Group).String(), "{}"))
		for _, c := range r.Causes {
			fmt.Fprintf(out, "  %s\n", c.Text)
		}
	}
	return nil
}
