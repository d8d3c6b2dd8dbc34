package governance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// maxOverride is for how long the gate can be overridden at once: what is needed for
// longer is another policy.
const maxOverride = 7 * 24 * time.Hour

// Override lets a service's releases pass a gate that fails, until it expires.
func (b *Book) Override(q govern.OverrideRequest, by govern.Author) (o *govern.Override, err error) {
	defer func() { b.refuse(err) }()
	b.saving.Lock()
	defer b.saving.Unlock()
	now := b.opts.Now().UnixMilli()
	if err := b.checkOverride(&q, by, now); err != nil {
		return nil, err
	}
	c := newChange()
	o = &govern.Override{OverrideRequest: q, Author: by.Name, CreatedMS: now}
	b.mu.RLock()
	for n := 0; o.ID == "" || b.overrides[o.ID] != nil; n++ {
		o.ID = entryID(now, n)
	}
	b.mu.RUnlock()
	c.override(o)
	c.entry(govern.Entry{Author: by.Name, Action: govern.ActionOverride, Service: q.Service, SLO: q.SLO, Subject: o.ID, Reason: q.Reason,
		Detail: "until " + stamp(q.ExpiresMS)})
	return o, b.commit(c)
}

func (b *Book) checkOverride(q *govern.OverrideRequest, by govern.Author, now int64) error {
	if err := checkText("reason", q.Reason, maxNote, true); err != nil {
		return err
	}
	var names []string
	if q.SLO != "" {
		names = []string{q.SLO}
	}
	objectives, err := b.objectives(q.Service, names)
	if err != nil {
		return err
	}
	switch {
	case q.ExpiresMS == 0:
		return govern.Errorf(govern.CodeBadParameter, "expires_ms is missing: an override ends some time")
	case q.ExpiresMS <= now:
		return govern.Errorf(govern.CodeReversed, "the override would end at %s, and it is %s", stamp(q.ExpiresMS), stamp(now))
	case q.ExpiresMS > now+maxOverride.Milliseconds():
		return govern.Errorf(govern.CodeBadParameter, "an override lasts %s at most: what is needed for longer is another policy", slo.FormatDuration(maxOverride))
	}
	return mayOverride(objectives, by)
}

// mayOverride says whether the author may override every one of the objectives.
func mayOverride(objectives []*slo.Objective, by govern.Author) error {
	if by.Name == "" {
		return govern.Errorf(govern.CodeNoAuthor, "an override needs an author: configure --web.token or basic auth, and show who you are")
	}
	for _, o := range objectives {
		names := o.Policy.Overriders
		switch {
		case slices.Contains(names, by.Name), len(names) == 0 && by.Admin:
		case len(names) == 0:
			return govern.Errorf(govern.CodeNotAllowed, "%s may not override %s: that takes the admin scope", by.Name, o.ID())
		default:
			return govern.Errorf(govern.CodeNotAllowed, "%s may not override %s: %s may", by.Name, o.ID(), strings.Join(names, ", "))
		}
	}
	return nil
}

// Revoke ends an override early. Whoever may override may, and its author.
func (b *Book) Revoke(id string, by govern.Author) (o *govern.Override, err error) {
	defer func() { b.refuse(err) }()
	b.saving.Lock()
	defer b.saving.Unlock()
	b.mu.RLock()
	have := b.overrides[id]
	b.mu.RUnlock()
	now := b.opts.Now().UnixMilli()
	if have == nil || !have.InForce(now) {
		return nil, govern.Errorf(govern.CodeNotFound, "no override %q is in force", id)
	}
	if by.Name == "" || by.Name != have.Author {
		var names []string
		if have.SLO != "" {
			names = []string{have.SLO}
		}
		objectives, err := b.objectives(have.Service, names)
		if err != nil {
			return nil, err
		}
		if err := mayOverride(objectives, by); err != nil {
			return nil, err
		}
	}
	c, ended := newChange(), *have
	ended.RevokedMS, ended.RevokedBy = now, by.Name
	c.override(&ended)
	c.entry(govern.Entry{Author: by.Name, Action: govern.ActionRevoke, Service: have.Service, SLO: have.SLO, Subject: id,
		Detail: fmt.Sprintf("made by %s, until %s", have.Author, stamp(have.ExpiresMS))})
	return &ended, b.commit(c)
}

// Overrides are those in force, or all that are kept, newest first.
func (b *Book) Overrides(service string, ended bool) []govern.Override {
	b.mu.RLock()
	defer b.mu.RUnlock()
	now := b.opts.Now().UnixMilli()
	var out []govern.Override
	for _, o := range b.overrides {
		if (service == "" || o.Service == service) && (ended || o.InForce(now)) {
			out = append(out, *o)
		}
	}
	slices.SortFunc(out, func(a, b govern.Override) int { return cmp.Compare(b.ID, a.ID) })
	return out
}

// overriding is the override of an objective that is in force the longest; nil if
// there is none.
func (b *Book) overriding(o *slo.Objective, now int64) *govern.Override {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var found *govern.Override
	for _, v := range b.overrides {
		if v.Service == o.Service && (v.SLO == "" || v.SLO == o.Name) && v.InForce(now) && (found == nil || v.ExpiresMS > found.ExpiresMS) {
			found = v
		}
	}
	return found
}

// Audit are the newest entries that the query selects, newest first, and the cursor of
// the next page.
func (b *Book) Audit(q govern.AuditQuery) (page []govern.Entry, next string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for i := len(b.entries) - 1; i >= 0; i-- {
		e := b.entries[i]
		switch {
		case q.Before != "" && e.ID >= q.Before,
			q.Service != "" && e.Service != q.Service,
			q.Author != "" && e.Author != q.Author,
			q.Action != "" && string(e.Action) != q.Action,
			q.StartMS != 0 && e.TimeMS <= q.StartMS,
			q.EndMS != 0 && e.TimeMS > q.EndMS:
		case len(page) == limit(q.Limit):
			return page, page[len(page)-1].ID
		default:
			page = append(page, *e)
		}
	}
	return page, ""
}
