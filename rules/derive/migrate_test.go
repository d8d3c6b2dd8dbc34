package derive_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// TestMigrationPagesListWhatStays: the series that the pages about moving from Sloth and
// Pyrra promise are those that are served for such objectives, no more and no fewer.
func TestMigrationPagesListWhatStays(t *testing.T) {
	db := openLedger(t, t.TempDir())
	closeDB(t, db)
	start := at("2026-05-01 00:00:00")
	for page, tool := range map[string]struct {
		format slo.Format
		served *regexp.Regexp
	}{
		"migrate-from-sloth.md": {slo.FormatSloth, regexp.MustCompile("^slo:|^sloth_")},
		"migrate-from-pyrra.md": {slo.FormatPyrra, regexp.MustCompile("^pyrra_")},
	} {
		o := objective("shop", "availability")
		o.Format = tool.format
		q, err := view(t, db, start+slotMs*100, budgetOf(o, labels.EmptyLabels(), start)).Querier(start, start+slotMs*100)
		must(t, err)
		names, _, err := q.LabelValues(context.Background(), labels.MetricName, nil)
		must(t, err)
		must(t, q.Close())
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			// The page names one window of Sloth's SLI for all.
			return !tool.served.MatchString(name) || strings.HasPrefix(name, "slo:sli_error") && !strings.HasSuffix(name, "5m")
		})
		text, err := os.ReadFile("../../docs/" + page)
		must(t, err)
		var listed []string
		for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`.*\\| yes \\|").FindAllStringSubmatch(string(text), -1) {
			listed = append(listed, m[1])
		}
		slices.Sort(listed)
		if diff := cmp.Diff(names, listed); diff != "" {
			t.Errorf("%s (-served +page):\n%s", page, diff)
		}
	}
}
