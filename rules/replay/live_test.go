package replay_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// TestLiveIsNeverLaterThanReplay sends hostile hours to an engine as a Prometheus
// would, scrape by scrape, and replays them: the same alerts, none of which fires
// later live.
func TestLiveIsNeverLaterThanReplay(t *testing.T) {
	samples := hostile(rand.New(rand.NewPCG(3, 4)), 2, 8)
	objectives := []*slo.Objective{availability("s0", 0.99, month), availability("s1", 0.99, month)}
	live := liveAlerts(t, objectives, samples)
	res := run(t, open(t, writeTSDB(t, samples)), replay.Options{Objectives: objectives, Start: t0, End: t0 + 8*60*minute})
	if len(live) == 0 || len(res.Alerts) == 0 {
		t.Fatalf("want alerts, have %d live and %d replayed", len(live), len(res.Alerts))
	}
	for _, a := range res.Alerts {
		if a.Objective == nil {
			continue
		}
		i := slices.IndexFunc(live, func(l slo.Alert) bool {
			return labels.Equal(l.Labels, a.Labels) && l.FiredAt <= a.FiredAt && l.FiredAt > a.FiredAt-15_000
		})
		if i < 0 {
			t.Errorf("%s fired at %d in replay: want the same live, up to a slot earlier", a.Labels, a.FiredAt-t0)
		}
	}
}

// liveAlerts are all burn alerts of an engine that gets each sample half a second
// after its time.
func liveAlerts(t *testing.T, objectives []*slo.Objective, samples []written) []slo.Alert {
	t.Helper()
	now := t0
	raw, ledger := emptyTSDB(t), emptyTSDB(t)
	var fired []slo.Alert
	e, err := rules.New(rules.Options{
		SourceLabels: []string{"cluster", "prometheus"}, Raw: raw, Ledger: ledger, Store: forgetful{},
		Now: func() time.Time { return time.UnixMilli(now) },
		Notify: func(level []slo.Alert) {
			for _, a := range level {
				known := func(f slo.Alert) bool { return f.FiredAt == a.FiredAt && labels.Equal(f.Labels, a.Labels) }
				if a.Labels.Get(labels.AlertName) == slo.AlertBurn && a.State == slo.AlertFiring && !slices.ContainsFunc(fired, known) {
					fired = append(fired, a)
				}
			}
		},
	})
	if err == nil {
		err = e.Apply(context.Background(), objectives)
	}
	if err == nil {
		err = e.Restore(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(samples, func(a, b written) int { return cmp.Compare(a.t, b.t) })
	for len(samples) > 0 {
		n := slices.IndexFunc(samples, func(s written) bool { return s.t != samples[0].t })
		if n < 0 {
			n = len(samples)
		}
		now = samples[0].t + 500
		for _, store := range []storage.AppendableV2{raw, e} {
			app := store.AppenderV2(context.Background())
			for _, s := range samples[:n] {
				ref, lset := storage.SeriesRef(0), s.lset
				if store == storage.AppendableV2(e) {
					ref, lset = e.Bind(lset, true), labels.EmptyLabels()
				}
				if _, err := app.Append(ref, lset, 0, s.t, s.v, nil, nil, storage.AppendV2Options{}); err != nil {
					t.Fatal(err)
				}
			}
			if err := app.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Tick(context.Background(), now); err != nil {
			t.Fatal(err)
		}
		samples = samples[n:]
	}
	return fired
}

func emptyTSDB(t *testing.T) *promtsdb.DB {
	t.Helper()
	db, err := promtsdb.Open(t.TempDir(), nil, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.DisableCompactions()
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// forgetful is a store that keeps nothing.
type forgetful struct{}

func (forgetful) Load() (map[string]rules.Record, error)       { return nil, nil }
func (forgetful) Save(map[string]rules.Record, []string) error { return nil }
