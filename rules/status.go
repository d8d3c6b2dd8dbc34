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
	read, unsteady := sync.OnceValue(e.fed), e.unsteadiness()
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

func (e *Engine) statusOf(b *budget, now int64, alerts []slo.Alert, read func() fed, unread map[string]*slo.Term) slo.Status {
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
	s.TS, s.Since, s.State, s.Pairs = ev.ts, ev.since, ev.state, ev.pairs
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
func (e *Engine) noData(o *objective, f fed) (string, *slo.Term) {
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
		if reads := o.SLI.Query.Reads; !f.queries[o] && len(reads) > 0 {
			t := &slo.Term{Matchers: reads[0]}
			return "its query reads 0 series so far: " + t.Selector(), t
		}
		return "its query was not due yet: it is asked once a minute", nil
	}
	if o.SLI.Composite() {
		return "none of its members has data: " + memberNames(o.Objective), nil
	}
	for i := range o.SLI.Terms {
		if t := &o.SLI.Terms[i]; t.Total != 0 && !f.terms[t] {
			return "matches 0 series so far: " + t.Selector(), t
		}
	}
	if len(o.SLI.Terms) > 0 && !o.anySample() {
		return "none of its series had a number for a value yet", nil
	}
	return "no slot has closed yet", nil
}

// fed are the terms that some series feeds and the objectives whose query some series
// feeds.
type fed struct {
	terms   map[*slo.Term]bool
	queries map[*objective]bool
}

// fed is one pass over the series, however many objectives have no data.
func (e *Engine) fed() fed {
	f := fed{map[*slo.Term]bool{}, map[*objective]bool{}}
	for _, s := range e.series {
		if s == nil {
			continue
		}
		for i := range s.bound {
			f.terms[s.bound[i].term] = true
		}
		for _, q := range s.reads {
			f.queries[q.obj] = true
		}
	}
	return f
}

// fedNow is fed as of this tick's first asking: thousands of objectives may ask at once.
func (e *Engine) fedNow() fed {
	if e.fedInTick == nil {
		f := e.fed()
		e.fedInTick = &f
	}
	return *e.fedInTick
}

// anySample says whether some series of the objective ever had a sample that counts: it
// opens a slot.
func (o *objective) anySample() bool {
	for _, b := range o.budgets {
		for _, l := range b.ledgers {
			l.src.mu.Lock()
			any := l.begun != 0 || len(l.open) > 0
			l.src.mu.Unlock()
			if any {
				return true
			}
		}
	}
	return false
}
