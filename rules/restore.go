package rules

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

// warmUp is how far before the newest closed slot raw samples are read at start:
// enough for neighbours, cadences and the families of births, ms.
const warmUp = 5 * 60 * 1000

// LoadRecords reads generations, versions and alert states from the store. It comes
// before the first Apply.
func (e *Engine) LoadRecords() error {
	e.tick.Lock()
	defer e.tick.Unlock()
	all, err := e.opts.Store.Load()
	if err != nil {
		return fmt.Errorf("load the engine's records: %w", err)
	}
	e.stored.blank = len(all) == 0
	for key, r := range all {
		switch {
		case r.Objective != nil && len(r.Objective.Generations) > 0:
			e.known[strings.TrimPrefix(key, "objective/")] = r.Objective
		case r.Alert != nil:
			e.stored.alerts[key] = r.Alert
		case r.Source != nil:
			e.stored.sources[strings.TrimPrefix(key, "source/")] = r.Source
		}
	}
	return nil
}

// storedState is what the store held at start, until Restore has used it.
type storedState struct {
	alerts  map[string]*AlertRecord
	sources map[string]*SourceRecord
	blank   bool // it held nothing: this is the first start, or it was lost
}

// Restore rebuilds what memory held when the process ended, after the first Apply:
// closed slots from the ledger TSDB, open ones from the raw TSDB, samples that had
// arrived late from its WAL, alert states from the store. Slots that were written
// but whose evaluation was not saved are evaluated again.
func (e *Engine) Restore(ctx context.Context) error {
	e.tick.Lock()
	defer e.tick.Unlock()
	e.mu.Lock()
	objectives := slices.Clone(e.ordered)
	e.mu.Unlock()
	positions, err := e.loadPositions()
	if err != nil {
		return err
	}
	if err := e.loadLedgers(ctx, objectives, e.readCheckpoint()); err != nil {
		return err
	}
	if err := e.replayRaw(ctx); err != nil {
		return err
	}
	if e.opts.Damaged {
		if err := e.takeBack(ctx); err != nil {
			return err
		}
	}
	e.resumeQueries()
	e.recoverLate(positions)
	if e.opts.Position != nil {
		// All that the WAL holds is accounted for now.
		for _, src := range e.sources {
			src.position = e.opts.Position()
		}
	}
	e.restoreAlerts()
	e.resume(e.opts.Now().UnixMilli())
	e.stored = storedState{}
	e.restored.Store(true)
	e.alerts.changed = true
	return e.records.save()
}

// loadPositions reads, for every source, the newest slot it closed and the raw WAL
// position that goes with it.
func (e *Engine) loadPositions() (map[string]int64, error) {
	q, err := e.opts.Ledger.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("read ledger positions: %w", err)
	}
	defer q.Close()
	positions := map[string]int64{}
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, positionName))
	for set.Next() {
		name := set.At().Labels().Get(slo.LabelSource)
		src := e.sourceNamed(name)
		it := set.At().Iterator(nil)
		for vt := it.Next(); vt == chunkenc.ValFloat; vt = it.Next() {
			t, v := it.At()
			src.closed, positions[name] = t, int64(v)
			if src.first == 0 {
				src.first = t
			}
		}
		if r := e.stored.sources[name]; r != nil {
			src.first = r.First
		}
		src.closedAtStart = src.closed
		src.lastSeen, src.newest, src.position = src.closed, src.closed, positions[name]
	}
	return positions, set.Err()
}

// replayRaw applies the raw samples that closed slots do not hold yet, in time
// order, after those before them have warmed up what the engine knows of each
// series.
func (e *Engine) replayRaw(ctx context.Context) error {
	now := e.opts.Now().UnixMilli()
	newest, recent, oldest := e.newestClosed(), now-hour, int64(forever)
	// A source that vanished long ago is read on its own: the others need not be read
	// back to where it ended.
	vanished := func(src *source) bool { return src.vanished(newest) }
	for _, src := range e.sources {
		switch {
		case src.step != 0: // it has no raw samples
		case vanished(src):
			oldest = min(oldest, src.closed)
		case src.closed != 0:
			recent = min(recent, src.closed)
		}
	}
	events, err := e.rawEvents(ctx, recent-warmUp, func(src *source) bool { return !vanished(src) })
	if err == nil && oldest != forever {
		var old []rawEvent
		old, err = e.rawEvents(ctx, oldest-warmUp, vanished)
		events = append(events, old...)
	}
	if err != nil {
		return err
	}
	slices.SortStableFunc(events, func(a, b rawEvent) int { return int(a.T - b.T) })

	e.mu.RLock()
	defer e.mu.RUnlock()
	for i := range events {
		if ev := &events[i]; ev.T <= ev.s.src.closedAtStart {
			ev.s.warm(ev.Sample)
		}
	}
	for _, src := range e.sources {
		src.mu.Lock()
		for _, s := range src.series {
			e.learnCadence(s)
			s.settle(e.slot)
		}
		src.mu.Unlock()
	}
	for i := range events {
		ev := &events[i]
		if ev.T <= ev.s.src.closedAtStart {
			continue
		}
		e.opts.Restoring("the newest samples are counted", float64(i)/float64(len(events)))
		ev.s.src.mu.Lock()
		if !ev.s.loaded {
			e.loadBefore(ev.s, ev.T)
		}
		e.apply(ev.s, &ev.Sample, nil)
		ev.s.src.mu.Unlock()
	}
	return nil
}

