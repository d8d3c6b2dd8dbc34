package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/web"
)

func TestFederateNewestValuesWithTimes(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		o.ExternalLabels = func() labels.Labels { return labels.FromStrings("cluster", "eu", "service", "not-mine") }
	})
	status, have := f.ask(t, http.MethodGet, "/federate", url.Values{"match[]": {`{__name__=~"slo_.*"}`, "http_requests_total"}})
	want := `# TYPE http_requests_total untyped
http_requests_total{cluster="eu",instance="a:80",job="shop",service="not-mine"} 20 1800000000000
# TYPE slo_burn_rate untyped
slo_burn_rate{cluster="eu",service="checkout",slo="availability",window="1h",instance=""} 60 1800000000000
slo_burn_rate{cluster="eu",service="checkout",slo="availability",window="5m",instance=""} 100 1800000000000
`
	if status != http.StatusOK || have != want {
		t.Errorf("want\n%shave %d\n%s", want, status, have)
	}
}

// TestFederateEscapes: whatever a label holds, the text parses back to it.
func TestFederateEscapes(t *testing.T) {
	f := newFixture(t, nil)
	utf8 := func(r *http.Request) { r.Header.Set("Accept", "text/plain;version=1.0.0;escaping=allow-utf-8") }
	status, text := f.ask(t, http.MethodGet, "/federate", url.Values{"match[]": {`{"weird.metric"}`}}, utf8)
	if status != http.StatusOK {
		t.Fatalf("have %d %s", status, text)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	have := map[string]string{}
	for _, l := range families["weird.metric"].GetMetric()[0].GetLabel() {
		have[l.GetName()] = l.GetValue()
	}
	if have["strange.label"] != "a\"b\\c\nd" || have["region"] != evil {
		t.Errorf("have %q", have)
	}
	// A scraper that does not know UTF-8 names gets names it knows.
	_, text = f.ask(t, http.MethodGet, "/federate", url.Values{"match[]": {`{"weird.metric"}`}}, func(r *http.Request) {
		r.Header.Set("Accept", "text/plain;version=0.0.4;escaping=underscores")
	})
	if !strings.Contains(text, "# TYPE weird_metric untyped\nweird_metric{") {
		t.Errorf("have %s", text)
	}
}

func TestFederateRefuses(t *testing.T) {
	f := newFixture(t, func(o *web.Options) { o.Limits.MaxSeries = 2 })
	if status, body := f.ask(t, http.MethodGet, "/federate?match[]=%7Bbroken", nil); status != http.StatusBadRequest {
		t.Errorf("broken selector: have %d %s", status, body)
	}
	if status, body := f.ask(t, http.MethodGet, "/federate", url.Values{"match[]": {`{__name__=~".+"}`}}); status != http.StatusUnprocessableEntity {
		t.Errorf("too many series: have %d %s", status, body)
	}
	if status, body := f.ask(t, http.MethodGet, "/federate", nil); status != http.StatusOK || body != "" {
		t.Errorf("nothing selected: have %d %s", status, body)
	}
}
