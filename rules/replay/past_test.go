package replay_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

const minute = int64(60_000)

// written is one sample of a series.
type written struct {
	lset labels.Labels
	t    int64
	v    float64
}

// writeTSDB writes a TSDB as a Prometheus would, compacted but for the newest hours,
// and returns its folder.
func writeTSDB(t testing.TB, samples []written) string {
	t.Helper()
	dir := t.TempDir()
	opts := promtsdb.DefaultOptions()
	opts.OutOfOrderTimeWindow = (6 * time.Hour).Milliseconds()
	opts.RetentionDuration = 0
	opts.EnableSTStorage, opts.FloatChunkEncoding = true, chunkenc.EncXOR2
	db, err := promtsdb.Open(dir, nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	app := db.AppenderV2(context.Background())
	for i, s := range samples {
		if _, err := app.Append(0, s.lset, 0, s.t, s.v, nil, nil, storage.AppendV2Options{}); err != nil {
			t.Fatal(err)
		}
		if i%10_000 == 9_999 {
			if err := app.Commit(); err != nil {
				t.Fatal(err)
			}
			app = db.AppenderV2(context.Background())
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func requests(service, code, instance string) labels.Labels {
	return labels.FromStrings(labels.MetricName, "http_requests_total", "job", "shop", "service", service, "code", code, "instance", instance, "prometheus", "a")
}

// shop is hours of 10 requests a second at one instance of a service, scraped every
// 15 s, of which bad(t) a second fail.
func shop(service string, hours int64, bad func(t int64) float64) []written {
	var out []written
	good, failed := 0.0, 0.0
	for ts := t0 + 15_000; ts <= t0+hours*60*minute; ts += 15_000 {
		b := bad(ts) * 15
		good, failed = good+150-b, failed+b
		out = append(out, written{requests(service, "200", "i1"), ts, good}, written{requests(service, "500", "i1"), ts, failed})
	}
	return out
}
