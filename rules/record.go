package rules

import (
	"strconv"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Record is what the engine keeps across restarts under one key: exactly one field
// is set.
type Record struct {
	Objective *ObjectiveRecord `json:"objective,omitempty"`
	Alert     *AlertRecord     `json:"alert,omitempty"`
	Source    *SourceRecord    `json:"source,omitempty"`
}

// ObjectiveRecord dates an objective's SLI and targets. Key "objective/<id>".
type ObjectiveRecord struct {
	// Meaning is that of the newest generation (slo.Objective.Meaning).
	Meaning string `json:"meaning"`
	// Since is the event time from which that generation's series were observed, ms:
	// what was born before is not known.
	Since int64 `json:"since"`
	// Outset says that nothing had ever arrived when it began: Since is then wall time,
	// and a source that begins with a backlog is observed from its first sample on.
	Outset bool `json:"outset,omitempty"`
	// Until is the event time up to which its past is still to be counted from raw
	// samples, ms; 0 if none is (past.go).
	Until       int64            `json:"until,omitempty"`
	Generations []slo.Generation `json:"generations"`
	Versions    []slo.Version    `json:"versions"`
}

func (r *ObjectiveRecord) current() slo.Generation { return r.Generations[len(r.Generations)-1] }

// inForce are the generations that count, as readers get them.
func (r *ObjectiveRecord) inForce() []slo.Generation {
	return append([]slo.Generation(nil), r.Generations...)
}

// notBefore is ts, or when the newest version came into force if that was later: the
// first is dated by the wall clock, and a backlog may come after it.
func (r *ObjectiveRecord) notBefore(ts int64) int64 {
	if r == nil || len(r.Versions) == 0 {
		return ts
	}
	return max(ts, r.Versions[len(r.Versions)-1].From)
}

// begin puts a new generation in force from event time ts on.
func (r *ObjectiveRecord) begin(meaning string, ts int64) {
	if n := len(r.Generations); n > 0 {
		r.Generations[n-1].To = ts
	}
	r.Meaning = meaning
	id := len(r.Generations) + 1
	for _, g := range r.Generations { // some before them may be gone
		if n, err := strconv.Atoi(g.ID); err == nil {
			id = max(id, n+1)
		}
	}
	r.Generations = append(r.Generations, slo.Generation{ID: strconv.Itoa(id), From: ts, To: forever})
}

// SourceRecord is how far a source was closed. Key "source/<name>".
type SourceRecord struct {
	Closed int64 `json:"closed"`          // ms
	First  int64 `json:"first,omitempty"` // source.first, ms
}

// AlertRecord is one alert's state. Key "alert/<budget>/<rule>".
type AlertRecord struct {
	Labels      labels.Labels  `json:"labels"`
	Annotations labels.Labels  `json:"annotations"`
	State       slo.AlertState `json:"state"`
	// ActiveAt, FiredAt, ResolvedAt, KeepUntil and TS, the newest evaluation, are
	// event times, ms; GoneAt is when its data vanished, EndedAt when it was found to
	// be resolved, in wall time, ms.
	ActiveAt   int64 `json:"active_at,omitempty"`
	FiredAt    int64 `json:"fired_at,omitempty"`
	ResolvedAt int64 `json:"resolved_at,omitempty"`
	KeepUntil  int64 `json:"keep_until,omitempty"`
	TS         int64 `json:"ts"`
	GoneAt     int64 `json:"gone_at,omitempty"`
	EndedAt    int64 `json:"ended_at,omitempty"`
	// Published says that Alertmanager was told.
	Published bool `json:"published,omitempty"`
	// InPlace says that it is an SLODataMissing that took the place of an alert that
	// was held: ignored absence does not end it.
	InPlace bool    `json:"in_place,omitempty"`
	Pair    int     `json:"pair,omitempty"`
	Value   float64 `json:"value,omitempty"`
}

// records gathers what changed in one tick and saves it in one transaction.
type records struct {
	store Store
	put   map[string]Record
	del   map[string]bool
}

func newRecords(s Store) *records {
	return &records{store: s, put: map[string]Record{}, del: map[string]bool{}}
}

func (r *records) setSource(name string, s SourceRecord) {
	r.put["source/"+name] = Record{Source: &s}
}

func (r *records) setObjective(id string, o *ObjectiveRecord) {
	r.put["objective/"+id] = Record{Objective: o}
}

func (r *records) setAlert(key string, a *AlertRecord) {
	delete(r.del, key)
	c := *a
	r.put[key] = Record{Alert: &c}
}

func (r *records) delAlert(key string) {
	delete(r.put, key)
	r.del[key] = true
}

// save writes what changed. What could not be saved is tried again with the next
// tick.
func (r *records) save() error {
	if len(r.put) == 0 && len(r.del) == 0 {
		return nil
	}
	del := make([]string, 0, len(r.del))
	for k := range r.del {
		del = append(del, k)
	}
	if err := r.store.Save(r.put, del); err != nil {
		return err
	}
	clear(r.put)
	clear(r.del)
	return nil
}
