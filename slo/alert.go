package slo

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Alert is one alert as the engine states it: level, not edge. rules states all
// that hold; alerting alone knows what was sent to whom.
type Alert struct {
	// Labels are the alert's identity, alertname and severity included. They are
	// frozen from the moment it fires until it is resolved.
	Labels labels.Labels
	// Annotations may change while the alert fires.
	Annotations labels.Labels
	State       AlertState
	// ActiveAt is when the condition began to hold, ms of event time.
	ActiveAt int64
	// FiredAt is when it began to fire: the startsAt Alertmanager is told, ms.
	FiredAt int64
	// ResolvedAt is when it was resolved, ms; 0 while it holds.
	ResolvedAt int64
	// HeldUntil is set while the alert's data is gone, ms: until then it goes on, and
	// nobody here knows whether it should. An alert that is resolved with it set was
	// held to its end: that it is over nobody knows either.
	HeldUntil int64
	// Value is the burn rate of the pair's long window when last evaluated.
	Value float64
	// GeneratorURL leads to where the page tells of it: the budget, for one that burns.
	GeneratorURL string
}

// AlertState is where an alert stands.
type AlertState string

// The states of an alert. A resolved one is kept until every Alertmanager has
// acknowledged it.
const (
	AlertPending  AlertState = "pending"
	AlertFiring   AlertState = "firing"
	AlertResolved AlertState = "resolved"
)

// Names of slowburn's own alerts.
const (
	AlertBurn        = "SLOErrorBudgetBurn"
	AlertPolicy      = "SLOErrorBudgetPolicy"
	AlertDataMissing = "SLODataMissing"
	AlertSourceLag   = "SLOSourceLagging"
	AlertClockSkew   = "SLOClockSkew"
	AlertDiskLow     = "SLODiskLow"
	AlertRefused     = "SLOAlertRefused"
	AlertUnsaved     = "SLOAlertStateUnsaved"
	AlertWatchdog    = "SLOWatchdog"
	SeverityPage     = "page"
	SeverityTicket   = "ticket"
	SeverityNone     = "none"
)

// Rule is one severity's alert of an objective: it holds when any pair does.
type Rule struct {
	// Key tells the objective's rules apart; empty is the severity.
	Key string
	// AlertName is the alertname label.
	AlertName string
	Severity  string
	// Labels are added to the alert's, Annotations are templates.
	Labels      map[string]string
	Annotations map[string]string
	Pairs       []Pair
	// For is how long the condition must hold before the alert fires, and
	// KeepFiringFor how long it goes on after the condition ended.
	For, KeepFiringFor time.Duration
	// MinBadEvents guards against low traffic: the long window must hold at
	// least so many bad events.
	MinBadEvents float64
}

// ID tells the objective's rules apart over restarts and reloads.
func (r *Rule) ID() string {
	if r.Key != "" {
		return r.Key
	}
	return r.Severity
}

// Absent is an objective's own alert for missing data.
type Absent struct {
	AlertName, Severity string
	// Labels are the alert's, beside the group labels; Annotations are templates.
	Labels, Annotations map[string]string
	// For is how long data must be missing, if that is longer than SLODataMissing
	// would wait.
	For time.Duration
}

// Pair is a multi-window burn-rate condition: the burn rate of both windows
// exceeds Factor (SRE Workbook ch. 5, "multiwindow, multi-burn-rate alerts").
type Pair struct {
	Long, Short time.Duration
	// Factor is a burn rate; 14.4 spends 2 % of a 30 d budget in 1 h.
	Factor float64
}
