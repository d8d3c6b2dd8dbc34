package main

import (
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/tsdb"
)

// hostAlerts are alerts about where slowburn runs, which the engine cannot know:
// the disk is nearly full, a clock is not trusted, an alert cannot be delivered or saved.
type hostAlerts struct {
	url    *url.URL // slowburn's own
	checks []hostCheck

	mu    sync.Mutex
	since map[string]int64 // firing since, ms, by alertname
	// resumed are those of since that no check has found again yet; they are over at known.
	resumed map[string]bool
	known   time.Time
}

// knows is how long after a start all checks know how things stand: an alert that is
// refused is offered again each minute, and a full disk is seen sooner.
const knows = 2 * time.Minute

type hostCheck struct {
	name, severity       string
	summary, description string
	holds                func() bool
}

func newHostAlerts(url *url.URL, checks ...[]hostCheck) *hostAlerts {
	return &hostAlerts{url: url, since: map[string]int64{}, checks: slices.Concat(checks...)}
}

// resume takes over what fired when the process before ended: it is not over before the
// checks have had time to find it again.
func (h *hostAlerts) resume(before []slo.AlertDelivery, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known, h.resumed = now.Add(knows), map[string]bool{}
	for _, d := range before {
		name := d.Alert.Labels.Get(labels.AlertName)
		ours := slices.ContainsFunc(h.checks, func(c hostCheck) bool { return c.name == name })
		if ours && d.Ended.IsZero() && d.Alert.State == slo.AlertFiring && d.Alert.Labels.Get("instance") == h.url.Host {
			h.since[name], h.resumed[name] = d.Alert.FiredAt, true
		}
	}
}

// storageChecks look at what the databases and their receiver say.
func storageChecks(c *core) []hostCheck {
	return []hostCheck{
		{
			slo.AlertDiskLow, slo.SeverityPage, "the disk of slowburn is nearly full",
			"Remote write is refused with 503 until there is room: Prometheus keeps what it could not send for about two hours. Budgets go on from memory.",
			func() bool { return c.raw.Writable() != nil || c.ledger.Writable() != nil },
		},
	}
}

// clockChecks look at the clocks of those who send samples and of those who take alerts.
func clockChecks(r *tsdb.Receiver, m *alerting.Manager) []hostCheck {
	return []hostCheck{{
		slo.AlertClockSkew, slo.SeverityTicket, "slowburn's clock and that of a Prometheus or Alertmanager disagree",
		"Samples lie in the future, or the wall clock was set: they are refused until the clocks agree, for ten minutes so that they come again, then for good. " +
			"Or an Alertmanager's clock is another (slowburn_alertmanager_clock_offset_seconds): alerts are told in its time. Is NTP running on all of them?",
		func() bool { return r.ClockSkewed() || m.ClockSkewed() },
	}}
}

// deliveryChecks look at alerts that do not get where they should.
func deliveryChecks(m *alerting.Manager) []hostCheck {
	return []hostCheck{
		{
			slo.AlertRefused, slo.SeverityPage, "an Alertmanager refuses an alert of slowburn",
			"All others are delivered; the refused one is offered again each minute. /api/slo/v1/alerts says which it is and why: are its labels valid there?",
			func() bool { return m.Refused() > 0 },
		},
		{
			slo.AlertUnsaved, slo.SeverityTicket, "slowburn cannot save the state of alerts",
			"Alerts are delivered all the same, but a restart may repeat or resolve them. Is the disk under the data folder full or read-only?",
			m.Unsaved,
		},
	}
}

// level is the alerts that hold at now.
func (h *hostAlerts) level(now time.Time) []slo.Alert {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []slo.Alert
	for _, c := range h.checks {
		holds := c.holds()
		if holds || now.After(h.known) {
			delete(h.resumed, c.name)
		}
		if !holds && !h.resumed[c.name] {
			delete(h.since, c.name)
			continue
		}
		if h.since[c.name] == 0 {
			h.since[c.name] = now.UnixMilli()
		}
		all = append(all, slo.Alert{
			Labels:      labels.FromStrings(labels.AlertName, c.name, "severity", c.severity, "instance", h.url.Host),
			Annotations: labels.FromStrings("summary", c.summary, "description", c.description),
			State:       slo.AlertFiring, ActiveAt: h.since[c.name], FiredAt: h.since[c.name], GeneratorURL: h.url.String() + "/status",
		})
	}
	return all
}
