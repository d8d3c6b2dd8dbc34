package pyrra

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

func validLabel(name string) bool {
	return model.LabelName(name).IsValidLegacy() && !strings.HasPrefix(name, "__")
}

// indicator reads exactly one of Pyrra's indicators, and the equality matchers of
// its total, which Pyrra makes labels of.
func (r reader) indicator(n document.Node) (slo.SLI, map[string]string) {
	m := n.Mapping()
	kinds := []struct {
		node document.Node
		read func(*document.Mapping) ([]slo.Term, []*labels.Matcher)
	}{
		{m.Get("ratio"), r.ratio},
		{m.Get("latency"), r.latency},
		{m.Get("latencyNative", "latency_native"), r.latencyNative},
		{m.Get("bool_gauge", "boolGauge"), r.boolGauge},
	}
	m.Done()
	sli := slo.SLI{Births: slo.BirthsAuto}
	var total []*labels.Matcher
	have := false
	for _, k := range kinds {
		switch {
		case k.node.IsZero():
			continue
		case have:
			k.node.Errorf("an indicator is of one kind: keep one of ratio, latency, latencyNative, bool_gauge")
			continue
		}
		have = true
		km := k.node.Mapping()
		sli.Terms, total = k.read(km)
		sli.By = r.Groups(km.Get("grouping"))
		km.Done()
	}
	if !have && !n.IsZero() && len(m.Entries()) == 0 {
		n.Errorf("the indicator is empty: want one of ratio, latency, latencyNative, bool_gauge")
	}
	if slices.ContainsFunc(sli.Terms, func(t slo.Term) bool { return len(t.Matchers) == 0 }) {
		sli.Terms = nil // said where it stands
	}
	return sli, equalities(total, sli.By)
}

// equalities are what the matchers ask for by equality, but for the groups.
func equalities(ms []*labels.Matcher, by []string) map[string]string {
	out := map[string]string{}
	for _, m := range ms {
		if m.Type == labels.MatchEqual && m.Name != labels.MetricName && m.Name != labels.BucketLabel && !slices.Contains(by, m.Name) {
			out[m.Name] = m.Value
		}
	}
	return out
}

// metric reads the selector under a key's "metric", and how long it waits for late
// samples.
func (r reader) metric(n document.Node) ([]*labels.Matcher, time.Duration) {
	m := n.Mapping()
	at := m.Require("metric")
	m.Done()
	text, ok := at.Text()
	if !ok {
		return nil, 0
	}
	ms, offset, err := bind.Waiting(text)
	if err != nil {
		r.Wrong(at, err)
	}
	return ms, offset
}

// metrics reads the selectors of a part and of all, which must wait equally long.
func (r reader) metrics(part, all document.Node) (some, total []*labels.Matcher) {
	some, offset := r.metric(part)
	total, wait := r.metric(all)
	at := part.Mapping().Get("metric")
	switch {
	case some == nil || total == nil:
	case offset != wait:
		at.Errorf("it has another offset than total: both must look at the same time")
	case offset > 0:
		r.Finding(slo.LevelInfo, "assumed", at.Problem("%s", bind.LeftOut(offset)))
	}
	return some, total
}

func (r reader) ratio(m *document.Mapping) ([]slo.Term, []*labels.Matcher) {
	bad, total := r.metrics(m.Require("errors"), m.Require("total"))
	if bad == nil || total == nil {
		return nil, nil
	}
	if bind.SameMatchers(bad, total) {
		m.Get("errors").Errorf("errors and total are the same: every event would be bad")
	}
	b, t := bind.Counter(bad), bind.Counter(total)
	b.Bad, t.Bad, t.Total = 1, 0, 1
	return []slo.Term{t, b}, total
}

func (r reader) latency(m *document.Mapping) ([]slo.Term, []*labels.Matcher) {
	successNode := m.Require("success")
	success, total := r.metrics(successNode, m.Require("total"))
	if success == nil || total == nil {
		return nil, nil
	}
	good, all := bind.Counter(success), bind.Counter(total)
	if good.Kind != slo.BucketBelow {
		successNode.Mapping().Get("metric").Errorf("success counts what was fast enough: it needs a bucket, such as le=\"0.3\"")
		return nil, nil
	}
	good.Bad, all.Bad, all.Total = -1, 1, 1
	return []slo.Term{all, good}, total
}

func (r reader) latencyNative(m *document.Mapping) ([]slo.Term, []*labels.Matcher) {
	total, _ := r.metric(m.Require("total"))
	n := m.Require("latency")
	d, err := time.ParseDuration(n.String())
	if err != nil {
		d, err = slo.ParseDuration(n.String())
	}
	if !n.IsZero() && (err != nil || d <= 0) {
		n.Errorf("latency %q: want a duration such as 200ms", n)
	}
	if total == nil {
		return nil, nil
	}
	return []slo.Term{
		{Matchers: total, Kind: slo.HistogramCount, Bad: 1, Total: 1},
		{Matchers: total, Kind: slo.HistogramBelow, Threshold: float64(d.Microseconds()) / 1e6, Bad: -1},
	}, total
}

// boolGauge is good while it is 1.
func (r reader) boolGauge(m *document.Mapping) ([]slo.Term, []*labels.Matcher) {
	ms := r.Selector(m.Require("metric"))
	if ms == nil {
		return nil, nil
	}
	return []slo.Term{
		{Matchers: ms, Kind: slo.GaugeSlices, Total: 1},
		{Matchers: ms, Kind: slo.GaugeSlices, Op: "!=", Threshold: 1, Bad: 1},
	}, ms
}
