package tsdb

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// source is one stream of remote write that keeps order in itself. Its lock is
// held from the check for duplicates to the sink's commit.
type source struct {
	name string
	// unneeded stands for all its series that no objective reads.
	unneeded *series

	mu       sync.Mutex
	series   map[uint64]*series // by the hash of their labels
	count    int
	head     uint32 // generation of the head that references are of
	election election

	newest   int64 // event time, ms
	received time.Time
	samples  uint64
}

// SourceInfo is a snapshot of one source.
type SourceInfo struct {
	// Name is the values of the source labels, joined by slashes.
	Name string
	// Newest is the newest event time stored, ms; 0 before the first sample.
	Newest int64
	// Received is the wall time of the last request that brought samples.
	Received time.Time
	// Samples counts those stored.
	Samples uint64
	// Replica is the elected one, empty if it has none.
	Replica string
}

// Sources are snapshots of all sources, in no order.
func (r *Receiver) Sources() []SourceInfo {
	var out []SourceInfo
	for _, src := range r.allSources() {
		src.mu.Lock()
		out = append(out, SourceInfo{src.name, src.newest, src.received, src.samples, src.election.name()})
		src.mu.Unlock()
	}
	return out
}

func (r *Receiver) allSources() []*source {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*source, 0, len(r.sources))
	for _, src := range r.sources {
		out = append(out, src)
	}
	return out
}

var errSources = errors.New("too many sources")

// source finds or makes a source.
func (r *Receiver) source(name string) (*source, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if src := r.sources[name]; src != nil {
		return src, nil
	}
	if len(r.sources) >= r.opts.Limits.Sources {
		return nil, fmt.Errorf("%w: source %q is one more than the limit of %d", errSources, name, r.opts.Limits.Sources)
	}
	src := &source{name: name, series: map[uint64]*series{}, election: election{failover: r.opts.Failover}}
	if was := r.elected[electionKey(name)]; was.Replica != "" {
		src.election.recall(was, r.opts.Now())
		r.metrics.elect(name, was.Replica)
	}
	src.unneeded = &series{src: src}
	r.sources[name] = src
	return src, nil
}

// find looks a series up by its labels.
func (src *source) find(lset labels.Labels, hash uint64) *series {
	for s := src.series[hash]; s != nil; s = s.next {
		if labels.Equal(s.lset, lset) {
			return s
		}
	}
	return nil
}

// obtain finds or makes the series with these labels, or gives the one that stands
// for those nobody needs. It asks app, nil if nobody can tell, what is stored of it.
func (r *Receiver) obtain(src *source, lset labels.Labels, app *appender) *series {
	hash := lset.Hash()
	if s := src.find(lset, hash); s != nil {
		return s
	}
	s := &series{src: src, lset: lset}
	held := true
	if app != nil {
		held = s.seek(app, hash)
	}
	if r.opts.Bind != nil {
		s.sink = r.opts.Bind(s.lset, held)
	}
	if r.unneeded(s) {
		return src.unneeded
	}
	s.next = src.series[hash]
	src.series[hash] = s
	src.count++
	return s
}

// prune removes the series that drop selects and lets go of them.
func (r *Receiver) prune(src *source, drop func(*series) bool) {
	for hash := range src.series {
		r.pruneHash(src, hash, drop)
	}
}

// discard removes one series, of which nothing is stored.
func (r *Receiver) discard(s *series) {
	r.pruneHash(s.src, s.lset.Hash(), func(o *series) bool { return o == s })
}

func (r *Receiver) pruneHash(src *source, hash uint64, drop func(*series) bool) {
	var kept *series
	for s := src.series[hash]; s != nil; {
		next := s.next
		if drop(s) {
			s.dead, s.next = true, nil
			src.count--
			if s.sink != 0 && r.opts.Unbind != nil {
				r.opts.Unbind(s.sink)
			}
		} else {
			s.next, kept = kept, s
		}
		s = next
	}
	if kept == nil {
		delete(src.series, hash)
	} else {
		src.series[hash] = kept
	}
}
