package replay

import (
	"context"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// ledger is the engine's ledger TSDB in replay. It stores nothing: it notes when
// budgets began to burn, and hands rows on to whoever asks for them.
type ledger struct {
	opts   *Options
	byID   map[string]*slo.Objective
	stored []storedSeries // by ref − 1
	refs   map[string]storage.SeriesRef
	tracks map[string]*track // by a budget's labels
	onsets map[string]*budgetOnset
}

// storedSeries is one series the engine writes.
type storedSeries struct {
	lset  labels.Labels
	kind  uint8
	track *track
}

// track is the counters of one ledger, of which the engine writes the total before
// the bad.
type track struct {
	onset      *budgetOnset
	total, bad float64 // newest
	gained     float64 // total gained in the slot being written
}

const (
	other uint8 = iota
	totalSeries
	badSeries
)

func newLedger(opts *Options, objectives []*slo.Objective) *ledger {
	l := &ledger{opts: opts, byID: map[string]*slo.Objective{}, refs: map[string]storage.SeriesRef{}, tracks: map[string]*track{}, onsets: map[string]*budgetOnset{}}
	for _, o := range objectives {
		l.byID[o.ID()] = o
	}
	return l
}

// Querier finds nothing: the past has no past.
func (*ledger) Querier(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil }

// AppenderV2 returns an appender whose rows count at once.
func (l *ledger) AppenderV2(context.Context) storage.AppenderV2 { return ledgerAppender{l} }

type ledgerAppender struct{ l *ledger }

func (ledgerAppender) Commit() error   { return nil }
func (ledgerAppender) Rollback() error { return nil }

// Append takes one value.
func (a ledgerAppender) Append(ref storage.SeriesRef, lset labels.Labels, _, t int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	l := a.l
	if ref == 0 {
		ref = l.open(lset)
	}
	s := &l.stored[ref-1]
	switch s.kind {
	case totalSeries:
		s.track.gained, s.track.total = v-s.track.total, v
	case badSeries:
		bad := v - s.track.bad
		s.track.bad = v
		s.track.onset.count(t, bad, s.track.gained)
	}
	if l.opts.Rows != nil {
		return ref, l.opts.Rows(ref, s.lset, t, v)
	}
	return ref, nil
}

// open finds or makes the reference of a stored series.
func (l *ledger) open(lset labels.Labels) storage.SeriesRef {
	key := lset.String()
	if ref, ok := l.refs[key]; ok {
		return ref
	}
	s := storedSeries{lset: lset.Copy()}
	switch lset.Get(labels.MetricName) {
	case "slo_events_total":
		s.kind = totalSeries
	case "slo_bad_events_total":
		s.kind = badSeries
	}
	if s.kind != other {
		budget := labels.NewBuilder(lset).Del(labels.MetricName, slo.LabelGeneration)
		key := budget.Labels().String()
		if s.track = l.tracks[key]; s.track == nil {
			s.track = &track{onset: l.onset(budget.Del(slo.LabelSource).Labels())}
			l.tracks[key] = s.track
		}
	}
	l.stored = append(l.stored, s)
	ref := storage.SeriesRef(len(l.stored))
	l.refs[key] = ref
	return ref
}

// onset is the memory of a budget, by its identity labels.
func (l *ledger) onset(budget labels.Labels) *budgetOnset {
	key := budget.String()
	o := l.onsets[key]
	if o == nil {
		def := l.byID[budget.Get(slo.LabelService)+"/"+budget.Get(slo.LabelSLO)]
		o = newBudgetOnset(def.For(def.GroupsOf(budget)), l.opts.Slot)
		l.onsets[key] = o
	}
	return o
}

// end settles what waits for slots that do not come any more.
func (l *ledger) end() {
	for _, o := range l.onsets {
		o.settle()
	}
}
