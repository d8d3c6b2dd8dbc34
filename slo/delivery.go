package slo

import "time"

// AlertDelivery is one alert and how it stands with those it goes to. alerting
// knows it; web shows it.
type AlertDelivery struct {
	Alert Alert
	// Stated and Ended are when slowburn learned that it fires and that it is
	// resolved, wall time.
	Stated, Ended time.Time
	Deliveries    []Delivery
}

// Delivery is how one alert stands with one target.
type Delivery struct {
	// Target is an Alertmanager's URL, or "webhook" for the second path.
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
