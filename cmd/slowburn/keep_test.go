package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// printed is `slowburn print remote-write` of the files, as Prometheus reads it.
func printed(t *testing.T, args ...string) *promconfig.RemoteWriteConfig {
	t.Helper()
	var out, err bytes.Buffer
	if code := execute(append([]string{"print", "remote-write"}, args...), streams{&out, &err}); code != exitOK {
		t.Fatalf("want exit code 0, have %d: %s", code, &err)
	}
	c, loadErr := promconfig.Load(out.String(), promslog.NewNopLogger())
	if loadErr != nil {
		t.Fatalf("Prometheus does not take it: %v\n%s", loadErr, &out)
	}
	return c.RemoteWriteConfigs[0]
}

func keeps(c *promconfig.RemoteWriteConfig, series ...string) bool {
	return relabel.ProcessBuilder(labels.NewBuilder(labels.FromStrings(series...)), c.WriteRelabelConfigs...)
}

func TestPrintedRemoteWriteKeepsWhatIsRead(t *testing.T) {
	c := printed(t, "--protocol=2.0", "../../testdata/slo/*.yml")
	if string(c.ProtobufMessage) != "io.prometheus.write.v2.Request" || !c.SendNativeHistograms {
		t.Errorf("want remote write 2.0 with native histograms, have %+v", c)
	}
	for _, s := range []struct {
		want   bool
		series []string
	}{
		{true, []string{"__name__", "http_requests_total", "job", "checkout", "code", "500", "pod", "a;b"}},
		{true, []string{"__name__", "http_requests_total", "job", "checkout", "code", "200"}},
		{true, []string{"__name__", "http_requests_total", "job", "login"}},
		{false, []string{"__name__", "http_requests_total", "job", "search"}},
		{false, []string{"__name__", "http_requests", "job", "checkout"}},
		{false, []string{"__name__", "http_requests_total_sum", "job", "checkout"}},
		{true, []string{"__name__", "http_request_duration_seconds_bucket", "job", "search", "le", "1"}},
		{true, []string{"__name__", "http_request_duration_seconds_count", "job", "search"}},
		{false, []string{"__name__", "http_request_duration_seconds_sum", "job", "search"}},
		{true, []string{"__name__", "http_request_duration_seconds", "job", "search-v2"}},
		{true, []string{"__name__", "probe_success", "instance", "https://shop.example.com/search"}},
		{false, []string{"__name__", "probe_success", "instance", "https://shop-example.com/search"}},
		{true, []string{"__name__", "queue_oldest_entry_seconds", "instance", "queue-1:9100", "job", "q"}},
		{false, []string{"__name__", "up", "job", "checkout"}},
	} {
		if have := keeps(c, s.series...); s.want != have {
			t.Errorf("%v: want kept %v, have %v", s.series, s.want, have)
		}
	}
}

// TestPrintedRemoteWriteNeverDropsATermsSeries tries random series against random
// selectors: what a term matches must be kept.
func TestPrintedRemoteWriteNeverDropsATermsSeries(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	matchers := []string{`job="a"`, `job="b"`, `job=~"a|b"`, `job!="a"`, `namespace="x.y"`, `instance="i;1"`, `code="1"`, `job=""`}
	names := []string{"m_total", "n_total", "n.total", `{__name__=~"m_.*|n_total"}`, `{job="a"}`}
	matched := 0
	for range 300 {
		var terms []slo.Term
		for range 1 + rnd.IntN(4) {
			selector := pick(names...)
			switch {
			case strings.HasPrefix(selector, "{"):
				selector = strings.TrimSuffix(selector, "}") + "," + pick(matchers...) + "}"
			case strings.Contains(selector, "."):
				selector = `{"` + selector + `",` + pick(matchers...) + `}`
			default:
				selector += "{" + pick(matchers...) + "," + pick(matchers...) + "}"
			}
			set, err := load.Text("f", []byte("version: slowburn/v1\nservice: s\nobjectives: [{name: o, target: 99, sli: {events: {bad: 'x{job=\"a\"}', total: '"+selector+"'}}}]"), spec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			terms = append(terms, set.Objectives[0].SLI.Terms...)
		}
		keep := keepRule([]*slo.Objective{{SLI: slo.SLI{Terms: terms}}})
		for range 50 {
			b := labels.NewBuilder(labels.EmptyLabels())
			b.Set("__name__", pick("m_total", "n_total", "nxtotal", "n.total", "x", "y"))
			b.Set("job", pick("", "a", "b", "c"))
			b.Set("namespace", pick("", "x.y", "xzy"))
			b.Set("instance", pick("", "i;1", "i"))
			b.Set("code", pick("", "1", "2"))
			lset := b.Labels()
			read := false
			for i := range terms {
				read = read || terms[i].Matches(lset)
			}
			if !read {
				continue
			}
			matched++
			if keep == nil {
				continue // everything is kept
			}
			c := &relabel.Config{Action: relabel.Keep, Separator: ";", Regex: relabel.MustNewRegexp(keep.Regex), NameValidationScheme: model.UTF8Validation}
			for _, name := range keep.SourceLabels {
				c.SourceLabels = append(c.SourceLabels, model.LabelName(name))
			}
			if !relabel.ProcessBuilder(labels.NewBuilder(lset), c) {
				t.Fatalf("%v is read and dropped by %v %s", lset, keep.SourceLabels, keep.Regex)
			}
		}
	}
	if matched < 500 {
		t.Errorf("want many series read, have %d", matched)
	}
}
