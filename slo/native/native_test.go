package native_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// read reads objectives of the service shop.
func read(t *testing.T, objectives string) map[string]*slo.Objective {
	t.Helper()
	set, err := load.Text("slo.yml", []byte("version: slowburn/v1\nservice: shop\nobjectives:\n"+objectives), spec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*slo.Objective{}
	for _, o := range set.Objectives {
		out[o.Name] = o
	}
	return out
}

func TestSeveralThresholdsMakeSeveralObjectives(t *testing.T) {
	have := read(t, `
  - name: latency
    target: 99
    sli:
      latency:
        histogram: request_duration_seconds{job="shop"}
        thresholds:
          - {threshold: 300ms, target: 95}
          - {threshold: 1s}
  - name: minutes
    target: 99.9
    sli:
      slices:
        max_bad: 5%
        latency:
          histogram: request_duration_seconds{job="shop"}
          thresholds: [{threshold: 2s}]
`)
	got := map[string]string{}
	for name, o := range have {
		got[name] = fmt.Sprintf("%g at %g in %s", o.Target, o.SLI.Terms[1].Threshold, o.SLI.Slice.Length)
	}
	want := map[string]string{"latency-300ms": "0.95 at 0.3 in 0s", "latency-1s": "0.99 at 1 in 0s", "minutes-2s": "0.999 at 2 in 1m0s"}
	if !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestSegments(t *testing.T) {
	o := read(t, `
  - name: availability
    target: 99
    by: [plan, region]
    segments:
      - {match: {plan: [gold, "a.b"], region: eu}, target: 99.9, tier: critical}
      - {match: {plan: free}, tier: background}
    alerting:
      ticket: {for: 5m}
    sli: {events: {bad: e_total, total: r_total}}
`)["availability"]
	of := func(plan, region string) string {
		d := o.For(labels.FromStrings("plan", plan, "region", region))
		var severities []string
		for _, r := range d.Rules {
			severities = append(severities, r.Severity+" "+r.For.String())
		}
		return fmt.Sprintf("%g %s %s", d.Target, d.Tier, strings.Join(severities, ","))
	}
	for _, c := range []struct{ plan, region, want string }{
		{"gold", "eu", "0.999 critical page 0s,ticket 5m0s"},
		{"a.b", "eu", "0.999 critical page 0s,ticket 5m0s"},
		{"a-b", "eu", "0.99 standard page 0s,ticket 5m0s"},
		{"gold", "us", "0.99 standard page 0s,ticket 5m0s"},
		{"free", "us", "0.99 background ticket 5m0s"},
		{"", "", "0.99 standard page 0s,ticket 5m0s"},
	} {
		if have := of(c.plan, c.region); have != c.want {
			t.Errorf("%s in %s: want %s, have %s", c.plan, c.region, c.want, have)
		}
	}
}

func TestReviewAndTraffic(t *testing.T) {
	o := read(t, `
  - name: probe
    target: 99
    review: 90d
    traffic: synthetic
    sli: {probe: {metric: 'probe_success{job="blackbox"}'}}
`)["probe"]
	if o.Review != 90*24*time.Hour || o.Traffic != slo.TrafficSynthetic {
		t.Errorf("want a review every 90d of synthetic traffic, have %s and %s", o.Review, o.Traffic)
	}
}
