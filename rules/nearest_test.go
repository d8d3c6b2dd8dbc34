package rules_test

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
)

// TestNearest: an objective whose selectors match nothing says which matcher is to blame,
// and what is nearest to it among the samples kept.
func TestNearest(t *testing.T) {
	re := func(name, value string) *labels.Matcher {
		return labels.MustNewMatcher(labels.MatchRegexp, name, value)
	}
	named := func(name string, ms ...*labels.Matcher) []*labels.Matcher {
		return append([]*labels.Matcher{matcher(labels.MetricName, name)}, ms...)
	}
	for _, c := range []struct {
		matchers []*labels.Matcher
		want     string
	}{
		{named("http_request_total"), "; no metric is named http_request_total, the nearest is http_requests_total"},
		{named("told_of_totl"), "; no metric is named told_of_totl, the nearest is told_of_total"},
		{named("something_else"), "; no metric that is kept is named something_else"},
		{named("http_requests_total", matcher("job", "shops")), `; no series of http_requests_total has job="shops", the nearest is job="shop"`},
		{named("http_requests_total", matcher("job", "payments")), `; no series of http_requests_total has job="payments", but job="shop"`},
		{named("http_requests_total", matcher("jobb", "shop")), "; no series of http_requests_total has a label jobb, the nearest is job"},
		{named("http_requests_total", re("instance", "x.*")), `; no series of http_requests_total has instance=~"x.*", but instance="i1", instance="i2", instance="i3" and 1 more`},
		{named("http_requests_total", matcher("instance", "i1"), matcher("code", "500")), "; each matcher finds some series of http_requests_total, none finds all"},
		{[]*labels.Matcher{re(labels.MetricName, "grpc_.*"), matcher("job", "shop")}, `; nothing that is kept has __name__=~"grpc_.*"`},
	} {
		def := availability(0.999)
		def.SLI.Terms = []slo.Term{{Matchers: c.matchers, Total: 1}}
		r := newRig(t, t0, def)
		r.amend = func(o *rules.Options) { o.Names = func() []string { return []string{"told_of_total"} } }
		r.start()
		r.storeRaw(
			arrival{lset: requests("200", "i1"), t: t0, v: 1}, arrival{lset: requests("200", "i2"), t: t0, v: 1},
			arrival{lset: requests("200", "i3"), t: t0, v: 1}, arrival{lset: requests("500", "i4"), t: t0, v: 1},
		)
		reason := r.status().Reason
		have, ok := strings.CutPrefix(reason, "matches 0 series so far: "+def.SLI.Terms[0].Selector())
		if !ok || have != c.want {
			t.Errorf("%v:\nwant %q\nhave %q", c.matchers, c.want, reason)
		}
	}
}

// TestNearest_IsLookedForNowAndThen: a thousand objectives without series cost a reader
// some look-ups, and each is told of in the end.
func TestNearest_IsLookedForNowAndThen(t *testing.T) {
	var defs []*slo.Objective
	for i := range 12 {
		o := availability(0.999)
		o.Name = strings.Repeat("x", i+1)
		o.SLI.Terms = []slo.Term{{Matchers: []*labels.Matcher{matcher(labels.MetricName, "none_"+o.Name)}, Total: 1}}
		defs = append(defs, o)
	}
	r := newRig(t, t0, defs...)
	for round, want := range []int{5, 10, 12} {
		have := 0
		for _, s := range r.engine.Status() {
			if strings.Contains(s.Reason, "no metric that is kept") {
				have++
			}
		}
		if have != want {
			t.Errorf("round %d: want %d told, have %d", round, want, have)
		}
	}
}
