package main

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
)

// look asks a Prometheus whether objectives fit what it has.
func (c *checked) look(ctx context.Context, address string) error {
	if u, err := url.Parse(address); err != nil || u.Host == "" {
		return fmt.Errorf("prometheus.url %q: want a URL such as http://127.0.0.1:9090", address)
	}
	client, err := api.NewClient(api.Config{Address: address})
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	ask := asker{promv1.NewAPI(client)}
	for _, o := range c.objectives {
		if err := c.lookAt(ctx, ask, o); err != nil {
			return fmt.Errorf("ask %s about %s: %w", address, o.ID(), err)
		}
	}
	return nil
}

// lookAt asks about one objective. A threshold that is no bucket's is an error: all
// events would count as bad.
func (c *checked) lookAt(ctx context.Context, ask asker, o *slo.Objective) error {
	daily := 0.0
	for i := range o.SLI.Terms {
		t := &o.SLI.Terms[i]
		if t.Kind == slo.BucketBelow {
			edges, err := ask.edges(ctx, t)
			if err != nil {
				return err
			}
			if near, ok := nearestEdge(edges, t.Threshold); !ok {
				c.warn(o, levelError, "bucket", "no bucket of %s ends at %g, so every event would be bad: the nearest ends at %s; use that, or add a bucket", t.Selector(), t.Threshold, near)
			}
			continue
		}
		if t.Total <= 0 {
			continue
		}
		n, err := ask.number(ctx, "count("+t.Selector()+")")
		if err != nil {
			return err
		}
		if n == 0 {
			c.warn(o, slo.LevelWarning, "no-series", "%s matches no series there now: is the name right, and is it scraped?", t.Selector())
			return nil
		}
		if t.Kind != slo.Counter {
			return nil
		}
		if gauge, err := ask.gauge(ctx, t); err != nil || gauge {
			if gauge {
				c.warn(o, slo.LevelWarning, "gauge", "%s is counted by its increments, and its target says that it is a gauge, which falls as it rises: use a probe for a gauge, or the counter it belongs to", t.Selector())
			}
			return err
		}
		events, err := ask.number(ctx, "sum(increase("+t.Selector()+"[1d]))")
		if err != nil {
			return err
		}
		daily += events
	}
	if err := c.lookAtGroups(ctx, ask, o); err != nil {
		return err
	}
	if len(o.SLI.Terms) == 0 || o.SLI.Slice.Length > 0 {
		return nil
	}
	days := o.Windows[0].Nominal().Hours() / 24
	if allowed := daily * days * o.Allowed(); daily > 0 && allowed < 5 {
		c.warn(o, slo.LevelWarning, "traffic", "%.3g events in the last day allow %.2g bad ones in %s: a single failure weighs too much; lower the target, lengthen the window, or set min_bad_events", daily, allowed, o.Windows[0])
	}
	return nil
}

// lookAtGroups looks for groups with bad events that total knows nothing of: their
// bad events are in the roll-up and in no group.
func (c *checked) lookAtGroups(ctx context.Context, ask asker, o *slo.Objective) error {
	by := bind.Names(o.SLI.By)
	var bad, total []string
	for i := range o.SLI.Terms {
		switch t := &o.SLI.Terms[i]; {
		case t.Total > 0:
			total = append(total, t.Selector())
		case t.Bad > 0:
			bad = append(bad, t.Selector())
		}
	}
	if by == "" || len(bad) == 0 || len(total) == 0 {
		return nil
	}
	groups := func(selectors []string) string {
		return "group by (" + by + ") (" + strings.Join(selectors, " or ") + ")"
	}
	v, err := ask.vector(ctx, groups(bad)+" unless on ("+by+") "+groups(total))
	if err != nil || len(v) == 0 {
		return err
	}
	c.warn(o, slo.LevelWarning, "bad-group", "%s has bad events and no total (%d such groups): they count for no group; does total miss the label, or some of the series?", v[0].Metric, len(v))
	return nil
}

// levelError is the level of what must not be: findings of readers are never errors.
const levelError slo.Level = "error"

// nearestEdge finds the bucket whose edge equals the threshold; near is the closest.
func nearestEdge(edges []float64, threshold float64) (near string, ok bool) {
	best := math.Inf(1)
	for _, e := range edges {
		if math.Abs(e-threshold) < math.Abs(best-threshold) {
			best = e
		}
	}
	return strconv.FormatFloat(best, 'g', -1, 64), best == threshold || len(edges) == 0
}

// asker asks a Prometheus what holds now.
type asker struct{ promv1.API }

// number is the value of a query's only result; 0 if there is none.
func (a asker) number(ctx context.Context, query string) (float64, error) {
	v, err := a.vector(ctx, query)
	if err != nil || len(v) == 0 {
		return 0, err
	}
	return float64(v[0].Value), nil
}

// gauge says whether targets declare what the term counts to be a gauge.
func (a asker) gauge(ctx context.Context, t *slo.Term) (bool, error) {
	name := bind.MetricName(t.Matchers)
	if name == "" {
		return false, nil
	}
	known, err := a.Metadata(ctx, name, "1")
	if err != nil {
		return false, err
	}
	return len(known[name]) > 0 && known[name][0].Type == promv1.MetricTypeGauge, nil
}

// edges are the upper bounds of the buckets a term could read.
func (a asker) edges(ctx context.Context, t *slo.Term) ([]float64, error) {
	v, err := a.vector(ctx, "group by (le) ("+t.Selector()+")")
	if err != nil {
		return nil, err
	}
	var edges []float64
	for _, s := range v {
		if le, err := strconv.ParseFloat(string(s.Metric[model.BucketLabel]), 64); err == nil {
			edges = append(edges, le)
		}
	}
	return edges, nil
}

func (a asker) vector(ctx context.Context, query string) (model.Vector, error) {
	v, _, _, err := a.Query(ctx, query, time.Now())
	if err != nil {
		return nil, err
	}
	vector, ok := v.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("%s: want a vector, have %s", query, v.Type())
	}
	return vector, nil
}
