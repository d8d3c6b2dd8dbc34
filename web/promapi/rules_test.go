package promapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web/promapi"
)

var month = slo.Rolling(30 * 24 * time.Hour)

func objective(file, service, name string) *slo.Objective {
	return &slo.Objective{
		Service: service, Name: name, Target: 0.999, Windows: []slo.Window{month}, Format: slo.FormatNative,
		Rules: slo.DefaultTiers()["standard"].Rules(month), Labels: map[string]string{"team": service + "-team"},
		Source: slo.Position{File: file},
	}
}

// world has three objectives in two files; one page fires, one ticket is pending,
// one alert's rule was edited away.
func world(t *testing.T) *promapi.API {
	t.Helper()
	alert := func(o *slo.Objective, severity string, state slo.AlertState) slo.Alert {
		return slo.Alert{
			Labels: labels.FromStrings("alertname", slo.AlertBurn, "severity", severity, "service", o.Service, "slo", o.Name),
			State:  state, ActiveAt: 1000,
		}
	}
	a, b, c := objective("a.yml", "shop", "availability"), objective("a.yml", "shop", "latency"), objective("b.yml", "mail", "delivery")
	budgets := []slo.Status{
		{Objective: c, Labels: c.BudgetLabels(labels.EmptyLabels())},
		{Objective: b, TS: 15_000, Alerts: []slo.Alert{alert(b, "ticket", slo.AlertPending), alert(b, "gone", slo.AlertFiring)}},
		{Objective: a, TS: 30_000, Alerts: []slo.Alert{alert(a, "page", slo.AlertFiring)}},
	}
	var alerts []slo.Alert
	for i := range budgets {
		alerts = append(alerts, budgets[i].Alerts...)
	}
	api, err := promapi.New(promapi.Options{
		Queryable: noQueryable{}, Budgets: func() []slo.Status { return budgets }, Alerts: func() []slo.Alert { return alerts },
	})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

type noQueryable struct{}

func (noQueryable) Querier(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil }
func (noQueryable) ChunkQuerier(int64, int64) (storage.ChunkQuerier, error) {
	return storage.NoopChunkedQuerier(), nil
}

type groupsAnswer struct {
	Data struct {
		Groups []struct {
			Name, File string
			Rules      []struct {
				Name, State, Health, Query string
				Labels                     map[string]string
				Alerts                     []struct{ State string }
			}
		}
		GroupNextToken string
	}
	Error string
}

func rules(t *testing.T, api *promapi.API, query string) (int, groupsAnswer, string) {
	t.Helper()
	w := httptest.NewRecorder()
	api.Rules(w, httptest.NewRequest(http.MethodGet, "/api/v1/rules?"+query, nil))
	var have groupsAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &have); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if strings.Contains(w.Body.String(), "null") {
		t.Errorf("%s: null in %s", query, w.Body)
	}
	var lines []string
	for _, g := range have.Data.Groups {
		for _, r := range g.Rules {
			lines = append(lines, fmt.Sprintf("%s/%s %s %s %s %d", g.File, g.Name, r.Labels["slo"], r.Labels["severity"], r.State, len(r.Alerts)))
		}
	}
	return w.Code, have, strings.Join(lines, "\n")
}

func TestRulesFilters(t *testing.T) {
	const (
		own       = "/slowburn  gone firing 1"
		aPage     = "a.yml/shop availability page firing 1"
		aTicket   = "a.yml/shop availability ticket inactive 0"
		bPage     = "a.yml/shop latency page inactive 0"
		bTicket   = "a.yml/shop latency ticket pending 1"
		mailPage  = "b.yml/mail delivery page inactive 0"
		mailTick  = "b.yml/mail delivery ticket inactive 0"
		excluding = "a.yml/shop availability page firing 0"
	)
	api := world(t)
	for query, want := range map[string][]string{
		"":                           {own, aPage, aTicket, bPage, bTicket, mailPage, mailTick},
		"type=alert":                 {own, aPage, aTicket, bPage, bTicket, mailPage, mailTick},
		"type=record":                nil,
		"state=firing":               {own, aPage},
		"state=pending&state=firing": {own, aPage, bTicket},
		"file[]=b.yml":               {mailPage, mailTick},
		"rule_group[]=mail":          {mailPage, mailTick},
		"rule_name[]=Other":          nil,
		"rule_name[]=SLOErrorBudgetBurn&file[]=b.yml":   {mailPage, mailTick},
		`match[]={team="mail-team",severity="page"}`:    {mailPage},
		`match[]={slo="latency"}&match[]={team=~"m.*"}`: {bPage, bTicket, mailPage, mailTick},
		`exclude_alerts=true&state=firing&file[]=a.yml`: {excluding},
	} {
		status, _, have := rules(t, api, query)
		if diff := cmp.Diff(strings.Join(want, "\n"), have); status != http.StatusOK || diff != "" {
			t.Errorf("%s: %d -want +have\n%s", query, status, diff)
		}
	}
	for _, query := range []string{"type=both", "state=broken", "group_limit=0", "group_limit=x", "group_next_token=x",
		"group_limit=1&group_next_token=x", "match[]={", "exclude_alerts=perhaps"} {
		if status, have, _ := rules(t, api, query); status != http.StatusBadRequest || have.Error == "" {
			t.Errorf("%s: want 400, have %d", query, status)
		}
	}
}

func TestRulesPages(t *testing.T) {
	api := world(t)
	var names []string
	for query := "group_limit=1"; ; {
		_, have, _ := rules(t, api, query)
		if len(have.Data.Groups) != 1 {
			t.Fatalf("%s: want one group, have %d", query, len(have.Data.Groups))
		}
		names = append(names, have.Data.Groups[0].Name)
		if have.Data.GroupNextToken == "" {
			break
		}
		query = "group_limit=1&group_next_token=" + have.Data.GroupNextToken
	}
	if diff := cmp.Diff([]string{"slowburn", "shop", "mail"}, names); diff != "" {
		t.Errorf("-want +have\n%s", diff)
	}
}

// TestQueryDescribesTheRule for hostile names too: it parses, and says both pairs.
func TestQueryDescribesTheRule(t *testing.T) {
	o := objective("a.yml", `sh"op\`, "x\ny")
	have := promapi.Query(o, &o.Rules[0])
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(have)
	if err != nil {
		t.Fatalf("%v in %s", err, have)
	}
	want := `slo_burn_rate{service="sh\"op\\",slo="x\ny",window="1h"} > 14.4` +
		` and ignoring (window) slo_burn_rate{service="sh\"op\\",slo="x\ny",window="5m"} > 14.4` +
		` or ignoring (window) slo_burn_rate{service="sh\"op\\",slo="x\ny",window="6h"} > 6` +
		` and ignoring (window) slo_burn_rate{service="sh\"op\\",slo="x\ny",window="30m"} > 6`
	if diff := cmp.Diff(want, expr.String()); diff != "" {
		t.Errorf("-want +have\n%s", diff)
	}
}
