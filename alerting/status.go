package alerting

import (
	"cmp"
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// Alertmanagers is a snapshot of whom alerts go to.
type Alertmanagers struct {
	Active []Alertmanager
	// Dropped are addresses that relabel rules left out.
	Dropped []string
}

// Alertmanager is how one of them stands.
type Alertmanager struct {
	// URL is what alerts are posted to; Set is the entry of the configuration.
	URL, Set string
	// Answers is false from the first failed request to the next that succeeds, and
	// before the first.
	Answers bool
	// LastAnswer and LastAck are when it last answered, and acknowledged an alert.
	LastAnswer, LastAck time.Time
	// LastError is what failed last, which may be over.
	LastError   string
	LastErrorAt time.Time
	// Queue counts alerts it has not acknowledged as they are, Quarantined those it
	// refuses.
	Queue, Quarantined int
}

// Alertmanagers returns a snapshot, by URL.
func (m *Manager) Alertmanagers() Alertmanagers {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	out := Alertmanagers{Dropped: slices.Clone(m.dropped)}
	for _, t := range m.targets {
		out.Active = append(out.Active, Alertmanager{
			URL: t.url, Set: t.set.name,
			Answers: !t.failing && !t.answered.IsZero(), LastAnswer: t.answered, LastAck: t.acked,
			LastError: t.lastErr, LastErrorAt: t.lastErrAt,
			Queue: int(t.queue.Load()), Quarantined: int(t.quarantined.Load()),
		})
	}
	slices.SortFunc(out.Active, func(a, b Alertmanager) int {
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

// Status is one alert and how it stands with every target.
type Status struct {
	Alert slo.Alert
	// Stated and Ended are when slowburn learned that it fires and that it is
	// resolved, wall time.
	Stated, Ended time.Time
	Deliveries    []Delivery
}

// Delivery is how one alert stands with one target.
type Delivery struct {
	// Target is an Alertmanager's URL, or SecondPath.
	Target string
	// FiringAcked and ResolvedAcked are when the target first acknowledged the
	// episode's begin and end, LastSent when this process last had an acknowledgement.
	FiringAcked, ResolvedAcked, LastSent time.Time
	// Dropped: relabel rules keep it from this target.
	Dropped bool
	// Refusal is why the target refuses it, RetryAt when it is offered again.
	Refusal string
	RetryAt time.Time
	// Bare: the target took it only without annotations.
	Bare bool
}

// Status returns all alerts that fire or were resolved lately, in the order in
// which they came, with how they stand with the targets there are now.
func (m *Manager) Status() []Status {
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	items := make([]*item, 0, len(m.table.items))
	for _, it := range m.table.items {
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b *item) int { return cmp.Compare(a.seq, b.seq) })
	all := make([]Status, 0, len(items))
	for _, it := range items {
		s := Status{Alert: it.alert, Stated: it.stated, Ended: it.ended}
		for key, d := range it.deliveries {
			if _, ok := m.targets[key]; !ok && (key != SecondPath || d.Ack == (Ack{})) {
				continue
			}
			s.Deliveries = append(s.Deliveries, d.snapshot(key, &it.alert))
		}
		slices.SortFunc(s.Deliveries, func(a, b Delivery) int { return cmp.Compare(a.Target, b.Target) })
		all = append(all, s)
	}
	return all
}

func (d *delivery) snapshot(target string, a *slo.Alert) Delivery {
	out := Delivery{
		Target: target, LastSent: d.sent, Dropped: d.gen != 0 && !d.keep,
		Refusal: d.refusal, RetryAt: d.quarantined, Bare: d.bare,
	}
	if d.Episode == a.FiredAt {
		out.FiringAcked, out.ResolvedAcked = fromMillis(d.Firing), fromMillis(d.Resolved)
	}
	return out
}
