package alerting

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Store keeps records across restarts. state.Bucket[Record] is one. Save is one
// transaction, on disk when it returns.
type Store interface {
	Load() (map[string]Record, error)
	Save(put map[string]Record, del []string) error
}

// Record is one alert as it is kept on disk. Its key is its labels before any
// relabeling, so that a changed relabel rule finds it again.
type Record struct {
	Labels       labels.Labels `json:"labels"`
	Annotations  labels.Labels `json:"annotations"`
	ActiveAt     int64         `json:"activeAt"`             // ms of event time
	FiredAt      int64         `json:"firedAt"`              // ms of event time; names the episode
	ResolvedAt   int64         `json:"resolvedAt,omitempty"` // ms of event time; 0 while it fires
	HeldUntil    int64         `json:"heldUntil,omitempty"`  // ms; 0 while its data is there
	Stated       int64         `json:"stated"`               // ms of wall time: when the engine first said it fires
	Ended        int64         `json:"ended,omitempty"`      // ms of wall time: when the engine said it is resolved
	GeneratorURL string        `json:"generatorURL,omitempty"`
	// Acks are by target: an Alertmanager's URL, or SecondPath.
	Acks map[string]Ack `json:"acks,omitempty"`
}

// Ack is what one target has acknowledged of an alert.
type Ack struct {
	// Episode is the FiredAt of the episode the rest speaks of, ms.
	Episode int64 `json:"episode"`
	// Firing and Resolved are when the target first acknowledged that the episode
	// began and that it ended, ms of wall time; 0 if it did not.
	Firing   int64 `json:"firing,omitempty"`
	Resolved int64 `json:"resolved,omitempty"`
}

func (r Record) alert() slo.Alert {
	a := slo.Alert{
		Labels: r.Labels, Annotations: r.Annotations, State: slo.AlertFiring,
		ActiveAt: r.ActiveAt, FiredAt: r.FiredAt, ResolvedAt: r.ResolvedAt, HeldUntil: r.HeldUntil, GeneratorURL: r.GeneratorURL,
	}
	if r.Ended != 0 {
		a.State = slo.AlertResolved
	}
	return a
}

// record is the item as it stands. The alert's value is left out: it may be
// infinite, which JSON cannot say, and nobody is told it.
func (it *item) record() Record {
	r := Record{
		Labels: it.alert.Labels, Annotations: it.alert.Annotations,
		ActiveAt: it.alert.ActiveAt, FiredAt: it.alert.FiredAt, ResolvedAt: it.alert.ResolvedAt,
		HeldUntil: it.alert.HeldUntil, Stated: millis(it.stated), Ended: millis(it.ended),
		GeneratorURL: it.alert.GeneratorURL,
	}
	for key, d := range it.deliveries {
		if d.Ack == (Ack{}) {
			continue
		}
		if r.Acks == nil {
			r.Acks = make(map[string]Ack, len(it.deliveries))
		}
		r.Acks[key] = d.Ack
	}
	return r
}
