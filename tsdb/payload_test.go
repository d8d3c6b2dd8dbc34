package tsdb_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

const (
	typeV1 = "application/x-protobuf"
	typeV2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
)

// sent is one series of a request: name{labels}, and its samples.
type sent struct {
	Labels     []string // name, value, …
	Samples    []prompb.Sample
	ST         int64
	Histograms []prompb.Histogram
	Exemplars  []prompb.Exemplar
}

func series(name string, kv ...string) sent {
	return sent{Labels: append([]string{labels.MetricName, name}, kv...)}
}

func (s sent) at(t int64, v float64) sent {
	s.Samples = append(append([]prompb.Sample{}, s.Samples...), prompb.Sample{Timestamp: t, Value: v})
	return s
}

func (s sent) lset() labels.Labels { return labels.FromStrings(s.Labels...) }

func sortedPairs(kv []string) [][2]string {
	var out [][2]string
	for i := 0; i < len(kv); i += 2 {
		out = append(out, [2]string{kv[i], kv[i+1]})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i][0] < out[j][0] })
	return out
}

// bodyV1 and bodyV2 encode with upstream's own messages.
func bodyV1(t testing.TB, ss ...sent) []byte {
	var req prompb.WriteRequest
	for _, s := range ss {
		ts := prompb.TimeSeries{Samples: s.Samples, Histograms: s.Histograms, Exemplars: s.Exemplars}
		for _, l := range sortedPairs(s.Labels) {
			ts.Labels = append(ts.Labels, prompb.Label{Name: l[0], Value: l[1]})
		}
		req.Timeseries = append(req.Timeseries, ts)
	}
	b, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bodyV2(t testing.TB, ss ...sent) []byte {
	st := writev2.NewSymbolTable()
	var req writev2.Request
	for _, s := range ss {
		var ts writev2.TimeSeries
		for _, l := range sortedPairs(s.Labels) {
			ts.LabelsRefs = append(ts.LabelsRefs, st.Symbolize(l[0]), st.Symbolize(l[1]))
		}
		for _, x := range s.Samples {
			ts.Samples = append(ts.Samples, writev2.Sample{Value: x.Value, Timestamp: x.Timestamp, StartTimestamp: s.ST})
		}
		for _, h := range s.Histograms {
			b, err := h.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			var h2 writev2.Histogram
			if err := h2.Unmarshal(b); err != nil {
				t.Fatal(err)
			}
			h2.StartTimestamp = s.ST
			ts.Histograms = append(ts.Histograms, h2)
		}
		for _, e := range s.Exemplars {
			x := writev2.Exemplar{Value: e.Value, Timestamp: e.Timestamp}
			for _, l := range e.Labels {
				x.LabelsRefs = append(x.LabelsRefs, st.Symbolize(l.Name), st.Symbolize(l.Value))
			}
			ts.Exemplars = append(ts.Exemplars, x)
		}
		req.Timeseries = append(req.Timeseries, ts)
	}
	req.Symbols = st.Symbols()
	b, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encode(t testing.TB, v2 bool, ss ...sent) (body []byte, contentType string) {
	if v2 {
		return bodyV2(t, ss...), typeV2
	}
	return bodyV1(t, ss...), typeV1
}

// post sends a body as a well-behaved sender does.
func post(h http.Handler, body []byte, contentType string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(snappy.Encode(nil, body)))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Content-Encoding", "snappy")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

// send posts series and wants the code.
func send(t testing.TB, h http.Handler, v2 bool, code int, ss ...sent) *httptest.ResponseRecorder {
	t.Helper()
	body, ct := encode(t, v2, ss...)
	w := post(h, body, ct)
	if w.Code != code {
		t.Fatalf("want %d, have %d: %s", code, w.Code, strings.TrimSpace(w.Body.String()))
	}
	return w
}

// protocols runs a test under both.
func protocols(t *testing.T, f func(t *testing.T, v2 bool)) {
	for _, v2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("v2=%t", v2), func(t *testing.T) { f(t, v2) })
	}
}
