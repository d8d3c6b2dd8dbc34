package slo_test

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

func TestTraceURL(t *testing.T) {
	const tempo = "https://tempo.example.org/trace/${trace_id}"
	for _, c := range []struct {
		name, url string
		exemplar  labels.Labels
		want      string
	}{
		{"a trace", tempo, labels.FromStrings("trace_id", "4bf92f"), "https://tempo.example.org/trace/4bf92f"},
		{"no trace", tempo, labels.FromStrings("span_id", "00f067"), ""},
		{"two labels, one missing", tempo + "?span=${span_id}", labels.FromStrings("trace_id", "4bf92f"), ""},
		{"in a query", "http://jaeger/?t=${trace id}", labels.FromStrings("trace id", "a b&c=d"), "http://jaeger/?t=a%20b%26c%3Dd"},
		{"a hostile value stays a value", tempo, labels.FromStrings("trace_id", `../../"><script>?#`), "https://tempo.example.org/trace/..%2F..%2F%22%3E%3Cscript%3E%3F%23"},
	} {
		u, err := slo.ParseTraceURL(c.url)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if have := u.Link(c.exemplar); have != c.want {
			t.Errorf("%s: want %q, have %q", c.name, c.want, have)
		}
	}
	if none := (slo.TraceURL{}); !none.IsZero() || none.Link(labels.FromStrings("trace_id", "4bf92f")) != "" {
		t.Error("want no link without a URL")
	}
	for _, bad := range []string{
		"", "https://tempo.example.org/", "tempo/${trace_id}", "javascript:${trace_id}", "${trace_id}", "https://${trace_id}/", "https://x?${trace_id}", "https://x/${}",
	} {
		if _, err := slo.ParseTraceURL(bad); err == nil {
			t.Errorf("want %q refused", bad)
		}
	}
}
