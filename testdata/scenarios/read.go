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

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"golang.org/x/tools/txtar"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// Start is when every story begins: 2025-01-15 00:00 UTC, ms. It lies in the past of
// any clock the tests may run under, since receivers refuse the future.
const Start = int64(1_736_899_200_000)

// Scenario is one story.
type Scenario struct {
	Name       string
	SLO        string // the SLO file
	Objectives []*slo.Objective
	Samples    []Sample // in order of arrival
	Expects    []Expect // by time
	Step       int64    // the shortest scrape interval, ms
	End        int64    // ms after Start
}

// Sample is one scraped value and when it arrives.
type Sample struct {
	Labels labels.Labels
	T      int64 // ms
	V      float64
	H      *histogram.FloatHistogram // nil for a float
	At     int64                     // ms
}

// Expect is one line under -- expect --.
type Expect struct {
	At   int64  // ms after Start
	Text string // the line
	Key  string
	Args []string
	// SLO is the objective's name; empty where there is but one.
	SLO string
	// Groups are the budget's group labels, {} for the roll-up.
	Groups string
	Want   string
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
	s := &Scenario{}
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
	slices.SortStableFunc(s.Samples, func(a, b Sample) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(s.Expects, func(a, b Expect) int { return cmp.Compare(a.At, b.At) })
	return s, nil
}

// loadLine is a "load 15s [from 2m] [delay 40s] [held 1h]" line.
type loadLine struct{ interval, from, delay, held int64 } // ms

func parseLoad(words []string) (loadLine, error) {
	l := loadLine{interval: 15_000, delay: 500}
	if len(words)%2 != 0 {
		return l, fmt.Errorf("%q: want load INTERVAL [from OFFSET] [delay LATENESS] [held UNTIL]", strings.Join(words, " "))
	}
	for i := 0; i < len(words); i += 2 {
		d, err := slo.ParseDuration(words[i+1])
		if err != nil {
			return l, err
		}
		switch words[i] {
		case "load":
			l.interval = d.Milliseconds()
		case "from":
			l.from = d.Milliseconds()
		case "delay":
			l.delay = d.Milliseconds()
		case "held":
			l.held = d.Milliseconds()
		default:
			return l, fmt.Errorf("unknown word %q", words[i])
		}
	}
	return l, nil
}

func (s *Scenario) readSeries(text string) error {
	p := parser.NewParser(parser.Options{})
	l := loadLine{interval: 15_000, delay: 500}
	for _, line := range lines(text) {
		if words := strings.Fields(line); words[0] == "load" {
			var err error
			if l, err = parseLoad(words); err != nil {
				return err
			}
			if s.Step == 0 || l.interval < s.Step {
				s.Step = l.interval
			}
			continue
		}
		lset, values, err := p.ParseSeriesDesc(line)
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		for i, v := range values {
			if v.Omitted {
				continue
			}
			t := Start + l.from + int64(i)*l.interval
			s.Samples = append(s.Samples, Sample{Labels: lset, T: t, V: v.Value, H: v.Histogram, At: max(t+l.delay, Start+l.held)})
			s.End = max(s.End, t-Start)
			if l.held > 0 {
				s.End = max(s.End, l.held)
			}
		}
	}
	return nil
}

func (s *Scenario) readExpects(text string) error {
	for _, line := range lines(text) {
		i := strings.LastIndex(line, " = ")
		words := strings.Fields(line[:max(i, 0)])
		if len(words) < 2 {
			return fmt.Errorf("expect %q: want TIME KEY [ARGUMENT…] [{groups}] = VALUE", line)
		}
		at, err := slo.ParseDuration(words[0])
		if err != nil {
			return err
		}
		x := Expect{At: at.Milliseconds(), Text: line, Key: words[1], Args: words[2:], Groups: "{}", Want: strings.TrimSpace(line[i+3:])}
		if n := len(x.Args); n > 0 && strings.HasPrefix(x.Args[n-1], "{") {
			x.Groups, x.Args = x.Args[n-1], x.Args[:n-1]
		}
		if name, ok := strings.CutPrefix(x.Groups, `{slo="`); ok {
			x.SLO, x.Groups = strings.TrimSuffix(name, `"}`), "{}"
		}
		s.Expects = append(s.Expects, x)
		s.End = max(s.End, x.At)
	}
	return nil
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
