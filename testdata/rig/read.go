package rig

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// API is Prometheus's own Go client, pointed at slowburn.
func (s *Slowburn) API(t testing.TB) v1.API {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: s.URL(), RoundTripper: s.transport})
	if err != nil {
		t.Fatalf("make a client for slowburn: %v", err)
	}
	return v1.NewAPI(client)
}

// Value is the one value a query has now. No or several series are an error.
func (s *Slowburn) Value(t testing.TB, query string) (float64, error) {
	t.Helper()
	return s.ValueAt(t, query, time.Now())
}

// ValueAt is the one value a query has at ts.
func (s *Slowburn) ValueAt(t testing.TB, query string, ts time.Time) (float64, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	have, _, _, err := s.API(t).Query(ctx, query, ts)
	if err != nil {
		return 0, fmt.Errorf("query %s: %w", query, err)
	}
	vector, ok := have.(model.Vector)
	if !ok || len(vector) != 1 {
		return 0, fmt.Errorf("query %s: want one value, have %v", query, have)
	}
	return float64(vector[0].Value), nil
}

// Metric is the value of one of slowburn's own metrics; the name includes labels
// if it has any, as /metrics prints it.
func (s *Slowburn) Metric(name string) (float64, error) {
	resp, err := s.Client(5 * time.Second).Get(s.URL() + "/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if v, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(v, 64)
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// Shows is nil if one of slowburn's own metrics has that value.
func (s *Slowburn) Shows(name string, want float64) error {
	have, err := s.Metric(name)
	if err == nil && have != want {
		err = fmt.Errorf("%s: want %g, have %g", name, want, have)
	}
	return err
}

// Fires is nil if so many alerts of budgets fire, as /api/v1/alerts says; what their
// policies say is not counted.
func (s *Slowburn) Fires(t testing.TB, want int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	have, err := s.API(t).Alerts(ctx)
	if err != nil {
		return fmt.Errorf("read the alerts: %w", err)
	}
	n := 0
	for _, a := range have.Alerts {
		if a.State == v1.AlertStateFiring && a.Labels["slo"] != "" && a.Labels["alertname"] != "SLOErrorBudgetPolicy" {
			n++
		}
	}
	if n != want {
		return fmt.Errorf("want %d firing, have %d in %v", want, n, have.Alerts)
	}
	return nil
}

// Raw are the samples that an API holds of a selector's series in (from, to], by
// series; labels that Prometheus adds when it sends are left out.
func Raw(api v1.API, selector string, from, to time.Time) (map[string][]model.SamplePair, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	query := fmt.Sprintf("%s[%dms]", selector, to.Sub(from).Milliseconds())
	have, _, _, err := api.Query(ctx, query, to)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	out := map[string][]model.SamplePair{}
	for _, s := range have.(model.Matrix) {
		delete(s.Metric, "cluster")
		delete(s.Metric, "prometheus")
		out[s.Metric.String()] = s.Values
	}
	return out, nil
}
