package governance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// Gate answers whether a change may go out.
func (b *Book) Gate(ctx context.Context, q govern.GateQuery) (a *govern.GateAnswer, err error) {
	defer func() { b.refuse(err) }()
	objectives, err := b.objectives(q.Service, q.SLOs)
	if err != nil {
		return nil, err
	}
	if q.ChangeType == "" {
		q.ChangeType = govern.DefaultType
	}
	if err := checkText("change_type", q.ChangeType, maxName, true); err != nil {
		return nil, err
	}
	now := b.opts.Now().UnixMilli()
	a = &govern.GateAnswer{Service: q.Service, ChangeType: q.ChangeType, AskedMS: now, MayOverride: []string{}}
	statuses := b.rollUps()
	var verdicts []govern.Verdict
	for _, o := range objectives {
		k := &known{objective: o, status: statuses[o.ID()], policy: b.policy(o), forecast: b.forecast(o, q.ChangeType), override: b.overriding(o, now)}
		if s := k.status; s != nil && s.TS != 0 {
			if k.recent, err = b.opts.Counts(ctx, o, s.TS-time.Hour.Milliseconds(), s.TS); err != nil {
				return nil, fmt.Errorf("read the last hour of %s: %w", o.ID(), err)
			}
		}
		d := decide(k, q.ChangeType, now)
		verdicts = append(verdicts, d.Verdict)
		a.Objectives = append(a.Objectives, d)
		a.Reasons = append(a.Reasons, d.Reasons...)
		if slices.ContainsFunc(d.Reasons, func(r govern.Reason) bool { return r.Code == govern.ReasonOverride }) {
			a.Override = k.override
		}
		for _, name := range o.Policy.Overriders {
			if !slices.Contains(a.MayOverride, name) {
				a.MayOverride = append(a.MayOverride, name)
			}
		}
	}
	if q.Canary.Selector != "" {
		if a.Canary, err = b.Canary(ctx, q.Canary); err != nil {
			return nil, err
		}
		verdicts = append(verdicts, a.Canary.Verdict)
		for _, r := range a.Canary.Results {
			a.Reasons = append(a.Reasons, govern.Reason{Code: govern.ReasonCanary, SLO: r.SLO, Verdict: r.Verdict, Text: r.Reason})
		}
	}
	slices.SortStableFunc(a.Reasons, byWeight)
	a.Verdict = worst(verdicts...)
	a.Decision = a.Verdict
	if a.Verdict == govern.Unknown && q.OnUnknown != "" {
		a.Decision = q.OnUnknown
	}
	a.Mitigations = mitigations(a.Objectives)
	b.metrics.answered(a.Verdict)
	return a, nil
}

// canaryLength is what a canary is compared over if the question does not say.
const canaryLength = 10 * time.Minute

// maxCanary bounds what one question may read.
const maxCanary = 7 * 24 * time.Hour

// Canary compares the events of a service's canary with those of the rest.
func (b *Book) Canary(ctx context.Context, q govern.CanaryQuery) (a *govern.CanaryAnswer, err error) {
	defer func() { b.refuse(err) }()
	objectives, err := b.objectives(q.Service, q.SLOs)
	if err != nil {
		return nil, err
	}
	canary, err := matchers("canary", q.Selector)
	if err != nil {
		return nil, err
	}
	stable, err := matchers("stable", q.Stable)
	if err != nil {
		return nil, err
	}
	if err := b.canarySpan(&q, objectives); err != nil {
		return nil, err
	}
	if q.MinEvents == 0 {
		q.MinEvents = defaultMinEvents
	}
	if q.Alpha == 0 {
		q.Alpha = defaultAlpha
	}
	a = &govern.CanaryAnswer{
		Service: q.Service, Canary: q.Selector, Stable: q.Stable, StartMS: q.StartMS, EndMS: q.EndMS,
		Alpha: govern.Number(q.Alpha), MinEvent: govern.Number(q.MinEvents), Results: []govern.CanaryObjective{},
	}
	if a.Stable == "" {
		a.Stable = "all others"
	}
	var verdicts []govern.Verdict
	for _, o := range objectives {
		if o.SLI.Composite() {
			continue // its members speak for themselves
		}
		if o.SLI.Query != nil {
			a.Results = append(a.Results, govern.CanaryObjective{SLO: o.Name, Verdict: govern.Unknown, Reason: "its SLI is a query, whose events cannot be told apart"})
			verdicts = append(verdicts, govern.Unknown)
			continue
		}
		c, err := b.opts.Events(ctx, o, canary, q.StartMS, q.EndMS)
		if err != nil {
			return nil, err
		}
		s, err := b.opts.Events(ctx, o, stable, q.StartMS, q.EndMS)
		if err != nil {
			return nil, err
		}
		if len(stable) == 0 {
			s = s.Sub(c)
		}
		r := judge(o, c, s, q.MinEvents, q.Alpha)
		a.Results = append(a.Results, r)
		verdicts = append(verdicts, r.Verdict)
	}
	a.Verdict = worst(verdicts...)
	return a, nil
}

