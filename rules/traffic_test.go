package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
)

// TestFault11_NoTraffic spends a night without a request, at the end of which some come
// and all of those fail. None is neither good nor bad: nothing burns, nothing of the
// budget is lost, no figure is no number. What the few do is for the guard to say: without
// one a single request pages, since it is all there is.
func TestFault11_NoTraffic(t *testing.T) {
	for _, c := range []struct {
		name  string
		guard float64 // min_bad_events of pages and tickets
		fail  float64
		want  []string
	}{
		{"nobody comes", 0, 0, nil},
		{"one comes, unguarded", 0, 1, []string{slo.SeverityPage}},
		{"one comes, guarded", 3, 1, nil},
		{"two come, guarded", 3, 2, nil},
		{"three come, guarded", 3, 3, []string{slo.SeverityPage}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := availability(0.999)
			for i := range o.Rules {
				o.Rules[i].MinBadEvents = c.guard
			}
			r, s := newRig(t, t0, o), &shop{}
			evening, morning := t0+120*minute, t0+600*minute
			r.drive(t0, evening, 15*second, func(ts int64) []arrival { return s.scrape(ts, 150, 0) })
			night := r.status()
			r.drive(evening, morning, 15*second, func(ts int64) []arrival { return s.scrape(ts, 0, 0) })
			quiet := r.status()
			if quiet.State != slo.StateNoTraffic {
				t.Errorf("want %s at night, have %s: %s", slo.StateNoTraffic, quiet.State, quiet.Reason)
			}
			if len(r.engine.Alerts()) != 1 {
				t.Errorf("want the watchdog alone, have %v", r.engine.Alerts())
			}
			if d := cmp.Diff(night.Windows[0].Remaining, quiet.Windows[0].Remaining); d != "" {
				t.Errorf("the budget changed at night: %s", d)
			}
			r.drive(morning, morning+5*minute, 15*second, func(ts int64) []arrival {
				fail := 0.0
				if ts == morning {
					fail = c.fail
				}
				return s.scrape(ts, 0, fail)
			})
			var have []string
			for _, severity := range []string{slo.SeverityPage, slo.SeverityTicket} {
				if len(r.firing(severity)) > 0 {
					have = append(have, severity)
				}
			}
			if d := cmp.Diff(c.want, have); d != "" {
				t.Errorf("what fires (-want +have):\n%s", d)
			}
			for when, status := range map[string]slo.Status{"at night": quiet, "in the morning": r.status()} {
				if text := fmt.Sprintf("%+v", status); strings.Contains(text, "NaN") {
					t.Errorf("%s a figure is no number: %s", when, text)
				}
			}
		})
	}
}
