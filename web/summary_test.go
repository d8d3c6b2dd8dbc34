package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web"
)

type summaries struct {
	Data struct{ Objectives []map[string]any }
}

// TestSummaryFieldsAreAContract also holds what becomes of segments: search has one,
// named by an attacker, and no roll-up yet.
func TestSummaryFieldsAreAContract(t *testing.T) {
	_, body := newFixture(t, nil).ask(t, http.MethodGet, "/api/slo/v1/summary", nil)
	want := []map[string]any{
		{
			"service": "checkout", "slo": "availability", "owner": "payments", "tier": "critical", "target_ratio": 0.9995, "window": "30d",
			"state": "burning", "alert": "page", "data_time_ms": float64(now.UnixMilli()), "remaining_ratio": 0.4,
			"burn_rate": 40.0, "burn_window": "5m", "nearness_ratio": 20 / 14.4, "coverage_ratio": 0.9,
		},
		{
			"service": "search", "slo": "latency", "owner": "discovery", "target_ratio": 0.99, "window": "7d", "by": []any{"region"},
			"state": "ok", "data_time_ms": float64(now.UnixMilli()), "remaining_ratio": 1.0,
			"burn_rate": 0.0, "nearness_ratio": 0.0, "coverage_ratio": 0.5, "segments": 1.0,
			"worst": map[string]any{"groups": map[string]any{"region": evil}, "state": "ok", "remaining_ratio": 1.0, "burn_rate": 0.0},
		},
	}
	if diff := cmp.Diff(want, decode[summaries](t, body).Data.Objectives); diff != "" {
		t.Errorf("-want +have\n%s", diff)
	}
}

// TestSummaryNamesTheWorstSegment: the roll-up's figures, but its segment burns.
func TestSummaryNamesTheWorstSegment(t *testing.T) {
	segment := func(tenant string, state slo.State, left float64) slo.Status {
		s := statuses()[0]
		s.Groups = labels.FromStrings("tenant", tenant)
		s.State, s.Windows = state, slices.Clone(s.Windows)
		s.Windows[0].Remaining = left
		return s
	}
	rollUp := segment("", slo.StateOK, 0.9)
	rollUp.Groups = labels.EmptyLabels()
	f := newFixture(t, func(o *web.Options) {
		o.Budgets = func() []slo.Status {
			return []slo.Status{rollUp, segment("a", slo.StateOK, 0.1), segment("b", slo.StateBurning, 0.3), segment("c", slo.StateBurning, 0.2)}
		}
	})
	for query, want := range map[string]int{"": 1, "?state=burning": 1, "?state=ok": 0, "?owner=discovery": 1, "?owner=payments": 0} {
		_, body := f.ask(t, http.MethodGet, "/api/slo/v1/summary"+query, nil)
		all := decode[summaries](t, body).Data.Objectives
		if len(all) != want {
			t.Errorf("%s: want %d objectives, have %s", query, want, body)
		}
		for _, s := range all {
			worst := s["worst"].(map[string]any)
			have := fmt.Sprintf("%v %v %v %v %v %v", s["state"], s["remaining_ratio"], s["segments"], s["burning_segments"], worst["groups"], worst["remaining_ratio"])
			if want := "burning 0.9 3 2 map[tenant:c] 0.2"; have != want {
				t.Errorf("want %s, have %s", want, have)
			}
		}
	}
	if status, _ := f.ask(t, http.MethodGet, "/api/slo/v1/summary?state=fine", nil); status != http.StatusBadRequest {
		t.Errorf("state=fine: have %d", status)
	}
}

// TestSummaryOfTenThousandObjectivesIsLean: it is asked every few seconds.
func TestSummaryOfTenThousandObjectivesIsLean(t *testing.T) {
	all := make([]slo.Status, 10_000)
	for i := range all {
		o := *checkout
		o.Name = fmt.Sprintf("objective-%05d", i)
		all[i] = statuses()[1]
		all[i].Objective, all[i].Labels = &o, o.BudgetLabels(labels.EmptyLabels())
	}
	f := newFixture(t, func(o *web.Options) { o.Budgets = func() []slo.Status { return all } })
	r := httptest.NewRequest(http.MethodGet, "/api/slo/v1/summary", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	if kib := w.Body.Len() >> 10; w.Header().Get("Content-Encoding") != "gzip" || kib > 256 {
		t.Errorf("want at most 256 KiB gzipped, have %d, %q", kib, w.Header().Get("Content-Encoding"))
	}
}

// TestStandingAnswersBeforeAllElse says why, then how many alerts fire.
func TestStandingAnswersBeforeAllElse(t *testing.T) {
	ready := errors.New("samples are being recovered")
	f := newFixture(t, func(o *web.Options) {
		o.Ready = func() error { return ready }
		o.Sources = func() []web.Source { return []web.Source{{Name: "a", Closed: 15_000}, {Name: "b", Closed: 30_000}} }
	})
	type standing struct{ Data map[string]any }
	_, body := f.ask(t, http.MethodGet, "/api/slo/v1/standing", nil)
	if have := decode[standing](t, body).Data; have["not_ready"] != "samples are being recovered" || have["pages"] != 0.0 {
		t.Errorf("have %s", body)
	}
	if status, body := f.ask(t, http.MethodGet, "/api/slo/v1/summary", nil); status != http.StatusServiceUnavailable || !strings.Contains(body, "recovered") {
		t.Errorf("summary: have %d %s", status, body)
	}
	ready = nil
	_, body = f.ask(t, http.MethodGet, "/api/slo/v1/standing", nil)
	have := decode[standing](t, body).Data
	want := map[string]any{"version": "0.1.0", "now_ms": float64(now.UnixMilli()), "data_time_ms": 30_000.0,
		"pages": 1.0, "tickets": 0.0, "config_errors": 0.0, "demo": false}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-want +have\n%s", diff)
	}
}
