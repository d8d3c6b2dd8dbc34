package main

import (
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/rules/governance"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/govern"
)

// readReleases reads how releases are found and what they are taken to cost:
//
//	releases:
//	  cost_window: 1h
//	  baseline: 1d
//	  assumed_cost: 5%
//	  detect:
//	    - selector: shop_build_info{job="checkout"}
//	      service: checkout      # or service_label: app
//	      version_label: version
//	      type: rollout
func readReleases(n document.Node) governance.Settings {
	s := governance.DefaultSettings()
	m := n.Mapping()
	for _, d := range []struct {
		n    document.Node
		to   *time.Duration
		most time.Duration
	}{
		{m.Get("cost_window"), &s.CostWindow, 7 * 24 * time.Hour},
		{m.Get("baseline"), &s.Baseline, 30 * 24 * time.Hour},
	} {
		if d.n.IsZero() {
			continue
		}
		positive(d.n, d.to)
		if *d.to < time.Minute || *d.to > d.most {
			d.n.Errorf("want a duration of 1m at least and %s at most", model.Duration(d.most))
		}
	}
	if n := m.Get("assumed_cost"); !n.IsZero() {
		s.AssumedCost = readShare(n)
	}
	for _, n := range m.Get("detect").List() {
		s.Detectors = append(s.Detectors, readDetector(n))
	}
	m.Done()
	return s
}

func readDetector(n document.Node) governance.Detector {
	m := n.Mapping()
	d := governance.Detector{VersionLabel: "version", Type: govern.DefaultType, Matchers: readSelector(m.Require("selector"))}
	service, label := m.Get("service"), m.Get("service_label")
	d.Service, d.ServiceLabel = service.String(), readLabelName(label)
	if service.IsZero() == label.IsZero() {
		n.Errorf("want either \"service\", whose versions these are, or \"service_label\", the label that says so")
	}
	if v := m.Get("version_label"); !v.IsZero() {
		d.VersionLabel = readLabelName(v)
	}
	if v := m.Get("type"); v.String() != "" {
		d.Type = v.String()
	}
	m.Done()
	return d
}

func readLabelName(n document.Node) string {
	name := n.String()
	if name != "" && !model.LabelName(name).IsValid() {
		n.Errorf("%q is not a label name", name)
	}
	return name
}

func readSelector(n document.Node) []*labels.Matcher {
	if n.IsZero() {
		return nil
	}
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(n.String())
	if err != nil {
		n.Errorf("selector %q: %v", n, err)
	}
	return ms
}
