package rules

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/history"
	"github.com/slowburn/slowburn/slo"
)

// loadLedgers reads the past of the objectives' budgets: from the checkpoint and, of
// the ledger TSDB, what came after it; ledgers the checkpoint does not hold are read
// from there whole.
func (e *Engine) loadLedgers(ctx context.Context, objectives []*objective, saved checkpoint) error {
	if len(objectives) == 0 {
		return nil
	}
	byID := map[string]*objective{}
	reach := time.Duration(0)
	for _, o := range objectives {
		byID[o.ID()] = o
		reach = max(reach, o.reach.longest)
	}
	// Windows end at the newest slot closed, however long ago that was.
	now := e.opts.Now().UnixMilli()
	if newest := e.newestClosed(); newest != 0 {
		now = min(now, newest)
	}
	from := now - (reach + 2*time.Hour).Milliseconds()
	whole := map[*ledger]bool{} // whether all of its past is in memory
	if len(saved) > 0 {
		err := e.scanLedgers(ctx, byID, max(from, saved.end()), func(s *storedLedger, l *ledger) error {
			if _, seen := whole[l]; !seen {
				whole[l] = saved.take(l, e.opts.Slot)
			}
			if !whole[l] {
				return nil
			}
			fits, err := e.continueLedger(s, l)
			whole[l] = fits
			return err
		})
		if err != nil {
			return err
		}
		e.metrics.checkpointHits.Add(len(whole))
	}
	for l, ok := range whole {
		if !ok {
			l.hist = l.budget.obj.history(e.opts.Slot)
		}
	}
	if len(saved) > 0 && len(whole) >= len(saved) && !slices.Contains(slices.Collect(maps.Values(whole)), false) {
		return nil
	}
	return e.scanLedgers(ctx, byID, from, func(s *storedLedger, l *ledger) error {
		if whole[l] {
			return nil
		}
		return e.loadLedger(ctx, s, l, from, now)
	})
}

// scanLedgers calls fn with every stored generation of the objectives' ledgers that
// has rows from a time on, generations in order.
func (e *Engine) scanLedgers(ctx context.Context, byID map[string]*objective, from int64, fn func(*storedLedger, *ledger) error) error {
	q, err := e.opts.Ledger.Querier(from, math.MaxInt64)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	defer q.Close()
	stored := map[string]*storedLedger{}
	var order []*storedLedger
	for k, name := range storedNames {
		ms := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)}
		if len(byID) == 1 {
			for _, o := range byID {
				ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, slo.LabelSLO, o.Name), labels.MustNewMatcher(labels.MatchEqual, slo.LabelService, o.Service))
			}
		}
		set := q.Select(ctx, true, nil, ms...)
		for set.Next() {
			lset := set.At().Labels()
			o := byID[lset.Get(slo.LabelService)+"/"+lset.Get(slo.LabelSLO)]
			if o == nil || !o.record.has(lset.Get(slo.LabelGeneration)) {
				continue
			}
			key := labels.NewBuilder(lset).Del(labels.MetricName).Labels().String()
			s := stored[key]
			if s == nil {
				s = &storedLedger{obj: o, lset: lset}
				stored[key] = s
				order = append(order, s)
			}
			s.columns[k] = set.At().Iterator(nil)
		}
		if err := set.Err(); err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
	}
	slices.SortStableFunc(order, func(a, b *storedLedger) int { return a.generation() - b.generation() })
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, s := range order {
		if !e.restored.Load() {
			e.opts.Restoring("budgets are read from the ledger", float64(i)/float64(len(order)))
		}
		if err := fn(s, e.ledgerOf(s)); err != nil {
			return err
		}
	}
	return nil
}

// ledgerOf finds or makes the ledger that a stored one belongs to.
func (e *Engine) ledgerOf(s *storedLedger) *ledger {
	b := e.storedGroup(s.obj, s.obj.GroupsOf(s.lset))
	src := e.sourceNamed(s.lset.Get(slo.LabelSource))
	src.mu.Lock()
	defer src.mu.Unlock()
	return b.ledger(e, src)
}

// storedLedger is one generation of one ledger as the TSDB holds it.
type storedLedger struct {
	obj     *objective
	lset    labels.Labels
	columns [numStored]chunkenc.Iterator
}

func (s *storedLedger) generation() int {
	id := s.lset.Get(slo.LabelGeneration)
	return slices.IndexFunc(s.obj.record.Generations, func(g slo.Generation) bool { return g.ID == id })
}

func (r *ObjectiveRecord) has(id string) bool {
	return slices.ContainsFunc(r.Generations, func(g slo.Generation) bool { return g.ID == id })
}

// loadLedger fills one ledger's history with one generation. Beyond the three days
// that windows look at closely only the full hours are read.
func (e *Engine) loadLedger(ctx context.Context, s *storedLedger, l *ledger, from, now int64) error {
	g := s.obj.record.Generations[s.generation()]
	rows := s.rows(g.From, g.To, now-(72*time.Hour+time.Hour).Milliseconds())
	cum, begun := history.Sum{}, false
	for rows.next() {
		if !begun && rows.t > max(from, g.From)+e.slot {
			// Nothing was written where memory begins: what was counted before that does
			// not belong to the first row after it.
			var err error
			if cum, err = e.recall(ctx, s.lset, rows.t-1); err != nil {
				return err
			}
		}
		begun = true
		e.addRow(l, rows, cum)
		cum = rows.sum
	}
	return e.endRows(s, l, rows, cum)
}

