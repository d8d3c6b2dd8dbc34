package governance

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Alerts are the level of SLOErrorBudgetPolicy: one for each policy that is not
// healthy, with its state as a label. So a transition resolves one and fires another.
func (b *Book) Alerts() []slo.Alert {
	var out []slo.Alert
	now := b.opts.Now().UnixMilli()
	for _, o := range b.opts.Objectives() {
		if r := b.policy(o); r.State != "" && r.State != slo.PolicyHealthy {
			a := policyAlert(o, &r, now)
			a.GeneratorURL = b.opts.ExternalURL + slo.BudgetLink(o, labels.EmptyLabels())
			out = append(out, a)
		}
	}
	return out
}

func policyAlert(o *slo.Objective, r *PolicyRecord, now int64) slo.Alert {
	owner := o.Policy.DecisionOwner(r.State, o)
	lb := labels.NewBuilder(labels.EmptyLabels())
	for k, v := range o.Labels {
		lb.Set(k, v)
	}
	lb.Set(labels.AlertName, slo.AlertPolicy)
	lb.Set("severity", slo.SeverityTicket)
	lb.Set(slo.LabelService, o.Service)
	lb.Set(slo.LabelSLO, o.Name)
	lb.Set("tier", o.Tier)
	lb.Set("owner", o.Owner)
	lb.Set("decision_owner", owner)
	lb.Set(slo.LabelState, string(r.State))

	ab := labels.NewBuilder(labels.EmptyLabels())
	ab.Set("summary", fmt.Sprintf("the budget policy of %s is %s", o.ID(), r.State))
	ab.Set("description", fmt.Sprintf("Since %s: %s. %s decides. %s", stamp(r.since()), reason(r), orNobody(owner), strings.Join(o.Policy.Step(r.State).Actions, " ")))
	ab.Set("decision", decision(o, r))
	ab.Set("decision_owner", owner)
	ab.Set("budget_spent", percent(float64(r.Spent)))
	if closed, expires := closes(&o.Policy, r, now); closed {
		gate := "closed"
		if expires != 0 {
			gate += " until " + stamp(expires)
		}
		ab.Set("gate", gate)
	} else {
		ab.Set("gate", "open")
	}
	if o.Runbook != "" {
		ab.Set("runbook_url", o.Runbook)
	}
	return slo.Alert{
		Labels: lb.Labels(), Annotations: ab.Labels(), State: slo.AlertFiring,
		ActiveAt: r.since(), FiredAt: r.since(), Value: float64(r.Spent),
	}
}

// decision says in a sentence who decides what in a policy's state.
func decision(o *slo.Objective, r *PolicyRecord) string {
	owner := orNobody(o.Policy.DecisionOwner(r.State, o))
	actions := strings.Join(o.Policy.Step(r.State).Actions, " ")
	if actions == "" {
		return fmt.Sprintf("The policy is %s: %s decides.", r.State, owner)
	}
	return fmt.Sprintf("The policy is %s: %s decides. %s", r.State, owner, actions)
}

// Decision is who decides about an objective now, and what its policy says to do; the
// text is empty before the first evaluation.
func (b *Book) Decision(o *slo.Objective) (owner, text string) {
	r := b.policy(o)
	owner = o.Policy.DecisionOwner(r.State, o)
	if r.State == "" {
		return owner, ""
	}
	return owner, decision(o, &r)
}

// State is an objective's policy state, empty before the first evaluation.
func (b *Book) State(o *slo.Objective) (state slo.PolicyState, owner string) {
	r := b.policy(o)
	return r.State, o.Policy.DecisionOwner(r.State, o)
}
