package tsdb

import "time"

// election chooses one of a source's replicas. Samples of the others are dropped.
type election struct {
	names   []string // replica n+1 is names[n]
	elected uint32   // 0: none yet
	seen    time.Time
}

// maxReplicas bounds the names one source may have; more are taken for one.
const maxReplicas = 64

// failover is how long the elected replica may be silent before another takes its
// place (Mimir's HA tracker, its default).
const failover = 30 * time.Second

// number gives a replica a number.
func (e *election) number(name string) uint32 {
	if name == "" {
		return 0
	}
	for i, n := range e.names {
		if n == name {
			return uint32(i + 1)
		}
	}
	if len(e.names) < maxReplicas {
		e.names = append(e.names, name)
	}
	return uint32(len(e.names))
}

// admit says whether samples of this replica are taken, and whether it has just
// been elected. 0 takes no part.
func (e *election) admit(replica uint32, now time.Time) (ok, switched bool) {
	switch {
	case replica == 0:
		return true, false
	case replica == e.elected:
		e.seen = now
		return true, false
	case e.elected == 0 || now.Sub(e.seen) > failover:
		e.elected, e.seen = replica, now
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
