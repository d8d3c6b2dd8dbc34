package rules

import (
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

// source is one stream of remote write that keeps order in itself. Its lock guards
// everything that appenders write: its series, the open slots of its ledgers and
// the fields below.
type source struct {
	name string

	mu       sync.Mutex
	ledgers  []*ledger
	series   []*series // in no order
	families map[uint64]*family
	births   []*pendingBirth
	unsteady map[*series]struct{}

	nextBirth int64   // event time of the oldest of births, ms
	newest    int64   // newest event time, ms; a target that leads wall time does not move it
	ahead     int64   // the same, but up to a slot ahead of wall time
	arrived   int64   // wall time of the newest batch, ms
	closed    int64   // end of the newest slot cut, ms; 0 before the first sample
	first     int64   // event time of the oldest sample before a slot was cut, ms; 0 if it is not known
	seen      []int64 // ends of slots after closed that got samples, ascending
	lastSeen  int64   // end of the newest slot up to closed that got samples
	slotted   int64   // end of the slot asked for last
	interval  int64   // the longest scrape interval of a live series, ms
	position  int64   // the raw WAL position of the newest batch applied
	switches  uint32  // how often another of its replicas was elected
	dirty     []*ledger

	closedAtStart int64 // what Restore found closed, ms

	// queries are the free queries over this source, results the source of what they
	// came to. step is set on the latter: how far apart its results lie, ms.
	queries map[*objective]*freeQuery
	results *source
	step    int64

	swept    int64 // event time of the last look for vanished series, ms
	lagSince int64 // wall time since when it has been sending old samples, ms; 0 if it is not
	low      int64 // the lag when it was last seen to shrink, ms
	lowAt    int64 // the wall time of that, ms

	// silent and lagging are the evaluator's: nothing has arrived for so long that
	// the source holds nothing up, and the source is behind wall time.
	silent, lagging bool
	// old says that what arrived last was old already then; heard, that anything
	// arrived since the start.
	old, heard bool
	lagAlert   *alertState
	lagBefore  int64 // at the last look, ms
}

func newSource(name string) *source {
	src := &source{name: name, nextBirth: noBirth, families: map[uint64]*family{}, queries: map[*objective]*freeQuery{}}
	if strings.HasSuffix(name, resultsSuffix) {
		src.step = slo.QueryStep.Milliseconds()
	}
	return src
}

// family is the family of series that one scrape brings together, as long as one of
// them is bound.
type family struct {
	count.Family
	series int
}

func familyKey(lset labels.Labels) uint64 {
	var buf [256]byte
	h, _ := lset.HashForLabels(buf[:0], labels.MetricName, "instance", "job")
	return h
}

// enter and leave count a series among the source's.
func (src *source) enter(s *series) {
	s.place = len(src.series)
	src.series = append(src.series, s)
}

func (src *source) leave(s *series) {
	last := len(src.series) - 1
	src.series[s.place] = src.series[last]
	src.series[s.place].place = s.place
	src.series[last] = nil
	src.series = src.series[:last]
}

// enterFamily finds or makes the family a series belongs to: metric name and target.
func (src *source) enterFamily(lset labels.Labels) *count.Family {
	key := familyKey(lset)
	f := src.families[key]
	if f == nil {
		f = &family{}
		src.families[key] = f
	}
	f.series++
	return &f.Family
}

// leaveFamily lets go of a family with its last series.
func (src *source) leaveFamily(lset labels.Labels) {
	key := familyKey(lset)
	if f := src.families[key]; f != nil {
		if f.series--; f.series == 0 {
			delete(src.families, key)
		}
	}
}

// note records that a sample with event time t has arrived. Event time does not
// pass wall time: else one target that leads would make all others late.
func (src *source) note(t int64, slot int64) {
	newest := min(t, src.arrived)
	if src.closed == 0 {
		// The first samples come from several shards: leave room before them.
		src.closed = slotEnd(newest, slot) - slot - firstRoom/slot*slot
		src.first = newest
	}
	if src.lastSeen == 0 {
		src.first = min(src.first, newest)
	}
	src.newest = max(src.newest, newest)
	src.ahead = max(src.ahead, min(t, src.arrived+slot))
	if end := src.slotEnd(t, slot); end > src.closed {
		src.noteSlot(end)
	}
}

// since is the event time from which an objective's series were observed at the source, ms.
func (src *source) since(r *ObjectiveRecord) int64 {
	if r.Outset && src.first != 0 && src.first < r.Since {
		return src.first - 1 // its first scrape was observed
	}
	return r.Since
}

// noteSlot records that the open slot that ends at end holds something.
func (src *source) noteSlot(end int64) {
	i := len(src.seen)
	for i > 0 && src.seen[i-1] > end {
		i--
	}
	if i > 0 && src.seen[i-1] == end {
		return
	}
	src.seen = slices.Insert(src.seen, i, end)
}

// firstRoom is how far before its first sample a source's slots stay open, ms.
const firstRoom = 5 * 60 * 1000

// silence is for how long a source may be quiet before it holds nothing up, ms.
// Results are as far apart as they are, and then wait for their source's slots.
func (src *source) silence() int64 { return max(2*src.interval, 60_000) + 2*src.step }

// behind says whether the source lags wall time so far that it is catching up.
func (src *source) behind(now int64, o *Options) bool {
	return now-src.newest > o.CatchUpLag.Milliseconds()+2*src.step
}

// live says whether some series of it is being scraped, as far as is known.
func (src *source) live() bool {
	for _, l := range src.ledgers {
		if l.live > 0 {
			return true
		}
	}
	return false
}

// slotEnd is the end of the slot in which ts lies: most often the one asked for last,
// and a division costs as much as all else that a sample's slot does.
func (src *source) slotEnd(ts, slot int64) int64 {
	if ts > src.slotted || ts <= src.slotted-slot {
		src.slotted = slotEnd(ts, slot)
	}
	return src.slotted
}

func slotEnd(ts, slot int64) int64 {
	r := ts % slot
	if r == 0 {
		return ts
	}
	return ts - r + slot
}

// SourceStatus is what the engine knows of one source.
type SourceStatus struct {
	Name string
	// Newest is the newest event time, Arrived the wall time of the newest batch,
	// Closed the end of the newest closed slot; ms.
	Newest, Arrived, Closed int64
	Series, Ledgers         int
}

// Sources are the sources seen so far, by name.
func (e *Engine) Sources() []SourceStatus {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []SourceStatus
	for _, src := range e.sources {
		src.mu.Lock()
		out = append(out, SourceStatus{src.name, src.newest, src.arrived, src.closed, len(src.series), len(src.ledgers)})
		src.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b SourceStatus) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}
