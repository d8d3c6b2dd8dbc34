package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// checkCommand is `slowburn check`.
func checkCommand(app *kingpin.Application) command {
	c := app.Command("check", "Check SLO files and configurations: exit 0, or 1 with every error at its place.")
	files := c.Arg("file", "SLO file, configuration (its SLO files are checked too), or pattern of such.").Required().Strings()
	config := c.Flag("config.file", "Configuration whose tiers the SLO files name.").PlaceHolder("FILE").String()
	strict := c.Flag("strict", "Take warnings for errors.").Bool()
	format := c.Flag("format", "How to print what is found: text, json or github.").Default("text").Enum("text", "json", "github")
	url := c.Flag("prometheus.url", "Prometheus to look at too, or a slowburn for the samples it has: whether series are there, thresholds are bucket edges, and traffic is enough for the target.").PlaceHolder("URL").String()
	retention := model.Duration(0)
	c.Flag("storage.ledger.retention", "How long serve keeps budgets.").Default("400d").SetValue(&retention)
	sendTest := c.Flag("send-test", "Post a test alert to every Alertmanager of the configuration and show what became of it.").Bool()
	return command{clause: c, run: func(ctx context.Context, s streams) error {
		if *sendTest {
			return sendTestAlert(ctx, s, *files, *config)
		}
		r, err := check(*files, *config)
		if err != nil {
			return err
		}
		r.retained(time.Duration(retention))
		if *url != "" {
			if err := r.look(ctx, *url); err != nil {
				return err
			}
		}
		r.sort()
		if err := r.print(s, *format); err != nil {
			return err
		}
		if r.failed(*strict) {
			return exitCode(exitFailed)
		}
		return nil
	}}
}

// check reads the files. A configuration among them, or the one named by the flag,
// gives the SLO files their tiers.
func check(files []string, configFile string) (*checked, error) {
	r := &checked{}
	var opts spec.Options
	var slos, configs []string
	if configFile != "" {
		c, err := LoadConfig(configFile)
		if err != nil {
			return nil, err
		}
		opts = c.specOptions()
	}
	for _, f := range expand(files) {
		if isConfig(f) {
			configs = append(configs, f)
		} else {
			slos = append(slos, f)
		}
	}
	for _, f := range configs {
		c, err := LoadConfig(f)
		if err != nil {
			r.add(spec.Set{}, err)
			continue
		}
		if opts.Tiers == nil {
			opts = c.specOptions()
		}
		set, err := c.LoadSLOs()
		r.add(set, err)
		// Named by the configuration and on the command line is still one file.
		slos = slices.DeleteFunc(slos, func(f string) bool { return slices.Contains(set.Files, f) })
	}
	if len(slos) > 0 {
		set, err := load.Files(slos, opts)
		r.add(set, err)
	}
	return r, nil
}

// expand replaces patterns by the files they match. Those that match none are kept:
// Load says so.
func expand(patterns []string) []string {
	var out []string
	for _, p := range patterns {
		matches, err := filepath.Glob(p)
		if err != nil || len(matches) == 0 {
			matches = []string{p}
		}
		out = append(out, matches...)
	}
	return out
}

// isConfig tells a configuration by its keys. What cannot be read or parsed is no
// configuration: Load says better what is wrong with it.
func isConfig(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > document.MaxText {
		return false
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return false
	}
	docs, problem := document.Parse(text)
	if problem != nil || len(docs) == 0 {
		return false
	}
	m := docs[0].Root().Mapping()
	return !m.Has("version") && !m.Has("apiVersion") && slices.ContainsFunc(configKeys, m.Has)
}

// loadObjectives reads the configuration's SLO files, or those named.
func loadObjectives(configFile string, files []string) ([]*slo.Objective, error) {
	if len(files) > 0 {
		set, err := load.Files(files, spec.Options{})
		return set.Objectives, err
	}
	c, err := LoadConfig(configFile)
	if err != nil {
		return nil, err
	}
	set, err := c.LoadSLOs()
	if err != nil {
		return nil, fmt.Errorf("%w\nthe SLO files of %s have errors", err, configFile)
	}
	return set.Objectives, nil
}
