package tsdb

import "time"

// Elected is what is remembered of a source's election.
type Elected struct {
	// Replica is the values of the replica labels, joined by slashes.
	Replica string
	// Before is who was elected before, empty if nobody was, and Since when that ended,
	// wall ms.
	Before string
	Since  int64
}

// ElectionStore remembers over a restart who is elected, by source.
// *state.Bucket[Elected] is one.
type ElectionStore interface {
	Load() (map[string]Elected, error)
	Save(put map[string]Elected, del []string) error
}

// electionKey is a source's key in an ElectionStore, whose keys are not empty.
func electionKey(source string) string { return "source/" + source }

// election chooses one of a source's replicas. Samples of the others are dropped.
type election struct {
	names    []string // replica n+1 is names[n]
	elected  uint8    // 0: none yet
	before   uint8    // who was elected before, 0: nobody
	since    int64    // when that ended, wall ms
	seen     time.Time
	failover time.Duration // how long the elected one may be silent
}

// recall takes over who was elected when the last process ended. It has as long to
// come back as if it had been heard now.
func (e *election) recall(x Elected, now time.Time) {
	e.elected, e.seen = e.number(x.Replica), now
	e.before, e.since = e.number(x.Before), x.Since
}

// remember is what recall needs.
func (e *election) remember() Elected {
	x := Elected{Replica: e.name(), Since: e.since}
	if e.before != 0 {
		x.Before = e.names[e.before-1]
	}
	return x
}

// wrote is the replica that wrote a series' last sample, at t, as far as times tell.
// To take the elected one's for the other's does no harm: what follows is looked at
// as at a switch.
func (e *election) wrote(t int64) uint8 {
	if e.before != 0 && t <= e.since {
		return e.before
	}
	return e.elected
}

// maxReplicas bounds the names one source may have; more are taken for one.
const maxReplicas = 64

// DefaultFailover is how long the elected replica may be silent before another
// takes its place (Mimir's HA tracker, its default).
const DefaultFailover = 30 * time.Second

// number gives a replica a number.
func (e *election) number(name string) uint8 {
	if name == "" {
		return 0
	}
	for i, n := range e.names {
		if n == name {
			return uint8(i + 1)
		}
	}
	if len(e.names) < maxReplicas {
		e.names = append(e.names, name)
	}
	return uint8(len(e.names))
}

// admit says whether samples of this replica are taken, and whether it has just
// been elected. 0 takes no part.
func (e *election) admit(replica uint8, now time.Time) (ok, switched bool) {
	switch {
	case replica == 0:
		return true, false
	case replica == e.elected:
		e.seen = now
		return true, false
	case e.elected == 0 || now.Sub(e.seen) > e.failover:
		e.before, e.elected, e.seen = e.elected, replica, now
		if e.before != 0 {
			e.since = now.UnixMilli()
		}
		return true, true
	}
	return false, false
}

func (e *election) name() string {
	if e.elected == 0 {
		return ""
	}
	return e.names[e.elected-1]
}
