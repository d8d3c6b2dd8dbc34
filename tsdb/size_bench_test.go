package tsdb_test

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/tsdb"
)

// BenchmarkLedgerSize is what budgets take on disk: the four counters that every
// ledger has, for two days, as one block. The figure is GB per 1,000 budgets and
// year, by slot, for a service with traffic all day and one that is quiet for most
// of it. docs/sizing.md quotes it.
func BenchmarkLedgerSize(b *testing.B) {
	for _, traffic := range []struct {
		name      string
		perSecond float64
	}{{"busy", 200}, {"quiet", 0.02}} {
		for _, slot := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute} {
			b.Run(fmt.Sprintf("%s/slot=%s", traffic.name, slot), func(b *testing.B) {
				for b.Loop() {
					const budgets, days = 20, 2
					bytes, samples := ledgerSize(b, budgets, days*24*time.Hour, slot, traffic.perSecond)
					b.ReportMetric(float64(bytes)/budgets/days*365*1000/1e9, "GB/1000budgets-year")
					b.ReportMetric(float64(bytes)/float64(samples), "B/sample")
				}
			})
		}
	}
}

func ledgerSize(b *testing.B, budgets int, length, slot time.Duration, perSecond float64) (bytes int64, samples int) {
	b.Helper()
	dir := b.TempDir()
	db, err := tsdb.OpenLedger(dir, tsdb.Options{MinFree: -1})
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"slo_events_total", "slo_bad_events_total", "slo_scrapes_observed_total", "slo_scrapes_expected_total"}
	sums := make([][4]float64, budgets)
	begin := time.UnixMilli(0).Add(20_000 * 24 * time.Hour)
	for at := begin.Add(slot); !at.After(begin.Add(length)); at = at.Add(slot) {
		app := db.AppenderV2(context.Background())
		for i := range sums {
			mean := perSecond * slot.Seconds() * (1 + 0.6*math.Sin(float64(at.Unix())/86400*2*math.Pi))
			total := math.Round(max(0, mean+random.NormFloat64()*math.Sqrt(mean)))
			bad := 0.0
			if random.Float64() < total*0.0005 {
				bad = 1 + math.Floor(total*0.0005)
			}
			for k, d := range []float64{total, bad, 10 * slot.Seconds() / 15, 10 * slot.Seconds() / 15} {
				sums[i][k] += d
				lset := labels.FromStrings(labels.MetricName, names[k], "generation", "1", "service", fmt.Sprint("service-", i), "slo", "availability", "source", "eu-west-1/main")
				if _, err := app.Append(0, lset, 0, at.UnixMilli(), sums[i][k], nil, nil, storage.AppendV2Options{}); err != nil {
					b.Fatal(err)
				}
				samples++
			}
		}
		if err := app.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	compactAll(b, dir)
	return folderSize(b, filepath.Join(dir)), samples
}

// compactAll makes one block of all that the head holds, and drops the WAL.
func compactAll(b *testing.B, dir string) {
	b.Helper()
	opts := promtsdb.DefaultOptions()
	opts.EnableSTStorage, opts.FloatChunkEncoding = true, chunkenc.EncXOR2
	db, err := promtsdb.Open(dir, nil, nil, opts, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	head := db.Head()
	if err := db.CompactHead(promtsdb.NewRangeHead(head, head.MinTime(), head.MaxTime())); err != nil {
		b.Fatal(err)
	}
}

// folderSize is what the blocks below dir take.
func folderSize(b *testing.B, dir string) (size int64) {
	b.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "*", "meta.json"))
	if err != nil || len(blocks) == 0 {
		b.Fatalf("want blocks, have %v, %v", blocks, err)
	}
	for _, meta := range blocks {
		err := filepath.WalkDir(filepath.Dir(meta), func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if err == nil {
				size += info.Size()
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return size
}
