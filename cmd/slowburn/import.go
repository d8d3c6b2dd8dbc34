package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/native"
	"github.com/slowburn/slowburn/slo/spec"
)

// importCommand is `slowburn import`.
func importCommand(app *kingpin.Application) command {
	c := app.Command("import", "Rewrite Sloth's, Pyrra's and OpenSLO's files in slowburn's format, or compare the budgets they would give with slowburn's.")
	i := &importing{}
	c.Arg("file", "SLO files, or patterns of such.").Required().StringsVar(&i.files)
	c.Flag("config.file", "Configuration whose tiers and sloth.default_period hold; by default slowburn.yml if there is one.").PlaceHolder("FILE").StringVar(&i.config)
	c.Flag("out", "File to write to; by default the standard output.").PlaceHolder("FILE").StringVar(&i.out)
	c.Flag("report", "Write no file, but each objective's budget by the formula of the tool it came from, and by slowburn's, over the same samples, and why they differ.").BoolVar(&i.report)
	i.past.register(c, "30d")
	c.Flag("format", "How to print the report: table or json.").Default("table").EnumVar(&i.format, "table", "json")
	return command{clause: c, run: func(ctx context.Context, s streams) error {
		if err := i.past.validate(); err != nil {
			return usage(s, err)
		}
		if i.report && i.out != "" {
			return usage(s, errors.New("--report writes no file: leave --out away"))
		}
		return i.run(ctx, s)
	}}
}

// importing is one run of the command.
type importing struct {
	files       []string
	config, out string
	report      bool
	past        pastFlags
	format      string
}

func (i *importing) run(ctx context.Context, s streams) error {
	config, err := configFor(i.config, false)
	if err != nil {
		return err
	}
	set, err := load.Files(i.files, config.specOptions())
	for _, f := range set.Findings {
		fmt.Fprintln(s.err, f)
	}
	if i.report && len(set.Objectives) > 0 {
		// A broken file keeps no other from its report.
		return errors.Join(i.compare(ctx, s, config, set.Objectives), err)
	}
	if err != nil {
		return err
	}
	if len(set.Objectives) == 0 {
		return errors.New("the files hold no objectives")
	}
	text, err := rewrite(set.Objectives, config.specOptions())
	if err != nil {
		return err
	}
	if i.out == "" {
		_, err = s.out.Write(text)
		return err
	}
	if err := os.WriteFile(i.out, text, 0o644); err != nil {
		return fmt.Errorf("write objectives: %w", err)
	}
	fmt.Fprintf(s.err, "%s: %s\n", i.out, plural(len(set.Objectives), "objective"))
	return nil
}

// rewrite writes objectives in our format, and reads them again: what cannot be said
// there is an error, not a change of meaning.
func rewrite(objectives []*slo.Objective, opts spec.Options) ([]byte, error) {
	text, err := native.Write(objectives)
	if err != nil {
		return nil, err
	}
	set, err := load.Text("rewritten", text, opts)
	if err != nil {
		return nil, fmt.Errorf("slowburn's format cannot say all of it: %w", err)
	}
	again := map[string]*slo.Objective{}
	for _, o := range set.Objectives {
		again[o.ID()] = o
	}
	for _, o := range objectives {
		if r := again[o.ID()]; r == nil || r.Meaning() != o.Meaning() {
			return nil, fmt.Errorf("%s: slowburn's format cannot say what %s counts", o.Source, o.ID())
		}
	}
	return text, nil
}
