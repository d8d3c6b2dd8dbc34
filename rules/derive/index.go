package derive

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// index finds the budgets of one catalogue. It is built once and never changes.
type index struct {
	budgets  []*slo.Budget
	entries  []entry
	families [numFamilies]*family
	byHash   map[uint64][]int32
}

// entry is one budget with what its series have in common with others'.
type entry struct {
	*slo.Budget
	shape *shape
	// since is the earliest event time the budget is known from, and counted that
	// from which on rows may count, ms.
	since, counted int64
	// parts are the entries of a composite's members.
	parts []int32
}

func newIndex(budgets []*slo.Budget) *index {
	x := &index{
		budgets: budgets,
		entries: make([]entry, len(budgets)),
		byHash:  make(map[uint64][]int32, len(budgets)),
	}
	shapes := shapes{}
	var buf []byte
	var hash uint64
	for i, b := range budgets {
		x.entries[i] = entry{Budget: b, shape: shapes.of(b.Objective), since: since(b), counted: math.MaxInt64}
		for _, g := range b.Generations {
			x.entries[i].counted = min(x.entries[i].counted, g.From)
		}
		hash, buf = identityHash(buf, b.Labels)
		x.byHash[hash] = append(x.byHash[hash], int32(i))
	}
	x.join()
	for id := range x.families {
		x.families[id] = &family{id: familyID(id), index: x}
	}
	return x
}

// since is when a budget's first version or generation began; a generation without
// a beginning does not tell. An objective without either is known from now on, which
// the caller bounds.
func since(b *slo.Budget) int64 {
	t := int64(math.MaxInt64)
	if len(b.Versions) > 0 {
		t = b.Versions[0].From
	}
	for _, g := range b.Generations {
		if g.From > 0 {
			t = min(t, g.From)
		}
	}
	return t
}

// owner returns the budget whose ledger holds the series, or −1.
func (x *index) owner(buf []byte, lset labels.Labels) (int32, []byte) {
	hash, buf := identityHash(buf, lset)
	for _, i := range x.byHash[hash] {
		if sameIdentity(x.entries[i].Labels, lset) {
			return i, buf
		}
	}
	return -1, buf
}

func identityHash(buf []byte, lset labels.Labels) (uint64, []byte) {
	return lset.HashWithoutLabels(buf[:0], slo.LabelGeneration, slo.LabelSource)
}

func sameIdentity(identity, lset labels.Labels) bool {
	n, same := 0, true
	lset.Range(func(l labels.Label) {
		switch l.Name {
		case labels.MetricName, slo.LabelSource, slo.LabelGeneration:
			return
		}
		n++
		same = same && identity.Get(l.Name) == l.Value
	})
	return same && n == identity.Len()
}

// generation returns the budget's generation with the given id, if in force at any
// time.
func (e *entry) generation(id string) (slo.Generation, bool) {
	for _, g := range e.Generations {
		if g.ID == id {
			return g, true
		}
	}
	return slo.Generation{}, false
}
