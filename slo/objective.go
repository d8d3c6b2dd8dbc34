package slo

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Objective is one service level objective: how events are counted, which share
// of them may be bad over which windows, and who is told when too many are.
// It is complete once loaded: tiers are resolved, defaults filled in.
type Objective struct {
	Service, Name string
	Description   string
	Owner, Tier   string
	Runbook       string // URL
	Dashboard     string // URL
	// Review is how often its owner looks at the target again; 0: not said.
	Review time.Duration
	// Traffic says whose events these are.
	Traffic Traffic

	// Target is the share of events that must be good, a ratio in (0, 1].
	Target float64
	// Windows are the budget's windows; the first is the alerts' one.
	Windows []Window

	SLI SLI
	// Rules are the alert conditions, one per severity.
	Rules []Rule
	// Segments give groups that match a target and rules of their own.
	Segments []Segment
	// Policy says what follows when the budget is spent.
	Policy Policy
	// Absent is the alert for missing data; nil is slowburn's own, SLODataMissing.
	Absent *Absent
	// RollUpAlerts says whether the roll-up of a grouped objective alerts too;
	// imported objectives alert per group only.
	RollUpAlerts bool

	// Absence is what to make of data that is gone; Required says that having had
	// none yet is absence too.
	Absence  Absence
	Required bool

	// Labels are the objective's own, on every alert and on slo_info.
	Labels map[string]string

	// Format is the kind of file the objective came from; it decides which
	// compatibility series are served beside the slo_* ones.
	Format Format
	// Source is where the objective stands: file, line and column.
	Source Position
}

// Traffic says whose events an objective counts.
type Traffic string

// Real users count by default; a synthetic probe says less of them.
const (
	TrafficReal      Traffic = "real"
	TrafficSynthetic Traffic = "synthetic"
)

// ID names the objective among all others: "service/name".
func (o *Objective) ID() string { return o.Service + "/" + o.Name }

// Allowed is the share of events that may be bad, a ratio in [0, 1).
func (o *Objective) Allowed() float64 { return 1 - o.Target }

// Budget identity labels. Group labels that collide with them, or with a label
// slowburn adds to a series, are served with the prefix "exported_".
const (
	LabelSLO        = "slo"
	LabelService    = "service"
	LabelSource     = "source"
	LabelGeneration = "generation"
	LabelWindow     = "window"
	LabelState      = "state"
)

var reserved = []string{
	labels.MetricName, LabelSLO, LabelService, LabelSource, LabelGeneration, LabelWindow, LabelState,
	"alertname", "severity", "alertstate", "tier", "owner",
}

// GroupLabel is the name under which a group label is served.
func GroupLabel(name string) string {
	if slices.Contains(reserved, name) {
		return "exported_" + name
	}
	return name
}

// BudgetLabels are the identity labels of one budget of the objective: slo,
// service and the group labels, already renamed by GroupLabel. groups is empty
// for the roll-up.
func (o *Objective) BudgetLabels(groups labels.Labels) labels.Labels {
	b := labels.NewScratchBuilder(groups.Len() + 2)
	groups.Range(func(l labels.Label) { b.Add(GroupLabel(l.Name), l.Value) })
	b.Add(LabelService, o.Service)
	b.Add(LabelSLO, o.Name)
	b.Sort()
	return b.Labels()
}

// GroupsOf reads a budget's group labels, under their own names, off its identity
// labels.
func (o *Objective) GroupsOf(identity labels.Labels) labels.Labels {
	b := labels.NewScratchBuilder(len(o.SLI.By))
	for _, name := range o.SLI.By {
		if v := identity.Get(GroupLabel(name)); v != "" {
			b.Add(name, v)
		}
	}
	b.Sort()
	return b.Labels()
}

// Meaning is a text equal for two objectives exactly when their SLIs count the
// same events into the same groups: as long as it stays, so does the ledger.
func (o *Objective) Meaning() string { return o.SLI.meaning() }

// Clone returns a copy that shares nothing that callers may change.
func (o *Objective) Clone() *Objective {
	c := *o
	c.Labels = maps.Clone(o.Labels)
	c.Windows = slices.Clone(o.Windows)
	c.Rules = slices.Clone(o.Rules)
	return &c
}

func (o *Objective) String() string { return fmt.Sprintf("%s (target %g)", o.ID(), o.Target) }
