package shop_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"go.uber.org/goleak"

	"github.com/slowburn/slowburn/cmd/slowburn/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const opening = int64(1_800_000_000_000)

func open(t *testing.T, incidents ...shop.Incident) *shop.Shop {
	t.Helper()
	s, err := shop.New(opening, shop.Options{Incidents: incidents, External: labels.FromStrings("cluster", "demo")})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counters are the newest values by name and labels; none may ever fall, and the
// histogram counts the requests that the codes count.
func TestCountersGrowAndAgree(t *testing.T) {
	s := open(t)
	last := map[string]float64{}
	for ts := opening; ts < opening+time.Hour.Milliseconds(); ts += 15_000 {
		codes, count, inf := 0.0, 0.0, 0.0
		for _, x := range s.Scrape(ts) {
			key := x.Labels.String()
			if x.Value < last[key] {
				t.Fatalf("%s falls from %g to %g", key, last[key], x.Value)
			}
			last[key] = x.Value
			switch name := x.Labels.Get(labels.MetricName); {
			case x.Labels.Get("job") != shop.Checkout:
			case name == "http_requests_total":
				codes += x.Value
			case name == "http_request_duration_seconds_count":
				count += x.Value
			case x.Labels.Get("le") == "+Inf":
				inf += x.Value
			}
		}
		if _, total := s.Counts(shop.Checkout, ""); codes != total || count != total || inf != total {
			t.Fatalf("want %g requests, have %g by code, %g by count, %g in the last bucket", total, codes, count, inf)
		}
	}
	if bad, total := s.Counts(shop.Checkout, ""); total < 50_000 || bad == 0 || bad/total > 0.001 {
		t.Errorf("want an ordinary hour, have %g bad of %g", bad, total)
	}
}

func TestIncidentsAndBreaks(t *testing.T) {
	s := open(t, shop.Incident{Service: shop.Search, Region: shop.US, Start: opening + 60_000, Length: time.Minute, Share: 0.5})
	ratio := func(service, region string, to int64) float64 {
		bad0, total0 := s.Counts(service, region)
		s.Scrape(to)
		bad, total := s.Counts(service, region)
		return (bad - bad0) / (total - total0)
	}
	near := func(what string, want, have float64) {
		t.Helper()
		if have < want-0.01 || have > want+0.01 {
			t.Errorf("%s: want %g, have %g", what, want, have)
		}
	}
	near("before", 0, ratio(shop.Search, shop.US, opening+60_000))
	near("incident", 0.5, ratio(shop.Search, shop.US, opening+120_000))
	near("after", 0, ratio(shop.Search, shop.US, opening+180_000))
	s.Break(shop.Checkout, shop.EU, 0.95)
	near("broken", 0.95, ratio(shop.Checkout, shop.EU, opening+240_000))
	s.Break(shop.Checkout, shop.EU, 0)
	near("healed", 0, ratio(shop.Checkout, shop.EU, opening+300_000))
	if _, err := shop.New(opening, shop.Options{Incidents: []shop.Incident{{Service: "none"}}}); err == nil {
		t.Error("want an incident of an unknown service refused")
	}
}

// At no hour of the week has the US more than a third of the traffic, or the page
// that the demo waits for would not be the only one.
func TestUSIsSmall(t *testing.T) {
	s := open(t)
	var us0, all0 float64
	for ts := opening; ts < opening+(7*24*time.Hour).Milliseconds(); ts += 600_000 {
		s.Scrape(ts)
		_, us := s.Counts(shop.Checkout, shop.US)
		_, all := s.Counts(shop.Checkout, "")
		if share := (us - us0) / (all - all0); share > 0.334 {
			t.Errorf("%s: want at most a third of the traffic in the US, have %g", time.UnixMilli(ts).UTC(), share)
		}
		us0, all0 = us, all
	}
}

// A native histogram counts the requests that the codes count, and shows an outage as
// slow answers.
func TestNativeLatency(t *testing.T) {
	s := open(t)
	slow := func(ts int64) (share float64) {
		t.Helper()
		codes, count, above := 0.0, 0.0, 0.0
		for _, x := range s.Scrape(ts) {
			switch {
			case x.Labels.Get("job") != shop.Search:
			case x.Histogram == nil:
				codes += x.Value
			default:
				if err := x.Histogram.Validate(); err != nil {
					t.Fatal(err)
				}
				count += float64(x.Histogram.Count)
				for it := x.Histogram.PositiveBucketIterator(); it.Next(); {
					if b := it.At(); b.Lower >= 0.3 {
						above += float64(b.Count)
					}
				}
			}
		}
		if codes != count || count == 0 {
			t.Fatalf("want the %g requests by code, have %g in the histograms", codes, count)
		}
		return above / count
	}
	healthy := slow(opening + 600_000)
	s.Break(shop.Search, shop.EU, 1)
	s.Break(shop.Search, shop.US, 1)
	failing := slow(opening + 1_200_000) // half of all requests by now
	if healthy > 0.003 || failing < 0.3 {
		t.Errorf("want next to no slow answer, then many; have %g and %g", healthy, failing)
	}
}

// A request that fails for now is sent again, as it was; one that is refused for
// good is an error.
func TestSender(t *testing.T) {
	var answers []int
	var stored []writev2.Request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := answers[0]
		answers = answers[1:]
		if code == http.StatusNoContent {
			body, _ := io.ReadAll(r.Body)
			proto, err := snappy.Decode(nil, body)
			var req writev2.Request
			if err == nil {
				err = req.Unmarshal(proto)
			}
			if err != nil {
				t.Error(err)
			}
			stored = append(stored, req)
		}
		w.WriteHeader(code)
	}))
	defer srv.Close()
	s := open(t)
	to := shop.NewSender(srv.URL, srv.Client())
	for i, ts := range []int64{opening, opening + 60_000} {
		if err := to.Add(ts, s.Scrape(ts)); err != nil {
			t.Fatalf("scrape %d: %v", i, err)
		}
	}
	answers = []int{http.StatusServiceUnavailable, http.StatusNoContent}
	if err := to.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if samples, series := to.Sent(); len(stored) != 1 || samples != 2*series || len(stored[0].Timeseries) != series {
		t.Errorf("want one request with all samples, have %d requests, %d samples of %d series", len(stored), samples, series)
	}
	if err := to.Add(opening+120_000, s.Scrape(opening+120_000)); err != nil {
		t.Fatal(err)
	}
	answers = []int{http.StatusBadRequest}
	if err := to.Send(t.Context()); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("want the refusal, have %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := to.Send(ctx); err == nil {
		t.Error("want an end when the context has ended")
	}
}
