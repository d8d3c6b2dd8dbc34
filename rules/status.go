package rules

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Status is a snapshot of every budget, by objective and group labels.
func (e *Engine) Status() []slo.Status {
	now := e.opts.Now().UnixMilli()
	alerts := map[string][]slo.Alert{}
	for _, a := range e.Alerts() {
		key := a.Labels.Get(slo.LabelService) + "/" + a.Labels.Get(slo.LabelSLO)
		alerts[key] = append(alerts[key], a)
	}
	out, unread := e.statuses(now, alerts)
	for i, left := 0, cluesAtOnce; i < len(out); i++ {
		if t := unread[out[i].Reason]; t != nil {
			out[i].Reason += e.clue(t, now, &left)
		}
	}
	return out
}

// statuses are those of Status. unread are the terms that no series feeds, by the reason
// that is given for it.
func (e *Engine) statuses(now int64, alerts map[string][]slo.Alert) (out []slo.Status, unread map[string]*slo.Term) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	read, unsteady := sync.OnceValue(e.readTerms), e.unsteadiness()
	unread = map[string]*slo.Term{}
	out = make([]slo.Status, 0, len(e.ordered))
	for _, o := range e.ordered {
		first := len(out)
		for _, b := range o.budgets {
			if b.hasTotal.Load() || b == o.rollUp {
				s := e.statusOf(b, now, alerts[o.ID()], read, unread)
				s.Reason = cmp.Or(s.Reason, unsteady[b])
				out = append(out, s)
			}
		}
		slices.SortFunc(out[first:], func(a, b slo.Status) int { return labels.Compare(a.Groups, b.Groups) })
	}
	return out, unread
}

// LastTick is the wall time of the last tick that closed and evaluated slots; zero
// before the first.
func (e *Engine) LastTick() time.Time {
	if ms := e.lastTick.Load(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

func (e *Engine) statusOf(b *budget, now int64, alerts []slo.Alert, read func() map[*slo.Term]bool, unread map[string]*slo.Term) slo.Status {
	s := slo.Status{Objective: b.def, Groups: b.groups, Labels: b.labels, State: slo.StateNoData}
	for _, l := range b.feeds() {
		s.Series += l.series
	}
	for _, a := range alerts {
		if matchesGroups(a.Labels, b) {
			s.Alerts = append(s.Alerts, a)
		}
	}
	s.Query = e.queryStatus(b.obj)
	ev := b.last.Load()
	if ev == nil {
		var t *slo.Term
		if s.Reason, t = e.noData(b.obj, read()); t != nil {
			unread[s.Reason] = t
		}
		return s
	}
	s.TS, s.State, s.Pairs = ev.ts, ev.state, ev.pairs
	s.Reason = b.obj.pastReason(math.Float64frombits(e.pastDone.Load()))
	if now-ev.ts > max(absentAfter, 0) {
		s.State = slo.StateNoData
		s.Reason = "no samples since " + time.UnixMilli(ev.ts).UTC().Format(time.RFC3339) + ": is the Prometheus sending, and are its targets up?"
	}
	for i, w := range b.obj.Windows {
		if i >= len(ev.windows) {
			break
		}
		c := ev.windows[i]
		ratio, _ := c.ErrorRatio()
		s.Windows = append(s.Windows, slo.WindowStatus{
			Window: w, Start: w.Start(ev.ts, e.opts.Slot), Counts: c,
			ErrorRatio: ratio, BurnRate: c.BurnRate(ev.target), Remaining: c.Remaining(ev.target),
			RemainingEvents:  c.RemainingEvents(ev.target),
			TimeToExhaustion: slo.TimeToExhaustion(c, ev.hour, ev.target),
			Coverage:         c.Coverage(),
		})
	}
	return s
}

// matchesGroups says whether an alert of the objective is this budget's own.
func matchesGroups(lset labels.Labels, b *budget) bool {
	for _, name := range b.obj.SLI.By {
		want := b.groups.Get(name)
		have := lset.Get(slo.GroupLabel(name))
		if b.obj.Format.Tool() != slo.ToolSlowburn {
			have = lset.Get(name)
		}
		if want != have {
			return false
		}
	}
	return true
}

// noData says why an objective has no data, as far as the engine knows: because of a
// term that no series feeds, if one is given.
func (e *Engine) noData(o *objective, read map[*slo.Term]bool) (string, *slo.Term) {
	if why := o.pastReason(math.Float64frombits(e.pastDone.Load())); why != "" {
		return why, nil
	}
	if st := e.queryStatus(o); st != nil {
		switch {
		case st.Err != "":
			return "its query fails: " + st.Err, nil
		case st.TS != 0:
			return "its query yields no number", nil
		}
		for _, ms := range o.SLI.Query.Reads {
			if t := (&slo.Term{Matchers: ms}); !e.anyMatches(t) {
				return "its query reads 0 series so far: " + t.Selector(), t
			}
		}
		return "its query was not due yet: it is asked once a minute", nil
	}
	if o.SLI.Composite() {
		return "none of its members has data: " + memberNames(o.Objective), nil
	}
	for i := range o.SLI.Terms {
		if t := &o.SLI.Terms[i]; t.Total != 0 && !read[t] {
			return "matches 0 series so far: " + t.Selector(), t
		}
	}
	if len(o.SLI.Terms) > 0 && !e.anySample(o) {
		return "none of its series had a number for a value yet", nil
	}
	return "no slot has closed yet", nil
}

// readTerms are the terms that some series feeds: one pass over the series, however
// many objectives have no data.
func (e *Engine) readTerms() map[*slo.Term]bool {
	read := map[*slo.Term]bool{}
	for _, s := range e.series {
		if s == nil {
			continue
		}
		for i := range s.bound {
			b := &s.bound[i]
			read[&b.led.budget.obj.SLI.Terms[b.term]] = true
		}
	}
	return read
}

// anyMatches says whether some series known is what the term selects.
func (e *Engine) anyMatches(t *slo.Term) bool {
	for _, s := range e.series {
		if s != nil && t.Matches(s.lset) {
			return true
		}
	}
	return false
}

// anySample says whether some series of the objective ever had a sample that counts.
func (e *Engine) anySample(o *objective) bool {
	for _, src := range e.sources {
		src.mu.Lock()
		for s := range src.series {
			if s.recent.Len() > 0 && slices.ContainsFunc(s.bound, func(b bound) bool { return b.led.budget.obj == o }) {
				src.mu.Unlock()
				return true
			}
		}
		src.mu.Unlock()
	}
	return false
}