// continueLedger adds what came after the checkpoint that the ledger's history was
// taken from. fits is false if the row it ends with is not in the ledger TSDB.
func (e *Engine) continueLedger(s *storedLedger, l *ledger) (fits bool, err error) {
	g := s.obj.record.Generations[s.generation()]
	if g.To != forever {
		return true, nil // the checkpoint was made in the generation after it
	}
	end := l.hist.End()
	rows := s.rows(end-1, g.To, math.MinInt64)
	if !rows.next() || rows.t != end {
		return false, rows.err
	}
	l.begun = l.hist.First()
	l.carry = rows.carry
	if l.hist.Sum().Observed > 0 {
		l.budget.hasTotal.Store(true)
	}
	cum := rows.sum
	for rows.next() {
		e.addRow(l, rows, cum)
		cum = rows.sum
	}
	return true, e.endRows(s, l, rows, cum)
}

// addRow closes one stored slot in memory; cum is the row before.
func (e *Engine) addRow(l *ledger, rows *rowReader, cum history.Sum) {
	if l.begun == 0 {
		l.begun = rows.t - e.slot
	}
	d := rows.sum.Sub(cum)
	l.hist.Append(rows.t, d, e.opts.Slot)
	l.carry = rows.carry
	if d.Observed > 0 {
		l.budget.hasTotal.Store(true)
		l.lastData = rows.t
		if b := l.budget; b.dataFirst == 0 || rows.t < b.dataFirst {
			b.dataFirst = rows.t
		}
	}
}

// endRows takes over where a generation's counters stand.
func (e *Engine) endRows(s *storedLedger, l *ledger, rows *rowReader, cum history.Sum) error {
	if rows.err != nil {
		return fmt.Errorf("read ledger of %s: %w", l.budget.labels, rows.err)
	}
	if s.obj.record.Generations[s.generation()].To != forever {
		l.carry = carry{}
		return nil
	}
	l.cum, l.known = cum, true
	l.lateRows = cum.LateTotal != 0 || cum.LateBad != 0
	l.carryRows = s.columns[storedCarryBad] != nil
	return nil
}

// rows walks the slots of a stored ledger in (from, to].
func (s *storedLedger) rows(from, to, fine int64) *rowReader {
	return &rowReader{s: s, from: from, to: to, fine: fine}
}

type rowReader struct {
	s              *storedLedger
	from, to, fine int64
	t              int64
	sum            history.Sum
	carry          carry
	ahead          struct { // the row behind the newest one returned
		t     int64
		total float64
		ok    bool
	}
	started bool
	err     error
}

const hour = 60 * 60 * 1000

func (r *rowReader) next() bool {
	lead := r.s.columns[storedTotal]
	if lead == nil {
		return false
	}
	first := !r.started
	if first {
		r.started = true
		r.look(lead, lead.Seek(r.from+1))
	}
	if !r.ahead.ok {
		return false
	}
	t, total := r.ahead.t, r.ahead.total
	// Of what is long past, the newest row of each stretch between two instants at
	// which windows begin is enough: it holds all before it.
	until := t
	if t < r.fine && !first { // the very first says when counting began
		until = min(r.s.obj.stretch(t), r.fine-1)
	}
	for r.look(lead, lead.Next()); r.ahead.ok && r.ahead.t <= until; r.look(lead, lead.Next()) {
		t, total = r.ahead.t, r.ahead.total
	}
	if r.err != nil {
		return false
	}
	r.t = t
	r.sum.Total = total
	at := func(k int) float64 {
		it := r.s.columns[k]
		if it == nil || it.Seek(t) == chunkenc.ValNone {
			return 0
		}
		ts, v := it.At()
		if ts != t {
			return 0
		}
		return v
	}
	r.sum.Bad, r.sum.Observed, r.sum.Expected = at(storedBad), at(storedObserved), at(storedExpected)
	if v := at(storedLateTotal); v != 0 {
		r.sum.LateTotal = v
	}
	if v := at(storedLateBad); v != 0 {
		r.sum.LateBad = v
	}
	r.carry = carry{at(storedCarryBad), at(storedCarryTotal), at(storedCarryLateBad), at(storedCarryLateTotal)}
	return true
}

// look reads the row the iterator stands on.
func (r *rowReader) look(it chunkenc.Iterator, vt chunkenc.ValueType) {
	if r.ahead.ok = vt != chunkenc.ValNone; !r.ahead.ok {
		r.err = it.Err()
		return
	}
	r.ahead.t, r.ahead.total = it.At()
	r.ahead.ok = r.ahead.t <= r.to
}

// stretch is the end of the stretch that t lies in: the next full hour, or the
// beginning of a calendar window if that comes first.
func (o *objective) stretch(t int64) int64 {
	end := slotEnd(t, hour)
	for _, w := range o.Windows {
		if w.Calendar == "" {
			continue
		}
		if b := w.Start(end, time.Hour); b >= t {
			end = b
		}
	}
	return end
}
