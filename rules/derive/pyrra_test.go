package derive_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// TestPyrraBoards asks what Pyrra's dashboards and their variables ask, of objectives
// that came from Pyrra's files: half of all events bad for 30 min of one day.
func TestPyrraBoards(t *testing.T) {
	db := openLedger(t, t.TempDir())
	closeDB(t, db)
	now, start := at("2026-05-02 00:00:20"), at("2026-05-01 00:00:00")
	rows := steady(start+slotMs, 5760, 0, 10)
	for i := 2400; i < 2520; i++ { // 10:00 to 10:30
		rows[i].bad = 5
	}
	api := objective("api", "api-errors")
	api.Format, api.Labels = slo.FormatPyrra, map[string]string{"team": "web", "service": "api"}
	api.Windows = []slo.Window{slo.Rolling(14 * 24 * time.Hour)}
	whole := budgetOf(api, labels.EmptyLabels(), start)
	up := objective("monitoring", "cache-south")
	up.Format, up.Labels = slo.FormatPyrra, map[string]string{slo.LabelSLO: "cache"}
	up.SLI.By = []string{"instance"}
	rollUp, one := budgetOf(up, labels.EmptyLabels(), start), budgetOf(up, labels.FromStrings("instance", "a"), start)
	write(t, db, ledgerRows{whole, "eu/0", "1", rows}, ledgerRows{rollUp, "eu/0", "1", rows}, ledgerRows{one, "eu/0", "1", rows})
	v := view(t, db, now, whole, rollUp, one)
	during, end := time.UnixMilli(at("2026-05-01 10:20:00")), time.UnixMilli(now)
	for _, c := range []struct {
		query string
		ts    time.Time
		want  []string
	}{
		{`pyrra_objective`, end, []string{
			`{__name__="pyrra_objective", instance="a", slo="cache"} 0.999`,
			`{__name__="pyrra_objective", service="api", slo="api-errors", team="web"} 0.999`,
		}},
		{`pyrra_window{slo="api-errors"}`, end, []string{`{__name__="pyrra_window", service="api", slo="api-errors", team="web"} 1.2096e+06`}},
		// 600 of 57,600 events were bad; 57.6 were allowed.
		{`round((pyrra_availability{slo="api-errors"} - pyrra_objective{slo="api-errors"}) / (1 - pyrra_objective{slo="api-errors"}), 0.001)`, end, []string{
			`{service="api", slo="api-errors", team="web"} -9.417`,
		}},
		{`pyrra_requests:rate5m{slo="cache"}`, during, []string{`{__name__="pyrra_requests:rate5m", instance="a", slo="cache"} 0.666667`}},
		{`pyrra_errors:rate5m{slo="api-errors"}`, during, []string{`{__name__="pyrra_errors:rate5m", service="api", slo="api-errors", team="web"} 0.333333`}},
	} {
		if diff := cmp.Diff(sorted(c.want), sorted(instant(t, v, c.query, c.ts))); diff != "" {
			t.Errorf("%s (-want +have):\n%s", c.query, diff)
		}
	}
}
