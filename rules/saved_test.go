package rules_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
)

// countedStore counts transactions.
type countedStore struct {
	rules.Store
	saves int
}

func (s *countedStore) Save(put map[string]rules.Record, del []string) error {
	s.saves++
	return s.Store.Save(put, del)
}

// TestFault16_SavedBeforeTold: what a tick changes is saved in one transaction, and before
// anybody is told: a kill in between repeats nothing and forgets nothing.
func TestFault16_SavedBeforeTold(t *testing.T) {
	def := availability(0.999, "instance")
	store, told := &countedStore{}, 0
	var r *rig
	r = newRigWith(t, t0, func(o *rules.Options) {
		notify := o.Notify
		o.Notify = func(level []slo.Alert) {
			saved := map[string]rules.Record{}
			if r != nil {
				saved, _ = r.store.Load()
			}
			for _, a := range level {
				if a.Labels.Get("alertname") != slo.AlertBurn {
					continue
				}
				told++
				if !slices.ContainsFunc(slices.Collect(maps.Values(saved)), func(s rules.Record) bool {
					return s.Alert != nil && s.Alert.State == a.State && s.Alert.FiredAt == a.FiredAt && labels.Equal(s.Alert.Labels, a.Labels)
				}) {
					t.Errorf("told before it was saved: %s %s", a.State, a.Labels)
				}
			}
			notify(level)
		}
	}, def)
	store.Store, r.states = r.store, store
	r.start()
	var shops []*shop
	for i := range 20 {
		shops = append(shops, &shop{instance: fmt.Sprint("i", i)})
	}
	r.drive(t0, t0+90*minute, 15*second, func(ts int64) (all []arrival) {
		before := store.saves
		r.tick()
		if n := store.saves - before; n > 1 {
			t.Errorf("%d transactions in one tick", n)
		}
		for _, s := range shops {
			if e := ts - t0; e >= 10*minute && e < 20*minute {
				all = append(all, s.scrape(ts, 0, 150)...)
			} else {
				all = append(all, s.scrape(ts, 150, 0)...)
			}
		}
		return all
	})
	if told == 0 {
		t.Error("nothing was told")
	}
}
