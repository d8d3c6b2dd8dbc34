package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web"
)

type budgetPage struct {
	Status string
	Data   struct {
		Budgets []map[string]any
		Next    string
	}
}

func TestBudgetFieldsAreAContract(t *testing.T) {
	f := newFixture(t, nil)
	_, body := f.ask(t, http.MethodGet, "/api/slo/v1/budgets?service=checkout", nil)
	have := decode[budgetPage](t, body).Data.Budgets
	want := []map[string]any{{
		"id": "checkout/availability", "service": "checkout", "slo": "availability", "groups": map[string]any{},
		"labels": map[string]any{"service": "checkout", "slo": "availability"},
		"state":  "burning", "target_ratio": 0.9995, "tier": "critical", "owner": "payments", "policy_state": "guarded", "decision_owner": "head-of-payments", "runbook": "javascript:alert(3)",
		"data_time_ms": float64(now.UnixMilli()), "data_since_ms": 60_000.0, "series": 0.0,
		"windows": []any{map[string]any{
			"window": "30d", "start_ms": 0.0, "total_events": 1e6, "bad_events": 300.0,
			"scrapes_observed": 9.0, "scrapes_expected": 10.0, "error_ratio": 0.0003, "burn_rate": 0.6,
			"remaining_ratio": 0.4, "remaining_events": 200.0, "time_to_exhaustion_seconds": 3600.0, "coverage_ratio": 0.9,
		}},
		"pairs": []any{map[string]any{
			"severity": "page", "long_window": "1h", "short_window": "5m", "threshold_burn_rate": 14.4,
			"long_burn_rate": 20.0, "short_burn_rate": 40.0, "holds": true,
		}},
		"alerts": []any{map[string]any{
			"labels":      map[string]any{"alertname": "SLOErrorBudgetBurn", "severity": "page", "service": "checkout", "slo": "availability"},
			"annotations": map[string]any{"summary": evil}, "state": "firing", "value": 20.0,
			"active_ms": float64(now.UnixMilli() - 60_000), "fired_ms": float64(now.UnixMilli() - 60_000),
		}},
	}}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-want +have\n%s", diff)
	}
}

func TestBudgetFilters(t *testing.T) {
	f := newFixture(t, nil)
	for query, want := range map[string]string{
		"":                              "checkout search",
		"owner=discovery":               "search",
		"state=burning":                 "checkout",
		"state=burning&state=ok":        "checkout search",
		"slo=latency&service=search":    "search",
		"slo=latency&service=elsewhere": "",
	} {
		_, body := f.ask(t, http.MethodGet, "/api/slo/v1/budgets?"+query, nil)
		var have []string
		for _, b := range decode[budgetPage](t, body).Data.Budgets {
			have = append(have, b["service"].(string))
		}
		if strings.Join(have, " ") != want {
			t.Errorf("%s: want %q, have %q", query, want, have)
		}
	}
	for _, query := range []string{"state=fine", "limit=0", "limit=x"} {
		status, body := f.ask(t, http.MethodGet, "/api/slo/v1/budgets?"+query, nil)
		have := decode[map[string]string](t, body)
		if status != http.StatusBadRequest || have["code"] != "bad_parameter" || have["status"] != "error" || have["error"] == "" {
			t.Errorf("%s: have %d %s", query, status, body)
		}
	}
}

// TestInfiniteNumbersAreStrings: search does not burn, so its budget lasts.
func TestInfiniteNumbersAreStrings(t *testing.T) {
	_, body := newFixture(t, nil).ask(t, http.MethodGet, "/api/slo/v1/budgets?service=search", nil)
	w := decode[budgetPage](t, body).Data.Budgets[0]["windows"].([]any)[0].(map[string]any)
	if w["time_to_exhaustion_seconds"] != "+Inf" {
		t.Errorf("want +Inf, have %v", w["time_to_exhaustion_seconds"])
	}
}

// TestPagingVisitsEachBudgetOnce also when budgets end between pages.
func TestPagingVisitsEachBudgetOnce(t *testing.T) {
	all := many(1000)
	f := newFixture(t, func(o *web.Options) { o.Budgets = func() []slo.Status { return all } })
	seen := map[string]bool{}
	for after := ""; ; {
		_, body := f.ask(t, http.MethodGet, "/api/slo/v1/budgets", url.Values{"limit": {"300"}, "after": {after}})
		page := decode[budgetPage](t, body)
		for _, b := range page.Data.Budgets {
			id := b["id"].(string)
			if seen[id] {
				t.Fatalf("%s twice", id)
			}
			seen[id] = true
		}
		if after = page.Data.Next; after == "" {
			break
		}
		all = all[:len(all)-50] // tenants t00001 and on end; they were seen already
	}
	if len(seen) != 1000 {
		t.Errorf("want 1000 budgets, have %d", len(seen))
	}
}

func TestTenThousandBudgetsStream(t *testing.T) {
	all := many(10_000)
	f := newFixture(t, func(o *web.Options) { o.Budgets = func() []slo.Status { return all } })
	r := httptest.NewRequest(http.MethodGet, "/api/slo/v1/budgets", nil)
	start := time.Now()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	took := time.Since(start)
	t.Logf("10,000 budgets: %v, %d KiB sent", took, w.Body.Len()>>10)
	if n := strings.Count(w.Body.String(), `"id"`); n != 10_000 {
		t.Errorf("want 10,000 budgets, have %d", n)
	}
	if took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestObjectiveFilters(t *testing.T) {
	f := newFixture(t, nil)
	for query, want := range map[string]int{"": 2, "?service=search": 1, "?service=search&slo=availability": 0, "?owner=payments": 1} {
		_, body := f.ask(t, http.MethodGet, "/api/slo/v1/objectives"+query, nil)
		if have := strings.Count(body, `"service"`); have != want {
			t.Errorf("%s: want %d objectives, have %s", query, want, body)
		}
	}
}

func TestObjectivesAndErrors(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		o.Errors = func() []*slo.Error {
			return []*slo.Error{{Position: slo.Position{File: "a.yml", Line: 2, Column: 3}, Msg: "unknown key"}}
		}
	})
	_, body := f.ask(t, http.MethodGet, "/api/slo/v1/objectives", nil)
	have := decode[struct {
		Data struct {
			Objectives []map[string]any
			Errors     []map[string]any
		}
	}](t, body).Data
	if len(have.Objectives) != 2 || have.Objectives[0]["id"] != "checkout/availability" || len(have.Objectives[0]["rules"].([]any)) != 2 {
		t.Errorf("have %s", body)
	}
	want := []map[string]any{{"file": "a.yml", "line": 2.0, "column": 3.0, "error": "unknown key"}}
	if diff := cmp.Diff(want, have.Errors); diff != "" {
		t.Errorf("-want +have\n%s", diff)
	}
}
