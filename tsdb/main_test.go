package tsdb_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"go.uber.org/goleak"

	"github.com/slowburn/slowburn/tsdb"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
	}
	// A WAL that cannot flush its last page does not stop its goroutine when it is
	// closed: upstream's, one for each failure.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/prometheus/prometheus/tsdb/wlog.(*WL).run"))
}

// openRaw opens a raw TSDB that takes whatever the disk has, and closes it with
// the test.
func openRaw(t testing.TB, dir string, o tsdb.Options) *tsdb.DB {
	t.Helper()
	if o.MinFree == 0 {
		o.MinFree = -1
	}
	db, err := tsdb.OpenRaw(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// run runs db in the background until the test ends.
func run(t testing.TB, db *tsdb.DB) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = db.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

type point struct {
	T int64
	V float64
}

// write commits points of one series.
func write(t testing.TB, db storage.AppendableV2, lset labels.Labels, points ...point) error {
	t.Helper()
	app := db.AppenderV2(context.Background())
	for _, p := range points {
		if _, err := app.Append(0, lset, 0, p.T, p.V, nil, nil, storage.AOptions{}); err != nil {
			_ = app.Rollback()
			return err
		}
	}
	return app.Commit()
}

// read gives all float samples by series.
func read(t testing.TB, db storage.Queryable) map[string][]point {
	t.Helper()
	q, err := db.Querier(0, 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	out := map[string][]point{}
	set := q.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".+"))
	for set.Next() {
		s := set.At()
		it := s.Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			ts, v := it.At()
			out[s.Labels().String()] = append(out[s.Labels().String()], point{ts, v})
		}
		if it.Err() != nil {
			t.Fatal(it.Err())
		}
	}
	if set.Err() != nil {
		t.Fatal(set.Err())
	}
	return out
}

// killed copies a TSDB's folder as a kill would leave it.
func killed(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		switch {
		case e.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o777)
		case e.Name() == "lock":
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func sortPoints(ps []point) []point {
	sort.Slice(ps, func(i, j int) bool { return ps[i].T < ps[j].T })
	return ps
}

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
