package rules

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/history"
	"github.com/slowburn/slowburn/slo"
)

// Overflow is the value of every group label of the group that takes what comes
// after an objective has GroupLimit groups.
const Overflow = "__overflow__"

// objective is an objective at work: its budgets by group, its dated targets and
// its ledger generations.
type objective struct {
	*slo.Objective
	budgets map[string]*budget
	rollUp  *budget
	groups  int
	// record is what is kept across restarts: generations and versions.
	record *ObjectiveRecord
	// reach is how far back memory knows its past.
	reach reach
	// parts are a composite's members, in their order; nil where one is not in force. in
	// are the composites that the objective is a member of.
	parts, in []*objective
}

// history is an empty past as far as the objective's windows reach.
func (o *objective) history(slot time.Duration) *history.History {
	return history.New(slot, o.reach.longest, o.reach.windows...)
}

// budget is one objective × one set of group-label values.
type budget struct {
	obj      *objective
	def      *slo.Objective // the objective as this group has it
	versions []slo.Version  // its dated targets
	groups   labels.Labels
	labels   labels.Labels
	key      string // unique among budgets: objective ID and groups
	ledgers  []*ledger
	hasTotal atomic.Bool // some series counts into total: the group exists

	// Below is the evaluator's.
	evaluated int64 // the newest slot evaluated, ms
	alerts    []*alertState
	missing   *alertState
	dataFirst int64 // the first slot with data, ms
	last      atomic.Pointer[evaluation]
	early     atomic.Pointer[evaluation] // when an alert last fired inside an open slot
}

// budgetsOf are the budgets that a series of the objective feeds: its group's, if
// the objective has groups, and the roll-up's.
func (e *Engine) budgetsOf(o *objective, lset labels.Labels) (budgets [2]*budget, n int) {
	up := e.rollUp(o)
	if group := e.group(o, o.SLI.Group(lset)); group != up {
		return [2]*budget{group, up}, 2
	}
	return [2]*budget{up}, 1
}

func (e *Engine) rollUp(o *objective) *budget {
	if o.rollUp == nil {
		o.rollUp = e.newBudget(o, labels.EmptyLabels())
	}
	return o.rollUp
}

func (e *Engine) group(o *objective, groups labels.Labels) *budget {
	if groups.IsEmpty() {
		return e.rollUp(o)
	}
	if b := o.budgets[groups.String()]; b != nil {
		return b
	}
	if o.groups >= e.opts.GroupLimit {
		b := labels.NewScratchBuilder(len(o.SLI.By))
		for _, name := range o.SLI.By {
			b.Add(name, Overflow)
		}
		b.Sort()
		groups = b.Labels()
	}
	return e.storedGroup(o, groups)
}

// storedGroup is a group that had a budget before, whatever the limit is now.
func (e *Engine) storedGroup(o *objective, groups labels.Labels) *budget {
	if groups.IsEmpty() {
		return e.rollUp(o)
	}
	b := o.budgets[groups.String()]
	if b == nil {
		b = e.newBudget(o, groups)
		if !b.overflow() {
			o.groups++
		}
	}
	return b
}

// overflow says whether this is the group that takes what is over the limit.
func (b *budget) overflow() bool {
	return len(b.obj.SLI.By) > 0 && b.groups.Get(b.obj.SLI.By[0]) == Overflow
}

func (e *Engine) newBudget(o *objective, groups labels.Labels) *budget {
	b := &budget{
		obj:    o,
		groups: groups,
		labels: o.BudgetLabels(groups),
		key:    o.ID() + groups.String(),
	}
	b.define()
	b.alerts = make([]*alertState, len(b.def.Rules))
	o.budgets[groups.String()] = b
	e.catalogue.Store(nil)
	return b
}

// define takes over what the objective and its record say of this group.
func (b *budget) define() {
	b.def = b.obj.For(b.groups)
	b.versions = slo.VersionsFor(b.obj.record.Versions, b.groups)
}

// alertsHere says whether this budget may alert: groups always, the roll-up of
// a grouped objective only if the objective says so.
func (b *budget) alertsHere() bool {
	return len(b.obj.SLI.By) == 0 || !b.groups.IsEmpty() || b.obj.RollUpAlerts
}

// ledger finds or makes the budget's ledger for a source. The caller holds the
// engine's lock; the source's, too, if it has series already.
func (b *budget) ledger(e *Engine, src *source) *ledger {
	for _, l := range b.ledgers {
		if l.src == src {
			return l
		}
	}
	l := newLedger(b, src, e.opts.Slot)
	b.ledgers = append(b.ledgers, l)
	src.ledgers = append(src.ledgers, l)
	e.catalogue.Store(nil)
	return l
}

// counts is what all ledgers counted in (start, ts].
func (b *budget) counts(start, ts, slot int64, late bool) slo.Counts {
	if b.obj.SLI.Composite() {
		return b.composed(func(part *budget) slo.Counts { return part.counts(start, ts, slot, late) })
	}
	var total history.Sum
	for _, l := range b.ledgers {
		total = total.Add(l.sumAt(ts, slot).Sub(l.sumAt(start, slot)))
	}
	return total.Counts(late).Reaching(start, b.since(), ts)
}

// since is the start of the first slot that any of the ledgers closed, ms.
func (b *budget) since() int64 {
	first := int64(forever)
	for _, l := range b.feeds() {
		if l.hist.End() != 0 {
			first = min(first, l.hist.First())
		}
	}
	return first
}

// Catalogue says how to read every budget over all of the past. The slice is
// never changed: a new one is made when budgets come or go.
func (e *Engine) Catalogue() []*slo.Budget {
	if c := e.catalogue.Load(); c != nil {
		return *c
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	all := []*slo.Budget{}
	for _, o := range e.ordered {
		for _, b := range o.budgets {
			all = append(all, &slo.Budget{
				Objective:   b.def,
				Groups:      b.groups,
				Labels:      b.labels,
				Versions:    b.versions,
				Generations: o.record.inForce(),
			})
		}
	}
	e.catalogue.Store(&all)
	return all
}

const forever = math.MaxInt64
