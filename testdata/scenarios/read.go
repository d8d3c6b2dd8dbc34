package scenarios

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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

// Start is when every story begins.
const Start = scenario.Start

// Scenario is one story and the SLO file it is about. Samples are in order of arrival,
// expectations by time, each with its line as Ref.
type Scenario struct {
	scenario.Story
	Name, SLO string
	End       int64 // of what happens and is looked at, ms after Start
}

// Each runs every story as a subtest.
func Each(t *testing.T, run func(*testing.T, *Scenario)) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(here), "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want scenarios beside %s, have %v, %v", here, files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			s, err := read(file)
			if err != nil {
				t.Fatal(err)
			}
			s.Name = name
			run(t, s)
		})
	}
}

func read(file string) (*Scenario, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &Scenario{Story: scenario.Story{Start: Start}}
	for _, f := range txtar.Parse(text).Files {
		switch f.Name {
		case "slo.yml":
			s.SLO = string(f.Data)
			set, err := load.Text("slo.yml", f.Data, spec.Options{Tiers: slo.DefaultTiers()})
			if err != nil {
				return nil, err
			}
			s.Objectives = set.Objectives
		case "series":
			if err := s.readSeries(string(f.Data)); err != nil {
				return nil, err
			}
		case "expect":
			if err := s.readExpects(string(f.Data)); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%s: unknown section %q", file, f.Name)
		}
	}
	slices.SortStableFunc(s.Samples, func(a, b scenario.Sample) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(s.Expects, func(a, b scenario.Expect) int { return cmp.Compare(a.At, b.At) })
	return s, nil
}

// readSeries reads "load 15s [from 2m] [delay 40s] [held 1h]" lines, each followed by
// series.
func (s *Scenario) readSeries(text string) error {
	at := scenario.Scrapes{Interval: 15_000, Delay: scenario.Delay}
	for _, line := range lines(text) {
		if words := strings.Fields(line); words[0] == "load" {
			var err error
			if at, err = parseLoad(words); err != nil {
				return err
			}
			s.Tick = min(cmp.Or(s.Tick, at.Interval), at.Interval)
			continue
		}
		if err := s.Load(line, at); err != nil {
			return err
		}
	}
	for _, x := range s.Samples {
		s.End = max(s.End, x.At-Start)
	}
	return nil
}

func parseLoad(words []string) (scenario.Scrapes, error) {
	at := scenario.Scrapes{Delay: scenario.Delay}
	if len(words)%2 != 0 {
		return at, fmt.Errorf("%q: want load INTERVAL [from OFFSET] [delay LATENESS] [held UNTIL]", strings.Join(words, " "))
	}
	keys := map[string]*int64{"load": &at.Interval, "from": &at.From, "delay": &at.Delay, "held": &at.Held}
	for i := 0; i < len(words); i += 2 {
		d, err := slo.ParseDuration(words[i+1])
		if err != nil {
			return at, err
		}
		if keys[words[i]] == nil {
			return at, fmt.Errorf("unknown word %q", words[i])
		}
		*keys[words[i]] = d.Milliseconds()
	}
	return at, nil
}

// readExpects reads "TIME KEY [ARGUMENT…] [{groups}] = VALUE" lines.
func (s *Scenario) readExpects(text string) error {
	for _, line := range lines(text) {
		left, want, _ := strings.Cut(line, " = ")
		left, groups, _ := strings.Cut(left, "{")
		words := strings.Fields(left)
		if len(words) < 2 || want == "" {
			return fmt.Errorf("expect %q: want TIME KEY [ARGUMENT…] [{groups}] = VALUE", line)
		}
		at, err := slo.ParseDuration(words[0])
		if err != nil {
			return err
		}
		x := scenario.Expect{At: at.Milliseconds(), Ref: line}
		if groups != "" {
			lset, err := parser.NewParser(parser.Options{}).ParseMetric("{" + groups)
			if err != nil {
				return fmt.Errorf("expect %q: %w", line, err)
			}
			x.Objective = s.named(lset.Get(slo.LabelSLO))
			x.Groups = labels.NewBuilder(lset).Del(slo.LabelSLO).Labels()
		}
		switch key := strings.Join(words[1:], " "); {
		case key != "firing":
			x.Figures = map[string]string{key: strings.TrimSpace(want)}
		case strings.TrimSpace(want) == "none":
			x.Firing = []string{}
		default:
			x.Firing = strings.Fields(want)
		}
		s.Expects = append(s.Expects, x)
		s.End = max(s.End, x.At)
	}
	return nil
}

// named is the ID of the story's objective of that name.
func (s *Scenario) named(name string) string {
	for _, o := range s.Objectives {
		if o.Name == name {
			return o.ID()
		}
	}
	return name
}

func lines(text string) []string {
	var out []string
	for l := range strings.SplitSeq(text, "\n") {
		if l, _, _ = strings.Cut(l, "#"); strings.TrimSpace(l) != "" {
			out = append(out, strings.TrimSpace(l))
		}
	}
	return out
}