// rawEvent is one stored sample of a bound series.
type rawEvent struct {
	s *series
	count.Sample
}

// rawEvents reads the samples from a time on of every series some term reads, of the
// sources that are wanted: those that their closed slots need for warming up, and
// those that no closed slot holds.
func (e *Engine) rawEvents(ctx context.Context, from int64, wanted func(*source) bool) ([]rawEvent, error) {
	q, err := e.opts.Raw.Querier(from, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("read raw samples: %w", err)
	}
	defer q.Close()
	var events []rawEvent
	set := q.Select(ctx, false, nil, e.index.Names())
	for set.Next() {
		ref := e.Bind(set.At().Labels(), true)
		if ref == 0 {
			continue
		}
		s := e.lookup(ref)
		if !wanted(s.src) {
			continue
		}
		it := set.At().Iterator(nil)
		for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
			if x := sampleAt(it, vt); s.src.closed == 0 || x.T > s.src.closed-warmUp {
				events = append(events, rawEvent{s, x})
			}
		}
	}
	if err := set.Err(); err != nil {
		return nil, fmt.Errorf("read raw samples: %w", err)
	}
	return events, nil
}

// warm lets a series know a sample that closed slots hold already.
func (s *series) warm(x count.Sample) {
	if x.Stale() {
		s.live = false
		return
	}
	if !x.Valid() {
		return
	}
	s.loaded = true
	s.family.Scrape(x.T)
	if last := s.recent.Last(); last != nil {
		s.cadence.Observe(x.T - last.T)
	}
	s.live = true
	s.recent.Insert(x)
}

// learnCadence looks further back for the scrape interval of a series of which the
// warm-up saw few samples, if more than coverage depends on it: for how long a gauge's
// value is held, and over which range a query is asked.
func (e *Engine) learnCadence(s *series) {
	const enough = hour
	if s.recent.Len() >= count.Kept || len(s.reads) == 0 && !slices.ContainsFunc(s.bound, func(b bound) bool {
		return b.term.Kind == slo.GaugeSlices
	}) {
		return
	}
	s.cadence = count.Cadence{}
	past := e.rawSamples(s.lset, s.src.closedAtStart-enough, s.src.closedAtStart, nil)
	for i := 1; i < len(past); i++ {
		s.cadence.Observe(past[i].T - past[i-1].T)
	}
}

// settle counts a warmed-up series in among those scraped.
func (s *series) settle(slot int64) {
	s.takeCadence(slot)
	if !s.live {
		return
	}
	for _, b := range s.bound {
		if b.scrapes {
			b.led.live++
			b.led.rate += s.rate
			b.led.expect = b.led.rate
		}
	}
}

// loadBefore gives a series the newest sample before t.
func (e *Engine) loadBefore(s *series, t int64) {
	s.loaded = true
	past := e.rawSamples(s.lset, math.MinInt64, t-1, nil)
	if len(past) == 0 {
		s.recent.SetWhole()
		return
	}
	s.learn(past)
	s.takeCadence(e.slot)
	s.recent.Insert(past[len(past)-1])
}

// restoreAlerts gives budgets their alert states back. States of budgets that are
// not configured any more are dropped: their alerts are resolved.
func (e *Engine) restoreAlerts() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, o := range e.ordered {
		for _, b := range o.budgets {
			for i := range b.def.Rules {
				key := alertKey(b, i)
				if r := e.stored.alerts[key]; r != nil {
					a := &alertState{AlertRecord: *r, key: key, budget: b, rule: i}
					b.alerts[i] = a
					e.alerts.add(a)
					delete(e.stored.alerts, key)
				}
			}
			if r := e.stored.alerts["alert/"+b.key+"/missing"]; r != nil {
				b.missing = &alertState{AlertRecord: *r, key: "alert/" + b.key + "/missing", budget: b, rule: -1}
				e.alerts.add(b.missing)
				delete(e.stored.alerts, b.missing.key)
			}
		}
	}
	for _, src := range e.sources {
		if r := e.stored.alerts["alert/source/"+src.name]; r != nil {
			src.lagAlert = &alertState{AlertRecord: *r, key: "alert/source/" + src.name, rule: -1}
			e.alerts.add(src.lagAlert)
			delete(e.stored.alerts, src.lagAlert.key)
		}
	}
	for key := range e.stored.alerts {
		e.records.delAlert(key)
	}
}
