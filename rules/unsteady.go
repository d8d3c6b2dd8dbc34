package rules

import (
	"fmt"
	"math/bits"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

// A counter that falls was reset, and counts from 0. One that falls again and again is
// counted so too, for nothing tells better, but is hardly what it is taken for: a gauge,
// or a name that several targets write. That is said of every budget it feeds.

const (
	// unsteadyFalls of the newest eight increments make a series unsteady, until none is
	// a fall.
	unsteadyFalls = 4
	// unsteadyTold is how many series of a source are looked at for what is said.
	unsteadyTold = 1000
)

// steady notes whether the step from prev to x, the newest sample, was a fall without a
// start timestamp to explain it.
func (s *series) steady(prev, x *count.Sample) {
	if x.H != nil || prev.H != nil || s.bound[0].term.Kind == slo.GaugeSlices {
		return
	}
	s.falls <<= 1
	if x.V < prev.V && (x.ST <= prev.T || x.ST > x.T) {
		s.falls |= 1
	}
	switch {
	case s.falls == 0:
		if s.src.unsteady != nil {
			delete(s.src.unsteady, s)
		}
	case bits.OnesCount8(s.falls) >= unsteadyFalls:
		if s.src.unsteady == nil {
			s.src.unsteady = map[*series]struct{}{}
		}
		s.src.unsteady[s] = struct{}{}
	}
}

// unsteadiness says of every budget that unsteady series feed which one does, or how
// many do.
func (e *Engine) unsteadiness() map[*budget]string {
	feeding := map[*budget]map[string]bool{}
	for _, src := range e.sources {
		src.mu.Lock()
		looked := 0
		for s := range src.unsteady {
			if looked++; looked > unsteadyTold {
				break
			}
			for i := range s.bound {
				b := s.bound[i].led.budget
				if feeding[b] == nil {
					feeding[b] = map[string]bool{}
				}
				feeding[b][s.lset.String()] = true
			}
		}
		src.mu.Unlock()
	}
	out := map[*budget]string{}
	for b, series := range feeding {
		first := ""
		for name := range series {
			if first == "" || name < first {
				first = name
			}
		}
		more := ""
		if n := len(series) - 1; n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		out[b] = first + more + " falls again and again, and each fall counts as a reset: is it a gauge, do several targets write it, or does its target restart all the time?"
	}
	return out
}

// unsteadySeries is how many series are.
func (e *Engine) unsteadySeries() (n int) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, src := range e.sources {
		src.mu.Lock()
		n += len(src.unsteady)
		src.mu.Unlock()
	}
	return n
}
