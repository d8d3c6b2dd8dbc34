package rules_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

const pyrraRequests = `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: requests, namespace: shop, labels: {pyrra.dev/team: web}}
spec:
  target: "99"
  window: 28d
  indicator: {ratio: {errors: {metric: 'http_requests_total{code="500"}'}, total: {metric: http_requests_total}}}
  alerting: {name: RequestsBurn, absentName: RequestsGone}
`

// TestImportedAlertsAreTheToolsOwn: Pyrra's four alerts share name and severities, and
// each has a state of its own, over a restart too; missing data is told by Pyrra's name.
func TestImportedAlertsAreTheToolsOwn(t *testing.T) {
	set, err := load.Text("requests.yml", []byte(pyrraRequests), spec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, t0, set.Objectives...)
	s := &shop{}
	alerts := func() []string {
		var out []string
		for _, a := range r.engine.Alerts() {
			l := a.Labels
			if l.Get("slo") == "" {
				continue // the watchdog
			}
			out = append(out, fmt.Sprintf("%s %s %s %s %s/%s slo=%s team=%s", l.Get(labels.AlertName), a.State, l.Get("severity"), l.Get("exhaustion"), l.Get("long"), l.Get("short"), l.Get("slo"), l.Get("team")))
		}
		slices.Sort(out)
		return out
	}
	scrape := func(ts int64) []arrival {
		if (ts-t0)/minute >= 60 {
			return s.scrape(ts, 0, 150)
		}
		return s.scrape(ts, 150, 0)
	}
	r.drive(t0, t0+90*minute, 15*second, scrape)
	want := []string{
		"RequestsBurn firing critical 2d 1h/5m slo=requests team=web",
		"RequestsBurn pending critical 4d 6h/30m slo=requests team=web", // held back: the fault has its alert
		"RequestsBurn pending warning 2w 1d/2h slo=requests team=web",   // for an hour
		// Of the last one's 6 h too little is observed yet.
	}
	if diff := cmp.Diff(want, alerts()); diff != "" {
		t.Error(diff)
	}
	for _, a := range r.firing("critical") {
		if url := a.Annotations.Get("pyrra_url"); url == "" || url != a.GeneratorURL {
			t.Errorf("want pyrra_url to lead to the objective's page, %s, have %q", a.GeneratorURL, url)
		}
	}
	r.crash()
	r.drive(t0+90*minute, t0+92*minute, 15*second, scrape)
	if diff := cmp.Diff(want, alerts()); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
	// Another objective's series stay: it is not the source that is missing.
	r.drive(t0+92*minute, t0+130*minute, 15*second, func(ts int64) []arrival {
		return []arrival{{lset: labels.FromStrings(labels.MetricName, "other_total", "prometheus", "a"), t: ts}}
	})
	if have := alerts(); !slices.Contains(have, "RequestsGone firing critical  / slo=requests team=web") {
		t.Errorf("want missing data told as Pyrra would, have %v", have)
	}
}
