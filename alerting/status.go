package alerting

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Alertmanagers returns a snapshot, by URL.
func (m *Manager) Alertmanagers() slo.Alertmanagers {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	out := slo.Alertmanagers{Dropped: slices.Clone(m.dropped)}
	for _, t := range m.targets {
		out.Active = append(out.Active, slo.Alertmanager{
			URL: t.url, Set: t.set.name,
			Answers: !t.failing && !t.answered.IsZero(), LastAnswer: t.answered, LastAck: t.acked,
			LastError: t.lastErr, LastErrorAt: t.lastErrAt,
			Queue: int(t.queue.Load()), Quarantined: int(t.quarantined.Load()),
		})
	}
	slices.SortFunc(out.Active, func(a, b slo.Alertmanager) int {
		return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Set, b.Set))
	})
	return out
}

// LastAck is when any Alertmanager last acknowledged any alert; zero if none has
// since the start. A heartbeat waits for it.
func (m *Manager) LastAck() time.Time {
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	var last time.Time
	for _, t := range m.targets {
		last = later(last, t.acked)
	}
	return last
}

// Status returns all alerts that fire or were resolved lately, in the order in
// which they came, with how they stand with the targets there are now.
func (m *Manager) Status() []slo.AlertDelivery {
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	items := make([]*item, 0, len(m.table.items))
	for _, it := range m.table.items {
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b *item) int { return cmp.Compare(a.seq, b.seq) })
	all := make([]slo.AlertDelivery, 0, len(items))
	for _, it := range items {
		s := slo.AlertDelivery{Alert: it.alert, Stated: it.stated, Ended: it.ended}
		for key, d := range it.deliveries {
			if _, ok := m.targets[key]; !ok && (key != SecondPath || d.Ack == (Ack{})) {
				continue
			}
			s.Deliveries = append(s.Deliveries, d.snapshot(key, &it.alert))
		}
		slices.SortFunc(s.Deliveries, func(a, b slo.Delivery) int { return cmp.Compare(a.Target, b.Target) })
		all = append(all, s)
	}
	return all
}

// Unsaved says that alerts go out without being on disk: a restart now may repeat or
// resolve them.
func (m *Manager) Unsaved() bool { return m.keeper.failing.Load() }

// ClockSkewed says that some Alertmanager's clock is not ours.
func (m *Manager) ClockSkewed() bool {
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	now := time.Now()
	for _, t := range m.targets {
		if t.clock.off(now) != 0 {
			return true
		}
	}
	return false
}

// Refused is how many alerts some Alertmanager refuses, even bare.
func (m *Manager) Refused() int {
	n := 0
	for _, am := range m.Alertmanagers().Active {
		n = max(n, am.Quarantined)
	}
	return n
}

// Heard says whether every Alertmanager that answers knows that the alert with these
// labels fires, and that there is one. Where relabel rules drop the alert there is
// nothing to hear.
func (m *Manager) Heard(ls labels.Labels) bool {
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	it := m.table.items[string(ls.Bytes(nil))]
	if it == nil || it.alert.State != slo.AlertFiring {
		return false
	}
	some := false
	for key, t := range m.targets {
		if t.failing || t.answered.IsZero() {
			continue
		}
		if !it.delivery(key).settled(&it.alert, it.ended) {
			return false
		}
		some = true
	}
	return some
}

func (d *delivery) snapshot(target string, a *slo.Alert) slo.Delivery {
	out := slo.Delivery{
		Target: target, LastSent: d.sent, Dropped: d.gen != 0 && !d.keep,
		Refusal: d.refusal, RetryAt: d.quarantined, Bare: d.bare,
	}
	if d.Episode == a.FiredAt {
		out.FiringAcked, out.ResolvedAcked = fromMillis(d.Firing), fromMillis(d.Resolved)
	}
	return out
}
