package rules_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"golang.org/x/tools/txtar"

	"github.com/slowburn/slowburn/rules/scenario"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

const scenarioStart = scenario.Start

// TestScenarios runs testdata/scenarios/*.txtar: an SLO file, series in PromQL's
// test notation, and what budgets and alerts must be at which time after the start.
// Adding a case needs no Go; testdata/scenarios/README.md explains the format.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../testdata/scenarios/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("want scenarios, have %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s, err := readScenario(file)
			if err != nil {
				t.Fatal(err)
			}
			failures, err := s.Run(context.Background(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range failures {
				t.Errorf("%s: %s", f.Ref, f.Problem)
			}
		})
	}
}

func readScenario(file string) (*scenario.Story, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &scenario.Story{Start: scenario.Start}
	for _, f := range txtar.Parse(text).Files {
		switch f.Name {
		case "slo.yml":
			set, err := load.Text("slo.yml", f.Data, spec.Options{})
			if err != nil {
				return nil, err
			}
			s.Objectives = set.Objectives
		case "series":
			if err := readSeries(s, string(f.Data)); err != nil {
				return nil, err
			}
		case "expect":
			if err := readExpects(s, string(f.Data)); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("unknown section %q", f.Name)
		}
	}
	return s, nil
}

// readSeries reads "load 15s [from 2m] [delay 40s]" lines, each followed by series.
func readSeries(s *scenario.Story, text string) error {
	interval, from, delay := int64(15000), int64(0), int64(scenario.Delay)
	for _, line := range lines(text) {
		words := strings.Fields(line)
		if words[0] != "load" {
			if err := s.Load(line, from, interval, delay); err != nil {
				return err
			}
			continue
		}
		from, delay = 0, scenario.Delay
		for i := 0; i < len(words); i += 2 {
			d, err := slo.ParseDuration(words[i+1])
			if err != nil {
				return err
			}
			switch words[i] {
			case "load":
				interval = d.Milliseconds()
			case "from":
				from = d.Milliseconds()
			case "delay":
				delay = d.Milliseconds()
			}
		}
	}
	return nil
}

// readExpects reads "TIME KEY [ARGUMENT] [{groups}] = VALUE" lines.
func readExpects(s *scenario.Story, text string) error {
	for _, line := range lines(text) {
		i := strings.LastIndex(line, " = ")
		words := strings.Fields(line[:max(i, 0)])
		if len(words) < 2 {
			return fmt.Errorf("expect %q: want TIME KEY [ARGUMENT] [{groups}] = VALUE", line)
		}
		at, err := slo.ParseDuration(words[0])
		if err != nil {
			return err
		}
		x := scenario.Expect{At: at.Milliseconds(), Ref: line}
		want := strings.TrimSpace(line[i+3:])
		if words[1] == "firing" {
			x.Firing = []string{}
			if want != "none" {
				x.Firing = strings.Fields(want)
			}
			s.Expects = append(s.Expects, x)
			continue
		}
		if last := words[len(words)-1]; strings.HasPrefix(last, "{") {
			words = words[:len(words)-1]
			ms, err := parser.NewParser(parser.Options{}).ParseMetric(last)
			if err != nil {
				return err
			}
			x.Groups = ms
		} else {
			x.Groups = labels.EmptyLabels()
		}
		x.Figures = map[string]string{strings.Join(words[1:], " "): want}
		s.Expects = append(s.Expects, x)
	}
	return nil
}

func lines(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l, _, _ = strings.Cut(l, "#"); strings.TrimSpace(l) != "" {
			out = append(out, strings.TrimSpace(l))
		}
	}
	return out
}