// canarySpan fills in and checks the interval, on whole slots: live it ends with the
// newest data.
func (b *Book) canarySpan(q *govern.CanaryQuery, objectives []*slo.Objective) error {
	now := b.opts.Now().UnixMilli()
	if q.EndMS == 0 {
		statuses := b.rollUps()
		for _, o := range objectives {
			if s := statuses[o.ID()]; s != nil {
				q.EndMS = max(q.EndMS, s.TS)
			}
		}
		if q.EndMS == 0 {
			q.EndMS = now
		}
	}
	if q.StartMS == 0 {
		q.StartMS = q.EndMS - canaryLength.Milliseconds()
	}
	q.StartMS = slo.SlotEnd(q.StartMS, b.opts.Slot)
	q.EndMS = slo.SlotEnd(q.EndMS, b.opts.Slot)
	switch {
	case q.EndMS <= q.StartMS:
		return govern.Errorf(govern.CodeReversed, "the end is not after the start")
	case q.EndMS > now+aheadBy:
		return govern.Errorf(govern.CodeFuture, "the end, %s, lies in the future", stamp(q.EndMS))
	case q.EndMS-q.StartMS > maxCanary.Milliseconds():
		return govern.Errorf(govern.CodeBadParameter, "a canary is compared over %s at most", slo.FormatDuration(maxCanary))
	}
	return nil
}

// matchers reads a selector without a metric name; empty is none.
func matchers(what, text string) ([]*labels.Matcher, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxLink {
		return nil, govern.Errorf(govern.CodeTooLong, "the %s selector has %d bytes: want %d at most", what, len(text), maxLink)
	}
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
	if err != nil {
		return nil, govern.Errorf(govern.CodeBadParameter, "%s %q is not a selector such as {version=\"v2\"}: %v", what, text, err)
	}
	return ms, nil
}

// Policies are where the policies of a service and objective stand; empty arguments
// select all.
func (b *Book) Policies(service, name string) []govern.PolicyStatus {
	var out []govern.PolicyStatus
	statuses := b.rollUps()
	for _, o := range b.opts.Objectives() {
		if (service == "" || o.Service == service) && (name == "" || o.Name == name) {
			r := b.policy(o)
			out = append(out, policyStatus(o, &r, statuses[o.ID()], b.opts.Now().UnixMilli()))
		}
	}
	return out
}

func policyStatus(o *slo.Objective, r *PolicyRecord, s *slo.Status, now int64) govern.PolicyStatus {
	p := &o.Policy
	step := p.Step(r.State)
	out := govern.PolicyStatus{
		Service: o.Service, SLO: o.Name, Tier: o.Tier, State: r.State, SinceMS: r.since(), DataTimeMS: r.TS,
		Window: o.Windows[0].String(), SpentRatio: r.Spent, RemainingRatio: 1 - r.Spent, FastBurn: r.Fast,
		Reason: "nothing was evaluated yet", Actions: step.Actions, DecisionOwner: p.DecisionOwner(r.State, o), Gate: govern.Pass,
		AllowedTypes: step.Allow, Changes: r.Changes,
	}
	if r.State != "" {
		out.Reason = reason(r)
	} else if s != nil && s.Reason != "" {
		out.Reason = s.Reason
	}
	closed, expires := closes(p, r, now)
	out.ExpiresMS = expires
	if closed {
		out.Gate = govern.Fail
	}
	for i := range p.Steps {
		st := &p.Steps[i]
		v := govern.Pass
		if st.Closed {
			v = govern.Fail
		}
		out.Steps = append(out.Steps, govern.PolicyStep{State: st.State, SpentRatio: govern.Number(st.Spent), Gate: v,
			DecisionOwner: p.DecisionOwner(st.State, o), Actions: orEmpty(st.Actions)})
	}
	out.Actions, out.AllowedTypes, out.Changes = orEmpty(out.Actions), orEmpty(out.AllowedTypes), orEmpty(out.Changes)
	return out
}

// orEmpty is v, and [] in JSON instead of null.
func orEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}
