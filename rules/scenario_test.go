package rules_test

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"golang.org/x/tools/txtar"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

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
			s.run(t)
		})
	}
}

type scenario struct {
	objectives []*slo.Objective
	samples    []arrival
	expects    []expect
	step       int64 // ms
	end        int64 // ms after t0
}

// expect is one line under -- expect --.
type expect struct {
	at   int64 // ms after the start
	text string
	what []string // key, and arguments
	want string
}

const scenarioStart = int64(1_799_971_200_000) // 2027-01-15 00:00 UTC

func readScenario(file string) (*scenario, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &scenario{}
	for _, f := range txtar.Parse(text).Files {
		switch f.Name {
		case "slo.yml":
			set, err := load.Text("slo.yml", f.Data, spec.Options{Tiers: slo.DefaultTiers()})
			if err != nil {
				return nil, err
			}
			s.objectives = set.Objectives
		case "series":
			if err := s.readSeries(string(f.Data)); err != nil {
				return nil, err
			}
		case "expect":
			if err := s.readExpects(string(f.Data)); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("unknown section %q", f.Name)
		}
	}
	slices.SortStableFunc(s.samples, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	slices.SortStableFunc(s.expects, func(a, b expect) int { return cmp.Compare(a.at, b.at) })
	return s, nil
}

// readSeries reads "load 15s [from 2m] [delay 40s]" lines, each followed by series.
func (s *scenario) readSeries(text string) error {
	p := parser.NewParser(parser.Options{})
	interval, from, delay := int64(15000), int64(0), int64(500)
	for _, line := range lines(text) {
		words := strings.Fields(line)
		if words[0] == "load" {
			from, delay = 0, 500
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
			if s.step == 0 || interval < s.step {
				s.step = interval
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
			t := scenarioStart + from + int64(i)*interval
			s.samples = append(s.samples, arrival{lset: lset, t: t, v: v.Value, h: v.Histogram, at: t + delay})
			s.end = max(s.end, t-scenarioStart)
		}
	}
	return nil
}

func (s *scenario) readExpects(text string) error {
	for _, line := range lines(text) {
		i := strings.LastIndex(line, " = ")
		words := strings.Fields(line[:max(i, 0)])
		if len(words) < 2 {
			return fmt.Errorf("expect %q: want TIME KEY [ARGUMENT…] = VALUE", line)
		}
		at, err := slo.ParseDuration(words[0])
		if err != nil {
			return err
		}
		s.expects = append(s.expects, expect{at.Milliseconds(), line, words[1:], strings.TrimSpace(line[i+3:])})
		s.end = max(s.end, at.Milliseconds())
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

// run feeds the samples in order of arrival, second by second where something
// happens, and checks each line when its time has come: alerts by the wall clock,
// counts when the slot that ends at that time was evaluated.
func (s *scenario) run(t *testing.T) {
	r := newRig(t, scenarioStart, s.objectives...)
	i := 0
	for now := scenarioStart; now <= scenarioStart+s.end+60_000; now += min(s.step, 5000) {
		r.now = now
		var batch []arrival
		for ; i < len(s.samples) && s.samples[i].at <= now; i++ {
			batch = append(batch, s.samples[i])
		}
		if len(batch) > 0 {
			r.send(batch...)
		}
		r.tick()
		s.expects = slices.DeleteFunc(s.expects, func(x expect) bool { return x.check(t, r, now) })
	}
	for _, x := range s.expects {
		t.Errorf("never evaluated at that time: %s", x.text)
	}
}

// check says whether the line's time has come; then it has been checked.
func (x expect) check(t *testing.T, r *rig, now int64) bool {
	t.Helper()
	if x.what[0] == "firing" {
		if now < scenarioStart+x.at {
			return false
		}
		have := []string{}
		for _, a := range r.engine.Alerts() {
			if a.State == slo.AlertFiring && a.Labels.Get("alertname") != slo.AlertWatchdog {
				name := a.Labels.Get("severity")
				if a.Labels.Get("alertname") != slo.AlertBurn && a.Labels.Get("sloth_severity") == "" {
					name = a.Labels.Get("alertname")
				}
				have = append(have, cmp.Or(a.Labels.Get("sloth_severity"), name))
			}
		}
		slices.Sort(have)
		if got := cmp.Or(strings.Join(slices.Compact(have), " "), "none"); got != x.want {
			t.Errorf("%s: have %s", x.text, got)
		}
		return true
	}
	groups := "{}"
	args := x.what[1:]
	if n := len(args); n > 0 && strings.HasPrefix(args[n-1], "{") {
		groups, args = args[n-1], args[:n-1]
	}
	for _, st := range r.engine.Status() {
		if st.TS != scenarioStart+x.at || strings.ReplaceAll(st.Groups.String(), " ", "") != groups {
			continue
		}
		have := figure(st, x.what[0], args)
		if !same(have, x.want) {
			t.Errorf("%s: have %s", x.text, have)
		}
		return true
	}
	return false
}

// figure reads one figure off a status: the first budget window's, or a pair's.
func figure(st slo.Status, key string, args []string) string {
	num := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	w := st.Windows[0]
	switch key {
	case "target":
		return num(st.Objective.Target)
	case "tier":
		return st.Objective.Tier
	case "state":
		return string(st.State)
	case "bad":
		return num(w.Counts.Bad)
	case "total":
		return num(w.Counts.Total)
	case "coverage":
		return num(w.Coverage)
	case "remaining":
		return num(w.Remaining)
	case "exhaustion":
		return num(w.TimeToExhaustion)
	case "burn":
		for _, p := range st.Pairs {
			if slo.FormatDuration(p.Pair.Long) == args[0] {
				return num(p.LongBurn)
			}
			if slo.FormatDuration(p.Pair.Short) == args[0] {
				return num(p.ShortBurn)
			}
		}
	}
	return "unknown: " + key
}

// same compares texts, or numbers to nine digits.
func same(have, want string) bool {
	if have == want {
		return true
	}
	h, err1 := strconv.ParseFloat(have, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && math.Abs(h-w) <= 1e-9*max(1, math.Abs(w))
}
