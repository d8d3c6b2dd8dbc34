package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/testdata/proc"
)

// dashboard is what a test needs of Grafana's model.
type dashboard struct {
	Title  string
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
	Annotations struct{ List []struct{ Name, Expr string } }
	Templating  struct {
		List []struct {
			Name, Type, Definition, AllValue string
		}
	}
}

func readDashboard(t *testing.T, name string) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy/grafana/dashboards", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

// variables asks for the values of a dashboard's variables, one after the other as
// Grafana does, and returns what to put in their places.
func (d *dashboard) variables(t *testing.T, ask promv1.API) *strings.Replacer {
	t.Helper()
	end := time.Now()
	places := []string{"$__rate_interval", "1m", "$__range", "1h"}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		m := labelValues.FindStringSubmatch(v.Definition)
		if m == nil {
			t.Fatalf("%s: variable %s: %q is not label_values(series, label)", d.Title, v.Name, v.Definition)
		}
		series := strings.NewReplacer(places...).Replace(m[1])
		values, _, _, err := ask.LabelValues(t.Context(), m[2], []string{series}, end.Add(-time.Hour), end)
		if err != nil || len(values) == 0 {
			t.Fatalf("%s: variable %s: want values of %s, have %v, %v", d.Title, v.Name, m[0], values, err)
		}
		value := v.AllValue
		if value == "" {
			value = string(values[0])
		}
		places = append(places, "$"+v.Name, value)
	}
	return strings.NewReplacer(places...)
}

// Every query of every panel about budgets finds something in a slowburn whose
// checkout is burning; every metric of the dashboard about slowburn itself is on its
// own page.
func TestDashboards(t *testing.T) {
	out, _, _ := startDemo(t, demoFlags{History: model.Duration(6 * time.Hour), Speed: 1})
	address := out.until(t, `open +(\S+)`, 10*time.Second)[1]
	out.until(t, `page, `, 2*time.Minute)
	client, err := api.NewClient(api.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	ask := promv1.NewAPI(client)
	for _, name := range []string{"overview.json", "objective.json"} {
		d := readDashboard(t, name)
		fill := d.variables(t, ask)
		exprs := map[string]string{}
		for _, p := range d.Panels {
			for _, q := range p.Targets {
				exprs[q.Expr] = p.Title
			}
		}
		for _, a := range d.Annotations.List {
			exprs[a.Expr] = a.Name
		}
		for expr, title := range exprs {
			// What a slot brought is there once it has closed.
			proc.Until(t, time.Minute, name+": "+title+" has values", func() error { return finds(t.Context(), ask, fill.Replace(expr)) })
		}
	}
	known := metricsPage(t, address)
	checkReferenceMetrics(t, known)
	d := readDashboard(t, "self.json")
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			expr, err := parser.NewParser(parser.Options{}).ParseExpr(strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*").Replace(q.Expr))
			if err != nil {
				t.Errorf("%s: %v", p.Title, err)
				continue
			}
			parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
				if s, ok := n.(*parser.VectorSelector); ok && !known[strings.TrimSuffix(s.Name, "_bucket")] {
					t.Errorf("%s: slowburn has no metric %s", p.Title, s.Name)
				}
				return nil
			})
		}
	}
}

// finds is nil if a query has values now.
func finds(ctx context.Context, ask promv1.API, expr string) error {
	value, warnings, _, err := ask.Query(ctx, expr, time.Time{})
	if vec, ok := value.(model.Vector); err != nil || len(warnings) > 0 || !ok || len(vec) == 0 {
		return fmt.Errorf("%s: want values, have %v, %v, %v", expr, value, warnings, err)
	}
	return nil
}

// metricsPage are the names on /metrics, read as Prometheus does; those of histograms
// without their suffixes. Histograms must have buckets that histogram_quantile
// understands.
func metricsPage(t *testing.T, address string) map[string]bool {
	t.Helper()
	resp, err := http.Get(strings.TrimSuffix(address, "/") + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for name, f := range families {
		base, isBucket := strings.CutSuffix(name, "_bucket")
		for _, suffix := range []string{"_sum", "_count"} {
			if of, ok := strings.CutSuffix(name, suffix); ok && families[of+"_bucket"] != nil {
				base = of
			}
		}
		names[base] = true
		for _, m := range f.Metric {
			if isBucket && !slices.ContainsFunc(m.Label, func(l *dto.LabelPair) bool { return l.GetName() == model.BucketLabel }) {
				t.Errorf("%s: want buckets with the label le, have %v", name, m.Label)
			}
		}
	}
	return names
}
