package query_test

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/query"
	"github.com/slowburn/slowburn/slo"
)

// A subquery need not name its step, and a text may end with a comment.
func TestAskerTakesWhatFilesHold(t *testing.T) {
	nothing := storage.QueryableFunc(func(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil })
	for _, text := range []string{
		"avg_over_time((max(queue_age_seconds) > bool 30)[{{.window}}:])",
		"max_over_time(queue_bad_share[{{.window}}]) # of the worst queue",
	} {
		ans := query.New(query.Limits{}).At(t.Context(), query.Question{Query: &slo.Query{ErrorRatio: text}, Past: nothing, Range: 5 * time.Minute, TS: 3_600_000})
		if ans.Err != nil || len(ans.Shares) != 0 {
			t.Errorf("%s: want no share, have %v, %v", text, ans.Shares, ans.Err)
		}
	}
}
