package rules

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/history"
	"github.com/slowburn/slowburn/slo"
)

// loadLedgers reads the past of the objectives' budgets from the ledger TSDB.
func (e *Engine) loadLedgers(ctx context.Context, objectives []*objective) error {
	if len(objectives) == 0 {
		return nil
	}
	byID := map[string]*objective{}
	reach := time.Duration(0)
	for _, o := range objectives {
		byID[o.ID()] = o
		reach = max(reach, o.longest)
	}
	now := e.opts.Now().UnixMilli()
	q, err := e.opts.Ledger.Querier(now-(reach+2*time.Hour).Milliseconds(), math.MaxInt64)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	defer q.Close()

	stored := map[string]*storedLedger{}
	var order []*storedLedger
	for k, name := range storedNames {
		ms := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)}
		if len(objectives) == 1 {
			ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, slo.LabelSLO, objectives[0].Name), labels.MustNewMatcher(labels.MatchEqual, slo.LabelService, objectives[0].Service))
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
	// Generations of one ledger follow each other.
	slices.SortStableFunc(order, func(a, b *storedLedger) int { return a.generation() - b.generation() })
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range order {
		if err := e.loadLedger(s, now); err != nil {
			return err
		}
	}
	return nil
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
func (e *Engine) loadLedger(s *storedLedger, now int64) error {
	g := s.obj.record.Generations[s.generation()]
	groups := s.obj.groupsOf(s.lset)
	b := e.group(s.obj, groups)
	b.hasTotal.Store(true)
	src := e.sourceNamed(s.lset.Get(slo.LabelSource))
	src.mu.Lock()
	l := b.ledger(e, src)
	src.mu.Unlock()

	cum := history.Sum{}
	rows := s.rows(g.From, g.To, now-(72*time.Hour+time.Hour).Milliseconds())
	for rows.next() {
		if l.begun == 0 {
			l.begun = rows.t - e.slot
		}
		d := rows.sum.Sub(cum)
		if rows.t > l.hist.End() {
			l.hist.Append(rows.t, d, e.opts.Slot)
		}
		if d.Observed > 0 {
			l.lastData = rows.t
			if b.dataFirst == 0 || rows.t < b.dataFirst {
				b.dataFirst = rows.t
			}
		}
		cum = rows.sum
		l.carry = rows.carry
	}
	if rows.err != nil {
		return fmt.Errorf("read ledger of %s: %w", b.labels, rows.err)
	}
	if g.To == forever {
		l.cum = cum
		l.lateRows = cum.LateTotal != 0 || cum.LateBad != 0
		l.carryRows = s.columns[storedCarryBad] != nil
	} else {
		l.carry = carry{}
	}
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
	started        bool
	err            error
}

const hour = 60 * 60 * 1000

func (r *rowReader) next() bool {
	lead := r.s.columns[storedTotal]
	if lead == nil {
		return false
	}
	var vt chunkenc.ValueType
	switch {
	case !r.started:
		r.started = true
		vt = lead.Seek(r.from + 1)
	case r.t < r.fine:
		// The newest row of each hour is enough: it holds all before it.
		vt = r.hourEnd(lead)
	default:
		vt = lead.Next()
	}
	if vt == chunkenc.ValNone {
		r.err = lead.Err()
		return false
	}
	t, total := lead.At()
	if t > r.to {
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

// hourEnd goes on to the slot that ends the next full hour, or the first after it.
func (r *rowReader) hourEnd(it chunkenc.Iterator) chunkenc.ValueType {
	return it.Seek(min(r.t-r.t%hour+hour, r.fine))
}
