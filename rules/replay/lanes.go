package replay

import (
	"cmp"
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/slo"
)

// openLanes deals the objectives out to engines. Objectives that read series of one
// metric at one target stay together: how plausible a birth is follows from what the
// rest of its family gained. So every lane counts as one engine for all would.
func (f *feed) openLanes(ctx context.Context) ([]*lane, error) {
	all, err := f.openLane(ctx, f.opts.Objectives)
	if err != nil {
		return nil, err
	}
	reads := all.engine.Reads
	if f.opts.Lanes == 1 || len(f.opts.Objectives) == 1 {
		f.lanes = []*lane{all}
		f.assign = func(lset labels.Labels) int {
			if len(reads(lset)) == 0 {
				return -1
			}
			return 0
		}
		return f.lanes, nil
	}
	k := newKin(f.opts.Objectives)
	err = f.each(ctx, f.opts.Start, f.opts.End, "series", func(lset labels.Labels, _ chunkenc.Iterator) error {
		k.join(lset, reads(lset))
		return nil
	})
	if err != nil {
		return nil, err
	}
	place := map[*slo.Objective]int{}
	for i, objectives := range k.deal(f.opts.Lanes) {
		l, err := f.openLane(ctx, objectives)
		if err != nil {
			return nil, err
		}
		f.lanes = append(f.lanes, l)
		for _, o := range objectives {
			place[o] = i
		}
	}
	f.assign = func(lset labels.Labels) int {
		if r := reads(lset); len(r) > 0 {
			return place[r[0]]
		}
		return -1
	}
	return f.lanes, nil
}

// kin joins objectives that share a family.
type kin struct {
	objectives []*slo.Objective
	place      map[*slo.Objective]int
	parent     []int
	weight     []int // series read
	families   map[uint64]int
}

func newKin(objectives []*slo.Objective) *kin {
	k := &kin{objectives: objectives, place: map[*slo.Objective]int{}, families: map[uint64]int{}}
	for i, o := range objectives {
		k.place[o] = i
		k.parent = append(k.parent, i)
		k.weight = append(k.weight, 1)
	}
	k.compose()
	return k
}

// compose keeps composites with their members.
func (k *kin) compose() {
	byID := make(map[string]int, len(k.objectives))
	for i, o := range k.objectives {
		byID[o.ID()] = i
	}
	for i, o := range k.objectives {
		for _, m := range o.SLI.Members {
			if j, ok := byID[m.ID()]; ok {
				k.unite(k.root(j), k.root(i))
			}
		}
	}
}

// unite makes one set of two roots.
func (k *kin) unite(i, j int) {
	if i != j {
		k.parent[i] = j
		k.weight[j] += k.weight[i]
	}
}

func (k *kin) root(i int) int {
	for k.parent[i] != i {
		k.parent[i] = k.parent[k.parent[i]]
		i = k.parent[i]
	}
	return i
}

// join notes that the objectives read a series.
func (k *kin) join(lset labels.Labels, readers []*slo.Objective) {
	for _, o := range readers {
		i := k.root(k.place[o])
		k.weight[i]++
		h, _ := lset.HashForLabels(nil, labels.MetricName, "instance", "job")
		first, ok := k.families[h]
		if !ok {
			k.families[h] = i
			continue
		}
		k.unite(i, k.root(first))
	}
}

// deal makes up to n sets of about equal weight, none empty.
func (k *kin) deal(n int) [][]*slo.Objective {
	var roots []int
	for i := range k.parent {
		if k.root(i) == i {
			roots = append(roots, i)
		}
	}
	slices.SortStableFunc(roots, func(a, b int) int { return cmp.Compare(k.weight[b], k.weight[a]) })
	n = min(n, len(roots))
	load, lane := make([]int, n), map[int]int{}
	for _, r := range roots {
		least := 0
		for i := range load {
			if load[i] < load[least] {
				least = i
			}
		}
		lane[r] = least
		load[least] += k.weight[r]
	}
	sets := make([][]*slo.Objective, n)
	for i, o := range k.objectives {
		at := lane[k.root(i)]
		sets[at] = append(sets[at], o)
	}
	return sets
}
