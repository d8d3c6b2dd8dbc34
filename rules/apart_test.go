package rules_test

import (
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo"
)

// TestCounting5_PartsArriveApart: bad is total less good, and good comes late. A slot
// that has closed without it shows as bad what was good; that is stored as a carry, so
// that at any time the stored bad and the carry together are the true sum of what was
// counted, to the event. The carry is at most what came late, and is gone as soon as as
// much has been bad.
func TestCounting5_PartsArriveApart(t *testing.T) {
	checkFew(t, 4, func(rt *rapid.T) {
		def := availability(0.99)
		total := def.SLI.Terms[1].Matchers
		good := append(slices.Clone(total), matcher("code", "200"))
		def.SLI.Terms = []slo.Term{{Matchers: total, Bad: 1, Total: 1}, {Matchers: good, Bad: -1}}
		total = append(total, matcher("code", "all"))
		def.SLI.Terms[0].Matchers = total
		r := newRig(t, t0, def)
		defer r.close()
		var late []arrival
		var all, fine, firstFine, apart float64
		crash := rapid.IntRange(1, 60).Draw(rt, "crash")
		scrape := func(i int64, bad float64, delay int64) {
			ts := t0 + i*15_000
			all += 100
			fine += 100 - bad
			if i == 0 {
				firstFine = fine
			}
			r.now = ts + 500
			batch := []arrival{{lset: requests("all", "i1"), t: ts, v: all}}
			ok := arrival{lset: requests("200", "i1"), t: ts, v: fine, at: ts + delay}
			if late = append(late, ok); delay > 10_000 {
				apart += 100 - bad
			}
			late = slices.DeleteFunc(late, func(a arrival) bool {
				due := a.at <= ts
				if due {
					batch = append(batch, a)
				}
				return due
			})
			r.send(batch...)
			r.tick()
		}
		for i := range int64(60) {
			if int(i) == crash {
				r.crash()
			}
			delay := int64(0)
			if i > 0 && rapid.IntRange(0, 4).Draw(rt, "apart") == 0 {
				delay = rapid.Int64Range(1, 600).Draw(rt, "delay") * second
			}
			scrape(i, float64(rapid.IntRange(0, 1).Draw(rt, "bad")), delay)
		}
		for i := int64(60); i < 110; i++ { // all that was late arrives
			scrape(i, 0, 0)
		}
		r.flush()
		trulyBad := (all - 100) - (fine - firstFine)
		stored, carry := r.stored("slo_bad_events_total"), r.newest("slowburn_carry_bad")
		if stored+carry != trulyBad {
			rt.Fatalf("want %g bad, have %g stored and a carry of %g", trulyBad, stored, carry)
		}
		if carry > 0 || -carry > apart {
			rt.Fatalf("want a carry of at most the %g events whose part came late, have %g", apart, carry)
		}
		for i := int64(200); carry < 0; i++ { // an outage uses it up
			scrape(i, 100, 0)
			trulyBad += 100
			carry += 100
		}
		r.flush()
		if have := r.stored("slo_bad_events_total"); have != trulyBad || r.newest("slowburn_carry_bad") != 0 {
			rt.Fatalf("want all of %g bad stored, have %g", trulyBad, have)
		}
		if want, have := all-100, r.stored("slo_events_total"); want != have {
			rt.Fatalf("want %g events, have %g", want, have)
		}
	})
}

// newest is the newest value of a ledger series, 0 if there is none.
func (r *rig) newest(name string) float64 {
	rows := r.rowsOf(matcher(labels.MetricName, name))
	if len(rows) == 0 {
		return 0
	}
	return rows[len(rows)-1].V
}
