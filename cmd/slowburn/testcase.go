package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/scenario"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// testFile reads a file of tests, in the manner of promtool's:
//
//	slo_files: [checkout.yml]
//	tests:
//	  - name: an outage pages
//	    interval: 15s
//	    input_series:
//	      - {series: 'http_requests_total{job="checkout",code="500"}', values: 0+10x240}
//	    budget_test:
//	      - {eval_time: 30m, objective: checkout/availability, exp: {bad: 1200, state: burning}}
//	    alert_test:
//	      - {eval_time: 30m, objective: checkout/availability, firing: [page, ticket]}
type testFile struct {
	name       string
	objectives []*slo.Objective
}

// readTests reads a test file and the SLO files it names, relative to its folder.
func readTests(name string) ([]*testCase, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, &slo.Error{Position: slo.Position{File: name}, Msg: "cannot be read: " + errors.Unwrap(err).Error()}
	}
	docs, problem := document.Parse(text)
	if problem != nil {
		return nil, placed(name, *problem)
	}
	if len(docs) != 1 {
		return nil, &slo.Error{Position: slo.Position{File: name}, Msg: "want one document with slo_files and tests"}
	}
	f := &testFile{name: name}
	m := docs[0].Root().Mapping()
	f.load(m.Require("slo_files"), m.Get("config_file"))
	var cases []*testCase
	for _, n := range m.Require("tests").List() {
		cases = append(cases, f.readCase(n))
	}
	m.Done()
	var errs []error
	for _, p := range docs[0].Problems() {
		errs = append(errs, placed(name, p))
	}
	return cases, errors.Join(errs...)
}

// load reads the SLO files, with the tiers of a configuration if one is named.
func (f *testFile) load(files, config document.Node) {
	var opts spec.Options
	beside := func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(filepath.Dir(f.name), name)
	}
	if !config.IsZero() {
		c, err := LoadConfig(beside(config.String()))
		if err != nil {
			config.Errorf("%v", err)
			return
		}
		opts.Tiers = c.Tiers
	}
	var patterns []string
	for _, p := range files.Strings() {
		patterns = append(patterns, beside(p))
	}
	set, err := load.Files(patterns, opts)
	f.objectives = set.Objectives
	for _, e := range slo.Errors(err) {
		files.Errorf("%s: %s", e.Position, e.Msg)
	}
}

func (f *testFile) readCase(n document.Node) *testCase {
	m := n.Mapping()
	c := &testCase{name: cmp.Or(m.Get("name").String(), f.name)}
	c.story = scenario.Story{Objectives: f.objectives, Start: scenario.Start}
	interval := 15 * time.Second
	positive(m.Get("interval"), &interval)
	for _, n := range m.Require("input_series").List() {
		s := n.Mapping()
		series, values := s.Require("series"), s.Require("values")
		if err := c.story.Load(series.String()+" "+values.String(), scenario.Scrapes{Interval: interval.Milliseconds(), Delay: scenario.Delay}); err != nil {
			n.Errorf("%v", err)
		}
		s.Done()
	}
	for _, n := range m.Get("budget_test").List() {
		x, em := f.expect(n)
		for _, e := range em.Require("exp").Mapping().Entries() {
			x.Figures[e.Name] = e.Value.String()
		}
		x.Groups = labels.FromMap(em.Get("groups").StringMap())
		em.Done()
		if x.At%slo.DefaultSlot.Milliseconds() != 0 {
			n.Errorf("budgets are evaluated every 15s: eval_time is a multiple of it")
		}
		c.story.Expects = append(c.story.Expects, x)
	}
	for _, n := range m.Get("alert_test").List() {
		x, em := f.expect(n)
		f.readAlerts(em, &x)
		em.Done()
		c.story.Expects = append(c.story.Expects, x)
	}
	m.Done()
	if len(c.story.Expects) == 0 {
		n.Errorf("the test expects nothing: give it budget_test or alert_test")
	}
	return c
}

// expect reads when and of which objective something is expected.
func (f *testFile) expect(n document.Node) (scenario.Expect, *document.Mapping) {
	m := n.Mapping()
	x := scenario.Expect{Figures: map[string]string{}, Objective: m.Get("objective").String()}
	x.At = readDuration(m.Require("eval_time")).Milliseconds()
	line, column := n.Place()
	x.Ref = slo.Position{File: f.name, Line: line, Column: column}
	if x.Objective != "" && !f.has(x.Objective) {
		m.Get("objective").Errorf("the SLO files have no objective %q: want service/name", x.Objective)
	}
	return x, m
}

func (f *testFile) has(id string) bool {
	for _, o := range f.objectives {
		if o.ID() == id {
			return true
		}
	}
	return false
}

// readAlerts reads what fires: severities, or alerts with labels and annotations.
func (f *testFile) readAlerts(m *document.Mapping, x *scenario.Expect) {
	firing, alerts := m.Get("firing"), m.Get("exp_alerts")
	if firing.IsZero() == alerts.IsZero() {
		m.Node().Errorf("give either \"firing\", the severities, or \"exp_alerts\"; [] for none")
	}
	if !firing.IsZero() {
		x.Firing = append([]string{}, firing.Strings()...)
		return
	}
	x.Alerts = []scenario.Alert{}
	for _, n := range alerts.List() {
		a := n.Mapping()
		x.Alerts = append(x.Alerts, scenario.Alert{Labels: a.Get("exp_labels").StringMap(), Annotations: a.Get("exp_annotations").StringMap()})
		a.Done()
	}
}
