package rules_test

import (
	"testing"
	"time"

	"github.com/slowburn/slowburn/slo"
)

const t0 = int64(1_800_000_000_000) / 15000 * 15000

// TestTotalOutage breaks a service of 10 requests a second for good: the 1 h/5 m
// pair fires once 1.44 % of an hour's requests failed (SRE Workbook ch. 5: 52 s at
// 99.9 %), and the page says so once.
func TestTotalOutage(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	ok, bad := 0.0, 0.0
	fired := int64(0)
	onset := t0 + (7 * time.Hour).Milliseconds()
	for ts := t0; ts < onset+(5*time.Minute).Milliseconds(); ts += 5000 {
		r.now = ts + 1000
		if ts > onset {
			bad += 50
		} else {
			ok += 50
		}
		r.send(arrival{lset: requests("200", "i1"), t: ts, v: ok}, arrival{lset: requests("500", "i1"), t: ts, v: bad})
		r.tick()
		if pages := r.firing(slo.SeverityPage); len(pages) > 0 && fired == 0 {
			fired = ts
			t.Logf("page after %d s: %v", (ts-onset)/1000, pages[0].Annotations)
		}
	}
	if fired == 0 || fired-onset > 60_000 || fired-onset < 52_000 {
		t.Fatalf("want a page 52 to 60 s after the onset, have %d s", (fired-onset)/1000)
	}
	if tickets := r.firing(slo.SeverityTicket); len(tickets) == 0 {
		t.Log("no ticket yet")
	}
	if have := r.stored("ALERTS", matcher("severity", "page"), matcher("alertstate", "firing")); have != 1 {
		t.Errorf("want ALERTS of the firing page in the ledger, have %g", have)
	}
	r.flush()
	if want, have := bad, r.stored("slo_bad_events_total"); want != have {
		t.Errorf("want %g bad, have %g", want, have)
	}
	if want, have := ok+bad-50, r.stored("slo_events_total"); want != have {
		t.Errorf("want %g total (the first sample counts 0), have %g", want, have)
	}
}
