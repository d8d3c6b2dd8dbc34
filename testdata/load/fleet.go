//go:build load

package load

import (
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// perRequest is how many samples a request holds: Prometheus's default.
const perRequest = 2000

// Fleet is series that are scraped together, of eight labels each. A tenth counts
// failures. All of them are read by the objectives of SLOs.
type Fleet struct {
	Services, PerService int
	// Failing is how many services there are to one that fails; in the others nothing
	// does. 0: all fail a little.
	Failing int
	// V2 encodes remote write 2.0.
	V2 bool
}

// Size is the number of series.
func (f Fleet) Size() int { return f.Services * f.PerService }

// SLOs reads every series of the fleet, one objective a service.
func (f Fleet) SLOs() string {
	var text strings.Builder
	text.WriteString("version: slowburn/v1\nservice: fleet\nobjectives:\n")
	for s := range f.Services {
		fmt.Fprintf(&text, "  - {name: s%[1]d, target: 99.9, sli: {events: {bad: 'http_requests_total{service=\"s%[1]d\",code=~\"5..\"}', total: 'http_requests_total{service=\"s%[1]d\"}'}}}\n", s)
	}
	return text.String()
}

// Scrape encodes the n-th scrape, at ts, as compressed requests.
func (f Fleet) Scrape(n int, ts time.Time) [][]byte {
	var out [][]byte
	for first := 0; first < f.Size(); first += perRequest {
		out = append(out, f.request(first, min(first+perRequest, f.Size()), n, ts.UnixMilli()))
	}
	return out
}

func (f Fleet) request(first, end, n int, ms int64) []byte {
	var body []byte
	var err error
	if f.V2 {
		symbols := writev2.NewSymbolTable()
		var req writev2.Request
		for i := first; i < end; i++ {
			ts := writev2.TimeSeries{Samples: []writev2.Sample{{Value: f.value(i, n), Timestamp: ms}}}
			for _, l := range f.labels(i) {
				ts.LabelsRefs = append(ts.LabelsRefs, symbols.Symbolize(l.Name), symbols.Symbolize(l.Value))
			}
			req.Timeseries = append(req.Timeseries, ts)
		}
		req.Symbols = symbols.Symbols()
		body, err = req.Marshal()
	} else {
		var req prompb.WriteRequest
		for i := first; i < end; i++ {
			req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
				Labels: f.labels(i), Samples: []prompb.Sample{{Value: f.value(i, n), Timestamp: ms}},
			})
		}
		body, err = req.Marshal()
	}
	if err != nil {
		panic(err) // It is made of literals.
	}
	return snappy.Encode(nil, body)
}

// value grows by up to ten a scrape, at a pace of the series' own.
func (f Fleet) value(series, scrape int) float64 {
	if service, k := series/f.PerService, series%f.PerService; f.Failing > 0 && k%10 == 9 && service%f.Failing != 0 {
		return 0
	}
	return float64(scrape*(1+series%10) + scrape%3)
}

func (f Fleet) labels(i int) []prompb.Label {
	service, k := i/f.PerService, i%f.PerService
	code := "200"
	if k%10 == 9 {
		code = "503"
	}
	return []prompb.Label{
		{Name: "__name__", Value: "http_requests_total"},
		{Name: "cluster", Value: "eu-west-1"},
		{Name: "code", Value: code},
		{Name: "handler", Value: fmt.Sprintf("/api/v1/route/%d", k%50)},
		{Name: "instance", Value: fmt.Sprintf("10.0.%d.%d:9090", service, k/50)},
		{Name: "job", Value: "shop"},
		{Name: "method", Value: []string{"GET", "POST"}[k/10%2]},
		{Name: "service", Value: fmt.Sprintf("s%d", service)},
	}
}
