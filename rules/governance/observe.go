package governance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// Observe moves everything on that time and budgets change: policies, version labels
// and costs. Call it about once a slot.
func (b *Book) Observe(ctx context.Context) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	statuses := b.rollUps()
	return errors.Join(b.advance(statuses), b.detect(ctx), b.settle(ctx, statuses))
}

// advance moves policies on, transitions with their audit entries in one transaction.
func (b *Book) advance(statuses map[string]*slo.Status) error {
	c := newChange()
	fresh := map[string]*PolicyRecord{}
	for _, o := range b.opts.Objectives() {
		in, ok := read(statuses[o.ID()])
		if !ok {
			continue
		}
		prev := b.policy(o)
		r, changed := next(prev, &o.Policy, in)
		if !changed {
			fresh[o.ID()] = &r
			continue
		}
		b.trim(&r)
		c.policy(o.ID(), &r)
		if prev.State == "" && r.State == slo.PolicyHealthy {
			continue // it begins: nothing to tell
		}
		c.entry(govern.Entry{Author: govern.Slowburn, Action: govern.ActionPolicy, Service: o.Service, SLO: o.Name, Subject: o.ID(),
			Reason: reason(&r), Detail: fmt.Sprintf("%s to %s; %s decides", orStart(prev.State), r.State, orNobody(o.Policy.DecisionOwner(r.State, o)))})
	}
	if err := b.commit(c); err != nil {
		return err
	}
	// What did not change state needs no disk.
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, r := range fresh {
		b.policies[id] = r
	}
	return nil
}

func orStart(s slo.PolicyState) string {
	if s == "" {
		return "the beginning"
	}
	return string(s)
}

// trim forgets transitions older than the retention, but for the one that still holds
// then.
func (b *Book) trim(r *PolicyRecord) {
	oldest := b.opts.Now().Add(-b.opts.Retention).UnixMilli()
	n := 0
	for n+1 < len(r.Changes) && r.Changes[n+1].AtMS < oldest {
		n++
	}
	r.Changes = slices.Clone(r.Changes[n:])
}

// policy is where an objective's policy stands; its state is empty before the first
// evaluation.
func (b *Book) policy(o *slo.Objective) PolicyRecord {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if r := b.policies[o.ID()]; r != nil {
		return *r
	}
	return PolicyRecord{}
}
