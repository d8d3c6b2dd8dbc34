package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web"
)

// TestGrafanaProbes sends what Grafana's Prometheus data source sends when it is
// saved and explored.
func TestGrafanaProbes(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		o.Budgets = func() []slo.Status { return nil }
		o.Alerts = func() []slo.Alert { return nil }
		o.Alertmanagers = nil
	})
	ms := func(back int64) string { return strconv.FormatInt(now.UnixMilli()-back, 10) }
	sec := strconv.FormatInt(now.Unix(), 10)
	for _, c := range []struct {
		name, path string
		methods    []string
		form       url.Values
		want       string
	}{
		{"health", "/api/v1/query", getPost, url.Values{"query": {"1+1"}, "time": {"4"}},
			`{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}`},
		{"exemplars in milliseconds", "/api/v1/query_exemplars", getPost, url.Values{"query": {"test"}, "start": {ms(1000)}, "end": {ms(0)}},
			`{"status":"success","data":[]}`},
		{"exemplars of no selector", "/api/v1/query_exemplars", getPost, url.Values{"query": {"1+1"}, "start": {ms(1000)}, "end": {ms(0)}},
			`{"status":"success","data":[]}`},
		{"label values", "/api/v1/label/window/values", get, url.Values{"start": {sec}, "end": {sec}, "match[]": {"slo_burn_rate"}},
			`{"status":"success","data":["1h","5m"]}`},
		{"label values of a UTF-8 name", "/api/v1/label/U__strange_2e_label/values", get, nil,
			`{"status":"success","data":["a\"b\\c\nd"]}`},
		{"no label values", "/api/v1/label/nothing/values", get, nil, `{"status":"success","data":[]}`},
		{"no labels", "/api/v1/labels", getPost, url.Values{"match[]": {"nothing"}}, `{"status":"success","data":[]}`},
		{"no series", "/api/v1/series", getPost, url.Values{"match[]": {"nothing"}}, `{"status":"success","data":[]}`},
		{"empty vector", "/api/v1/query", getPost, url.Values{"query": {"nothing"}},
			`{"status":"success","data":{"resultType":"vector","result":[]}}`},
		{"empty matrix", "/api/v1/query_range", getPost, url.Values{"query": {"nothing"}, "start": {"0"}, "end": {"10"}, "step": {"1"}},
			`{"status":"success","data":{"resultType":"matrix","result":[]}}`},
		{"metadata", "/api/v1/metadata", get, nil, `{"status":"success","data":{}}`},
		{"rules", "/api/v1/rules", get, nil, `{"status":"success","data":{"groups":[]}}`},
		{"alerts", "/api/v1/alerts", get, nil, `{"status":"success","data":{"alerts":[]}}`},
		{"alertmanagers", "/api/v1/alertmanagers", get, nil,
			`{"status":"success","data":{"activeAlertmanagers":[],"droppedAlertmanagers":[]}}`},
		{"format", "/api/v1/format_query", getPost, url.Values{"query": {"1+1"}}, `{"status":"success","data":"1 + 1"}`},
		{"unknown path", "/api/v1/targets", get, nil, ""},
		{"deleting", "/api/v1/admin/tsdb/delete_series", post, url.Values{"match[]": {"x"}}, ""},
	} {
		for _, method := range c.methods {
			status, body := f.ask(t, method, c.path, c.form)
			body = strings.TrimSpace(body)
			switch {
			case c.want == "" && status != http.StatusNotFound:
				t.Errorf("%s by %s: want 404, have %d %s", c.name, method, status, body)
			case c.want != "" && (status != http.StatusOK || body != c.want):
				t.Errorf("%s by %s:\nwant %s\nhave %d %s", c.name, method, c.want, status, body)
			}
		}
	}
}

func TestGrafanaTakesUsForPrometheus(t *testing.T) {
	f := newFixture(t, nil)
	_, body := f.ask(t, http.MethodGet, "/api/v1/status/buildinfo", nil)
	data := decode[struct{ Data map[string]json.RawMessage }](t, body).Data
	if _, mimir := data["features"]; mimir || string(data["application"]) != `"slowburn"` {
		t.Errorf("want slowburn without features, have %s", body)
	}
}

var (
	get     = []string{http.MethodGet}
	post    = []string{http.MethodPost}
	getPost = []string{http.MethodGet, http.MethodPost}
)
