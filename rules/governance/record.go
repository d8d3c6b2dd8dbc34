package governance

import (
	"fmt"

	"github.com/slowburn/slowburn/slo/govern"
)

// Record is what is kept under one key: exactly one field is set.
type Record struct {
	Release  *govern.Release  `json:"release,omitempty"`  // "release/<id>"
	Override *govern.Override `json:"override,omitempty"` // "override/<id>"
	Policy   *PolicyRecord    `json:"policy,omitempty"`   // "policy/<objective>"
	Versions *VersionsRecord  `json:"versions,omitempty"` // "versions/<service>"
	Entry    *govern.Entry    `json:"entry,omitempty"`    // "audit/<id>"
}

// Store keeps records by key, each Save in one durable transaction. A
// state.Bucket[Record] is one.
type Store interface {
	Load() (map[string]Record, error)
	Save(put map[string]Record, del []string) error
}

// change gathers what one act changes, its entries in the audit log included: all of
// it is saved or nothing.
type change struct {
	put map[string]Record
	del []string
	// entries get their IDs when the change is committed.
	entries []govern.Entry
}

func newChange() *change { return &change{put: map[string]Record{}} }

func (c *change) empty() bool { return len(c.put) == 0 && len(c.del) == 0 && len(c.entries) == 0 }

func (c *change) release(r *govern.Release) { c.put["release/"+r.ID] = Record{Release: r} }

func (c *change) override(o *govern.Override) { c.put["override/"+o.ID] = Record{Override: o} }

func (c *change) policy(id string, p *PolicyRecord) { c.put["policy/"+id] = Record{Policy: p} }

func (c *change) versions(service string, v *VersionsRecord) {
	c.put["versions/"+service] = Record{Versions: v}
}

func (c *change) entry(e govern.Entry) { c.entries = append(c.entries, e) }

// entryID is a key that sorts by time, and unique within it.
func entryID(ms int64, n int) string { return fmt.Sprintf("%013d-%06d", ms, n) }
