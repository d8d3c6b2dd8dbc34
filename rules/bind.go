package rules

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

// series is one source series that some objective reads. All but lset and src
// is guarded by src.mu.
type series struct {
	ref    storage.SeriesRef
	lset   labels.Labels
	src    *source
	family *count.Family
	bound  []bound

	recent  count.Recent
	loaded  bool         // recent holds what the raw TSDB knew of it
	born    *count.Birth // the first sample, while older ones may still come
	counted bool         // the first sample's value was counted as a birth
	cadence count.Cadence
	live    bool  // scraped, and neither stale nor given up
	rate    int64 // scrapes expected per slot, in millionths; 0 while unknown
}

// bound ties a series to one term of one ledger.
type bound struct {
	led  *ledger
	term int
}

// Bind returns the reference under which samples of the series are appended, or 0
// if no objective reads it.
func (e *Engine) Bind(lset labels.Labels) storage.SeriesRef {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bind(lset)
}

func (e *Engine) bind(lset labels.Labels) storage.SeriesRef {
	h := lset.Hash()
	for _, s := range e.byLabels[h] {
		if labels.Equal(s.lset, lset) {
			if len(s.bound) == 0 {
				return 0 // no objective reads it any more
			}
			return s.ref
		}
	}
	terms := e.index.match(lset)
	if len(terms) == 0 {
		return 0
	}
	s := &series{lset: lset.Copy(), src: e.source(lset)}
	s.src.mu.Lock()
	s.family = s.src.family(lset)
	e.attach(s, terms)
	s.src.mu.Unlock()

	var ref storage.SeriesRef
	if n := len(e.free); n > 0 {
		ref = e.free[n-1]
		e.free = e.free[:n-1]
		e.series[ref-1] = s
	} else {
		e.series = append(e.series, s)
		ref = storage.SeriesRef(len(e.series))
	}
	s.ref = ref
	s.src.mu.Lock()
	s.src.series[s] = struct{}{}
	s.src.mu.Unlock()
	e.byLabels[h] = append(e.byLabels[h], s)
	return ref
}

// Unbind lets go of a series the raw TSDB has dropped from memory. Its reference
// may be given to another series afterwards.
func (e *Engine) Unbind(ref storage.SeriesRef) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ref == 0 || int(ref) > len(e.series) || e.series[ref-1] == nil {
		return
	}
	s := e.series[ref-1]
	s.src.mu.Lock()
	s.stop(s.src.newest, e.slot)
	for _, b := range s.bound {
		b.led.series--
	}
	delete(s.src.series, s)
	s.src.mu.Unlock()
	e.series[ref-1] = nil
	e.free = append(e.free, ref)
	h := s.lset.Hash()
	kept := e.byLabels[h][:0]
	for _, o := range e.byLabels[h] {
		if o != s {
			kept = append(kept, o)
		}
	}
	if e.byLabels[h] = kept; len(kept) == 0 {
		delete(e.byLabels, h)
	}
}

// attach binds a series to the ledgers of every budget that the terms feed: its
// group's and the roll-up's. A series that is being scraped enters the ledgers
// that are new to it.
func (e *Engine) attach(s *series, terms []termRef) {
	old := s.bound
	s.bound = nil
	for _, t := range terms {
		for _, b := range e.budgetsOf(t.obj, s.lset) {
			led := b.ledger(e, s.src)
			to := bound{led, t.term}
			if to.scrapes() {
				b.hasTotal.Store(true)
			}
			s.bound = append(s.bound, to)
			if slices.Contains(old, to) {
				continue
			}
			led.series++
			if s.live && to.scrapes() {
				led.enter(s.recent.Last().T, e.slot, s.rate)
			}
		}
	}
	for _, from := range old {
		if !slices.Contains(s.bound, from) {
			from.led.series--
			if s.live && from.scrapes() {
				from.led.leave(s.recent.Last().T, e.slot, s.rate)
			}
		}
	}
}

// scrapes says whether the series' scrapes count for the ledger's coverage: those
// that bring the total do.
func (b bound) scrapes() bool { return b.led.budget.obj.SLI.Terms[b.term].Total != 0 }

// source finds or makes the source a series belongs to.
func (e *Engine) source(lset labels.Labels) *source {
	var parts []string
	for _, name := range e.opts.SourceLabels {
		if v := lset.Get(name); v != "" {
			parts = append(parts, v)
		}
	}
	return e.sourceNamed(strings.Join(parts, "/"))
}

// termRef is one term of one objective.
type termRef struct {
	obj  *objective
	term int
}

// termIndex finds the terms that read a series without asking every term: by
// metric name, and within a name by the label whose equality matchers tell most
// terms apart.
type termIndex struct {
	names map[string]*nameIndex
	rest  []termRef
}

type nameIndex struct {
	label  string
	values map[string][]termRef
	rest   []termRef
}

func newTermIndex(objectives []*objective) *termIndex {
	byName := map[string][]termRef{}
	x := &termIndex{names: map[string]*nameIndex{}}
	for _, o := range objectives {
		for i := range o.SLI.Terms {
			ref := termRef{o, i}
			if name, ok := equality(&o.SLI.Terms[i], labels.MetricName); ok {
				byName[name] = append(byName[name], ref)
			} else {
				x.rest = append(x.rest, ref)
			}
		}
	}
	for name, refs := range byName {
		x.names[name] = newNameIndex(refs)
	}
	return x
}

func newNameIndex(refs []termRef) *nameIndex {
	distinct := map[string]map[string]bool{}
	for _, r := range refs {
		for _, m := range r.obj.SLI.Terms[r.term].Matchers {
			if m.Type == labels.MatchEqual && m.Name != labels.MetricName && m.Value != "" {
				if distinct[m.Name] == nil {
					distinct[m.Name] = map[string]bool{}
				}
				distinct[m.Name][m.Value] = true
			}
		}
	}
	x := &nameIndex{values: map[string][]termRef{}}
	for name, values := range distinct {
		if n := len(distinct[x.label]); len(values) > n || len(values) == n && name < x.label {
			x.label = name
		}
	}
	for _, r := range refs {
		if v, ok := equality(&r.obj.SLI.Terms[r.term], x.label); ok && x.label != "" {
			x.values[v] = append(x.values[v], r)
		} else {
			x.rest = append(x.rest, r)
		}
	}
	return x
}

// equality is the value a term demands of a label, if it demands one.
func equality(t *slo.Term, name string) (string, bool) {
	for _, m := range t.Matchers {
		if m.Name == name && m.Type == labels.MatchEqual && m.Value != "" {
			return m.Value, true
		}
	}
	return "", false
}

func (x *termIndex) match(lset labels.Labels) []termRef {
	var out []termRef
	add := func(refs []termRef) {
		for _, r := range refs {
			if r.obj.SLI.Terms[r.term].Matches(lset) {
				out = append(out, r)
			}
		}
	}
	if n := x.names[lset.Get(labels.MetricName)]; n != nil {
		add(n.rest)
		if n.label != "" {
			add(n.values[lset.Get(n.label)])
		}
	}
	add(x.rest)
	return out
}
