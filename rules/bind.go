package rules

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/rules/match"
	"github.com/slowburn/slowburn/slo"
)

// series is one source series that some objective reads. All but lset and src
// is guarded by src.mu. Ingest is bound by the memory that it touches: what each sample
// asks stands together at the beginning.
type series struct {
	src    *source
	family *count.Family
	bound  []bound
	one    [1]bound // what bound points to where it is one: most series feed one term

	cadence count.Cadence
	rate    int64 // scrapes expected per slot, in millionths; 0 while unknown
	// switches is how many of its source's this series' samples have come after.
	switches uint32
	live     bool  // scraped, and neither stale nor given up
	loaded   bool  // recent holds what the raw TSDB knew of it
	falls    uint8 // of the newest increments, a bit each: was it a fall
	recent   count.Recent

	born  *pendingBirth // the first sample, while its slot is open
	ref   storage.SeriesRef
	lset  labels.Labels
	next  *series      // of the same hash; guarded by the engine's lock
	place int          // among its source's series
	reads []*freeQuery // the queries that read it
	told  int64        // the scrape interval those know of, ms
}

// bound ties a series to one term of one ledger.
type bound struct {
	led   *ledger
	term  *slo.Term
	place int32 // the term's, among those that are counted
	// birth says whether the value of the series' first sample was counted.
	birth verdict
	// scrapes says whether the series' scrapes count for the ledger's coverage: those
	// that bring the total do.
	scrapes bool
}

// Bind returns the reference under which samples of the series are appended, or 0
// if no objective reads it. held says whether Raw may hold samples of it: one that is
// new is spared a search for its past.
func (e *Engine) Bind(lset labels.Labels, held bool) storage.SeriesRef {
	h := lset.Hash()
	e.mu.Lock()
	defer e.mu.Unlock()
	first := e.byLabels[h]
	for s := first; s != nil; s = s.next {
		if labels.Equal(s.lset, lset) {
			if len(s.bound) == 0 && len(s.reads) == 0 {
				return 0 // no objective reads it any more
			}
			return s.ref
		}
	}
	e.terms = e.index.Match(e.terms[:0], lset)
	if len(e.terms) == 0 {
		return 0
	}
	s := &series{lset: lset, src: e.source(lset), next: first}
	if !held {
		s.loaded = true
		s.recent.SetWhole()
	}
	if n := len(e.free); n > 0 {
		s.ref = e.free[n-1]
		e.free = e.free[:n-1]
		e.series[s.ref-1] = s
	} else {
		e.series = append(e.series, s)
		s.ref = storage.SeriesRef(len(e.series))
	}
	e.byLabels[h] = s
	s.src.mu.Lock()
	defer s.src.mu.Unlock()
	s.switches = s.src.switches
	s.family = s.src.enterFamily(lset)
	s.src.enter(s)
	e.attach(s, e.terms)
	return s.ref
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
	s.tell(0)
	s.src.leave(s)
	delete(s.src.unsteady, s)
	s.src.leaveFamily(s.lset)
	s.src.mu.Unlock()
	e.series[ref-1] = nil
	e.free = append(e.free, ref)
	h := s.lset.Hash()
	if first := e.byLabels[h]; first != s {
		for first.next != s {
			first = first.next
		}
		first.next = s.next
	} else if e.byLabels[h] = s.next; s.next == nil {
		delete(e.byLabels, h)
	}
}

// attach binds a series to the ledgers of every budget that the terms feed: its
// group's and the roll-up's. A series that is being scraped enters the ledgers that
// are new to it, and leaves those it no longer feeds.
func (e *Engine) attach(s *series, terms []termRef) {
	old := slices.Clone(s.bound)
	s.bound, s.reads, s.told = s.one[:0], nil, 0
	overflowed := false
	for _, t := range terms {
		if t.term == readByQuery {
			s.reads = append(s.reads, e.queryOf(t.obj, s.src))
			continue
		}
		budgets, n := e.budgetsOf(t.obj, s.lset)
		for _, b := range budgets[:n] {
			to := bound{led: b.ledger(e, s.src), term: t.Term, place: int32(t.term), scrapes: t.Total != 0}
			if to.scrapes {
				b.hasTotal.Store(true)
			}
			overflowed = overflowed || b.overflow()
			s.bound = append(s.bound, to)
		}
	}
	if overflowed && len(old) == 0 {
		e.metrics.groupsOverflowed.Inc()
	}
	for _, b := range old {
		b.led.series--
	}
	for _, b := range s.bound {
		b.led.series++
	}
	if s.live {
		s.move(old, e.slot)
	}
	s.tell(s.cadence.Interval())
}

// move takes a live series from the ledgers it fed to those it feeds now.
func (s *series) move(old []bound, slot int64) {
	change := map[*ledger]int{}
	for _, b := range old {
		if b.scrapes {
			change[b.led]--
		}
	}
	for _, b := range s.bound {
		if b.scrapes {
			change[b.led]++
		}
	}
	t := s.recent.Last().T
	for l, n := range change {
		for ; n > 0; n-- {
			l.join(t, slot, s.rate)
		}
		for ; n < 0; n++ {
			l.leave(t, slot, s.rate)
		}
	}
}

// source finds or makes the source a series belongs to.
func (e *Engine) source(lset labels.Labels) *source {
	return e.sourceNamed(sourceName(lset, e.opts.SourceLabels))
}

// sourceName joins the values of the labels that tell sources apart.
func sourceName(lset labels.Labels, names []string) (joined string) {
	for _, name := range names {
		v := lset.Get(name)
		switch {
		case v == "":
		case joined == "":
			joined = v
		default:
			joined += "/" + v
		}
	}
	return joined
}

// termRef is one term of one objective, or a selector of its free query.
type termRef struct {
	obj  *objective
	term int
	*slo.Term
}

// readByQuery is in the place of a term's number where a free query reads the series.
const readByQuery = -1

// refs are all that an objective reads.
func (o *objective) refs() []termRef {
	var refs []termRef
	for i := range o.SLI.Terms {
		refs = append(refs, termRef{o, i, &o.SLI.Terms[i]})
	}
	if o.SLI.Query != nil {
		for _, ms := range o.SLI.Query.Reads {
			refs = append(refs, termRef{o, readByQuery, &slo.Term{Matchers: ms}})
		}
	}
	return refs
}

// newIndex finds the terms of the objectives that read a series.
func newIndex(objectives []*objective) *match.Index[termRef] {
	var refs []termRef
	for _, o := range objectives {
		refs = append(refs, o.refs()...)
	}
	return match.New(refs, func(r termRef) *slo.Term { return r.Term })
}
