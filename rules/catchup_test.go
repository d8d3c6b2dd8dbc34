package rules_test

import (
	"testing"

	"github.com/slowburn/slowburn/slo"
)

// backlog holds back what is scraped and delivers it later, as a Prometheus does that
// was cut off.
type backlog struct {
	r     *rig
	queue []arrival
	shop  shop
}

// scrape adds one scrape to the queue.
func (b *backlog) scrape(ts int64, burning bool) {
	bad := 0.0
	if burning {
		bad = 150
	}
	b.queue = append(b.queue, b.shop.scrape(ts, 150-bad, bad)...)
}

// deliver sends at most n scrapes from the queue.
func (b *backlog) deliver(n int) {
	n = min(2*n, len(b.queue))
	if n > 0 {
		b.r.send(b.queue[:n]...)
		b.queue = b.queue[n:]
	}
}

func pages(all []transition) (out []transition) {
	for _, x := range all {
		if x.Labels == slo.AlertBurn+" page" {
			out = append(out, x)
		}
	}
	return out
}

// TestFault06_BurnInTheBacklog cuts the source off for an hour and then resends it,
// fast or slowly. A burn that began and ended in between is never published; one that
// still goes on is, once the source is nearly up to date; one that was published
// before and ended in between is resolved.
func TestFault06_BurnInTheBacklog(t *testing.T) {
	const cut, back = 120 * minute, 180 * minute
	for name, c := range map[string]struct {
		burn, end int64
		speed     int // scrapes while catching up, every so many seconds
		every     int64
		check     func(t *testing.T, have []transition, published int64)
	}{
		"long over": {125 * minute, 145 * minute, 50, 1, func(t *testing.T, have []transition, _ int64) {
			if len(have) != 0 {
				t.Errorf("want nothing published, have %v", have)
			}
		}},
		"long over, slow": {125 * minute, 145 * minute, 1, 1, func(t *testing.T, have []transition, _ int64) {
			if len(have) != 0 {
				t.Errorf("want nothing published, have %v", have)
			}
		}},
		"still going on": {170 * minute, 400 * minute, 50, 1, func(t *testing.T, have []transition, _ int64) {
			if len(have) != 1 || have[0].ResolvedAt != 0 {
				t.Fatalf("want one page, have %v", have)
			}
			within(t, "startsAt", have[0].FiredAt, 170*minute, 175*minute)
		}},
		// Worked off at 1.7 times the speed of time, that takes an hour and a half.
		"long over, steadily": {125 * minute, 145 * minute, 1, 9, func(t *testing.T, have []transition, _ int64) {
			if len(have) != 0 {
				t.Errorf("want nothing published, have %v", have)
			}
		}},
		"still going on, steadily": {170 * minute, 400 * minute, 1, 9, func(t *testing.T, have []transition, published int64) {
			if len(have) != 1 || have[0].ResolvedAt != 0 {
				t.Fatalf("want one page, have %v", have)
			}
			// Held back until it is nearly up to date, which is within twice the lag.
			within(t, "published", published-back, 80*minute, 125*minute)
		}},
		// At 1.15 times the speed of time that would take seven hours: it is always late.
		"still going on, crawling": {170 * minute, 400 * minute, 1, 13, func(t *testing.T, have []transition, published int64) {
			if len(have) != 1 || have[0].ResolvedAt != 0 {
				t.Fatalf("want one page, have %v", have)
			}
			within(t, "published", published-back, 40*minute, 55*minute)
		}},
		"published before, over": {100 * minute, 130 * minute, 50, 1, func(t *testing.T, have []transition, _ int64) {
			if len(have) != 2 || have[1].ResolvedAt == 0 {
				t.Fatalf("want one page and its end, have %v", have)
			}
			within(t, "resolved", have[1].ResolvedAt, 130*minute, 145*minute)
		}},
		"published before, still going on": {100 * minute, 400 * minute, 50, 1, func(t *testing.T, have []transition, _ int64) {
			// It turned into SLODataMissing in between.
			if len(have) != 3 || have[1].ResolvedAt == 0 || have[2].FiredAt != cut || have[2].ResolvedAt != 0 {
				t.Fatalf("want a page, its end, and a page from the first sample on that came back, have %v", have)
			}
		}},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				r := newRig(t, t0, availability(0.999))
				// Alertmanager never hears of SLODataMissing, so the page is held.
				r.heard = nil
				b := &backlog{r: r}
				published := int64(0)
				end := t0 + back + 20*minute
				if c.every > 1 {
					end += 85 * minute
				}
				for ts := t0; ts < end; ts += second {
					r.now = ts + 500
					if (ts-t0)%(15*second) == 0 {
						b.scrape(ts, ts >= t0+c.burn && ts < t0+c.end)
					}
					if ts < t0+cut || ts >= t0+back && ts%(c.every*second) == 0 {
						b.deliver(c.speed)
					}
					if restart && ts == t0+back+3*second {
						r.crash()
					}
					if (ts-t0)%(5*second) == 0 || ts > t0+back && c.every == 1 {
						r.tick()
					}
					if published == 0 && ts > t0+back && len(r.firing(slo.SeverityPage)) > 0 {
						published = ts - t0
					}
				}
				c.check(t, pages(r.transitions()), published)
				near(t, "late", 0, r.stored("slo_late_events_total"))
				near(t, "observed", r.stored("slo_scrapes_expected_total"), r.stored("slo_scrapes_observed_total"))
			})
		}
	}
}

// TestFault06_AlwaysLate: a sender that is always 3 min, or 20 min, late is no backlog.
// Its page is published 5 min of wall time after that is clear, and not held against it.
func TestFault06_AlwaysLate(t *testing.T) {
	for _, late := range []int64{3 * minute, 20 * minute} {
		r := newRig(t, t0, availability(0.999))
		b := &backlog{r: r}
		const burn = 60 * minute
		published := int64(0)
		for ts := t0; ts < t0+150*minute; ts += 15 * second {
			b.scrape(ts, ts >= t0+burn && ts < t0+burn+45*minute)
			r.now = ts + late + 500
			b.deliver(1)
			r.tick()
			if published == 0 && len(r.firing(slo.SeverityPage)) > 0 {
				published = r.now - t0
			}
		}
		// The burn is found after its slot has closed with the grace of catch-up.
		within(t, "published after the onset", published-burn-late, 50*second, 8*minute)
		have := pages(r.transitions())
		if len(have) != 2 || have[0].FiredAt != have[1].FiredAt {
			t.Errorf("%d min late: want one page and its end, have %v", late/minute, have)
		} else {
			// The pair 6h/30m holds for another half an hour.
			within(t, "resolved after the end", have[1].ResolvedAt-burn-45*minute, 25*minute, 31*minute)
		}
		for _, x := range r.transitions() {
			if x.Labels != slo.AlertBurn+" page" && x.Labels != slo.AlertBurn+" ticket" && x.Labels != slo.AlertSourceLag+" ticket a" {
				t.Errorf("%d min late: want the burn and the lag told of, have %v", late/minute, x)
			}
		}
	}
}
