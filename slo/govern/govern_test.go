package govern_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo/govern"
)

// TestInForce: an override holds from when it was made, up to and without its end, and
// no longer once it is revoked.
func TestInForce(t *testing.T) {
	o := govern.Override{CreatedMS: 100, OverrideRequest: govern.OverrideRequest{ExpiresMS: 200}}
	for at, want := range map[int64]bool{99: false, 100: true, 199: true, 200: false} {
		if have := o.InForce(at); have != want {
			t.Errorf("at %d: want %t, have %t", at, want, have)
		}
	}
	o.RevokedMS = 150
	if o.InForce(160) {
		t.Error("want it to end when it is revoked")
	}
}

// TestAnnotation: Grafana shows a release over the time in which its cost is counted,
// with the costs that are known for good.
func TestAnnotation(t *testing.T) {
	r := govern.Release{
		Mark: govern.Mark{Service: "shop", Version: "v2", TimeMS: 1000, Type: "rollout", Link: "https://ci.example.com/2", Note: "by night"},
		Costs: []govern.Cost{
			{SLO: "availability", State: govern.CostFinal, EndMS: 5000, BudgetRatio: 0.12345, Window: "30d"},
			{SLO: "latency", State: govern.CostPending, EndMS: 4000, BudgetRatio: 0.5, Window: "30d"},
		},
	}
	want := govern.Annotation{
		Time: 1000, TimeEnd: 5000, Title: "shop v2",
		Text: "availability: 12.3 % of the 30d budget\nby night\nhttps://ci.example.com/2",
		Tags: []string{"release", "service:shop", "version:v2", "type:rollout"},
	}
	if diff := cmp.Diff(want, r.Annotation()); diff != "" {
		t.Errorf("-want +have\n%s", diff)
	}
	bare := govern.Release{Mark: govern.Mark{Service: "shop", Version: "v2", TimeMS: 1000, Type: "release"}}
	if have := bare.Annotation(); have.TimeEnd != 1000 || have.Text != "" {
		t.Errorf("want a moment without words, have %+v", have)
	}
}
