package main

import (
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// hostAlerts are alerts about where slowburn runs, which the engine cannot know:
// the disk is nearly full, a clock is not trusted.
type hostAlerts struct {
	instance string
	checks   []hostCheck

	mu    sync.Mutex
	since map[string]int64 // firing since, ms, by alertname
}

type hostCheck struct {
	name, severity       string
	summary, description string
	holds                func() bool
}

func newHostAlerts(instance string, c *core) *hostAlerts {
	return &hostAlerts{instance: instance, since: map[string]int64{}, checks: []hostCheck{
		{
			slo.AlertDiskLow, slo.SeverityPage, "the disk of slowburn is nearly full",
			"Remote write is refused with 503 until there is room: Prometheus keeps what it could not send for about two hours. Budgets go on from memory.",
			func() bool { return c.raw.Writable() != nil || c.ledger.Writable() != nil },
		},
		{
			slo.AlertClockSkew, slo.SeverityTicket, "the clocks of slowburn and its Prometheus disagree",
			"Samples lie in the future, or the wall clock was set: they are refused for up to ten minutes, and taken when the clocks agree. Is NTP running on both?",
			func() bool { return c.receiver.ClockSkewed() },
		},
	}}
}

// level is the alerts that hold at now.
func (h *hostAlerts) level(now time.Time) []slo.Alert {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []slo.Alert
	for _, c := range h.checks {
		if !c.holds() {
			delete(h.since, c.name)
			continue
		}
		if h.since[c.name] == 0 {
			h.since[c.name] = now.UnixMilli()
		}
		all = append(all, slo.Alert{
			Labels:      labels.FromStrings(labels.AlertName, c.name, "severity", c.severity, "instance", h.instance),
			Annotations: labels.FromStrings("summary", c.summary, "description", c.description),
			State:       slo.AlertFiring, ActiveAt: h.since[c.name], FiredAt: h.since[c.name],
		})
	}
	return all
}
