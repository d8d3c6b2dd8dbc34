package governance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// What a request may hold: texts in bytes, releases of one service, how far a clock
// may be ahead, ms, and how long after a mark without a time the same mark is a
// repetition, ms.
const (
	maxName     = 200
	maxNote     = 4 << 10
	maxLink     = 2 << 10
	maxReleases = 5000
	aheadBy     = 60_000
	repeatedBy  = 10 * 60_000
	nearby      = 60 * 60_000 // how far a mark and its version label may lie apart
)

// anonymous marks what somebody on this machine did without a credential.
const anonymous = "anonymous"

// Mark notes a release. The same service, version and time is noted once: created is
// false if it was before.
func (b *Book) Mark(_ context.Context, m govern.Mark, by govern.Author) (r *govern.Release, created bool, err error) {
	defer func() { b.refuse(err) }()
	b.saving.Lock()
	defer b.saving.Unlock()
	now := b.opts.Now().UnixMilli()
	if m.Type == "" {
		m.Type = govern.DefaultType
	}
	if err := b.checkMark(&m, now); err != nil {
		return nil, false, err
	}
	timed := m.TimeMS != 0
	if !timed {
		m.TimeMS = now
	}
	if have := b.marked(&m, timed); have != nil {
		if have.Detected {
			return b.claim(have, &m, by)
		}
		same := have.Mark
		same.TimeMS = m.TimeMS
		if same != m {
			return nil, false, govern.Errorf(govern.CodeConflict, "release %s was noted with another type, link or note", have.ID)
		}
		return have, false, nil
	}
	if n := len(b.history(m.Service)); n >= maxReleases {
		return nil, false, govern.Errorf(govern.CodeTooMany, "service %q has %d releases: no more are kept", m.Service, n)
	}
	c := newChange()
	r = b.note(c, m, named(by), now, false)
	return r, true, b.commit(c)
}

func named(by govern.Author) string { return cmp.Or(by.Name, anonymous) }

// claim gives a release that was found in a version label what its marker knows of it.
// It keeps its time, which is when the version really began to run.
func (b *Book) claim(found *govern.Release, m *govern.Mark, by govern.Author) (*govern.Release, bool, error) {
	r := *found
	r.Type, r.Link, r.Note, r.Author, r.Detected = m.Type, m.Link, m.Note, named(by), false
	c := newChange()
	c.release(&r)
	c.entry(govern.Entry{Author: r.Author, Action: govern.ActionMark, Service: r.Service, Subject: r.ID, Reason: m.Note,
		Detail: fmt.Sprintf("%s %s of %s, found before in a version label", r.Type, r.Version, stamp(r.TimeMS))})
	return &r, false, b.commit(c)
}

// note adds a release and its entry to a change. The release before it, if it was
// still watched then, is to be reckoned anew.
func (b *Book) note(c *change, m govern.Mark, author string, now int64, detected bool) *govern.Release {
	r := &govern.Release{ID: releaseID(&m), Mark: m, Author: author, RecordedMS: now, Detected: detected, Costs: []govern.Cost{}}
	c.release(r)
	for _, prev := range b.history(m.Service) {
		if prev.TimeMS < m.TimeMS && slices.ContainsFunc(prev.Costs, func(c govern.Cost) bool { return c.EndMS > m.TimeMS }) {
			again := *prev
			again.Costs = []govern.Cost{}
			c.release(&again)
		}
	}
	action := govern.ActionMark
	if detected {
		action = govern.ActionDetect
	}
	c.entry(govern.Entry{Author: author, Action: action, Service: m.Service, Subject: r.ID, Reason: m.Note,
		Detail: fmt.Sprintf("%s %s of %s", m.Type, m.Version, stamp(m.TimeMS))})
	return r
}

func releaseID(m *govern.Mark) string {
	return url.QueryEscape(m.Service) + "/" + url.QueryEscape(m.Version) + "/" + time.UnixMilli(m.TimeMS).UTC().Format("2006-01-02T15:04:05.000Z")
}

// marked finds the release that the mark repeats: the same service, version and time,
// or for one without a time one of the last minutes. One that was found in a version
// label is repeated by whoever marks it afterwards.
func (b *Book) marked(m *govern.Mark, timed bool) *govern.Release {
	for _, r := range b.history(m.Service) {
		apart := max(r.TimeMS-m.TimeMS, m.TimeMS-r.TimeMS)
		if r.Version == m.Version && (apart == 0 || !timed && apart < repeatedBy || r.Detected && apart < nearby) {
			return r
		}
	}
	return nil
}

func (b *Book) checkMark(m *govern.Mark, now int64) error {
	for _, f := range []struct {
		name, text string
		max        int
		required   bool
	}{
		{"service", m.Service, maxName, true}, {"version", m.Version, maxName, true}, {"type", m.Type, maxName, true},
		{"link", m.Link, maxLink, false}, {"note", m.Note, maxNote, false},
	} {
		if err := checkText(f.name, f.text, f.max, f.required); err != nil {
			return err
		}
	}
	if u, err := url.Parse(m.Link); m.Link != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return govern.Errorf(govern.CodeBadParameter, "link %q is not an address: want https://…", m.Link)
	}
	if _, err := b.objectives(m.Service, nil); err != nil {
		return err
	}
	switch {
	case m.TimeMS < 0:
		return govern.Errorf(govern.CodeBadParameter, "time_ms is before 1970")
	case m.TimeMS > now+aheadBy:
		return govern.Errorf(govern.CodeFuture, "the release would be of %s, and it is %s: mark it when it goes out", stamp(m.TimeMS), stamp(now))
	case m.TimeMS != 0 && m.TimeMS < now-b.opts.Retention.Milliseconds():
		return govern.Errorf(govern.CodeTooOld, "the release is of %s, and budgets are kept for %s", stamp(m.TimeMS), slo.FormatDuration(b.opts.Retention))
	}
	return nil
}

// checkText bounds a text that strangers write. It must be printable; only notes and
// reasons may have several lines.
func checkText(name, text string, max int, required bool) error {
	switch {
	case required && strings.TrimSpace(text) == "":
		return govern.Errorf(govern.CodeBadParameter, "%s is missing", name)
	case len(text) > max:
		return govern.Errorf(govern.CodeTooLong, "%s has %d bytes: want %d at most", name, len(text), max)
	case !utf8.ValidString(text):
		return govern.Errorf(govern.CodeBadParameter, "%s is not UTF-8", name)
	}
	lines := max == maxNote
	for _, r := range text {
		if !unicode.IsPrint(r) && !(lines && (r == '\n' || r == '\t' || r == '\r')) {
			return govern.Errorf(govern.CodeBadParameter, "%s holds a control character, %U", name, r)
		}
	}
	return nil
}

// history are a service's releases, oldest first.
func (b *Book) history(service string) []*govern.Release {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []*govern.Release
	for _, r := range b.releases {
		if r.Service == service {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, byTime)
	return out
}

func byTime(a, b *govern.Release) int {
	if a.TimeMS != b.TimeMS {
		return int(a.TimeMS - b.TimeMS)
	}
	return strings.Compare(a.ID, b.ID)
}

// Releases are the newest that the query selects, newest first, and the cursor of the
// next page.
func (b *Book) Releases(q govern.ReleaseQuery) (page []govern.Release, next string) {
	b.mu.RLock()
	var all []*govern.Release
	for _, r := range b.releases {
		if (q.Service == "" || r.Service == q.Service) && (q.Type == "" || r.Type == q.Type) &&
			(q.StartMS == 0 || r.TimeMS > q.StartMS) && (q.EndMS == 0 || r.TimeMS <= q.EndMS) {
			all = append(all, r)
		}
	}
	before := b.releases[q.Before]
	b.mu.RUnlock()
	slices.SortFunc(all, func(a, b *govern.Release) int { return byTime(b, a) })
	for _, r := range all {
		switch {
		case before != nil && byTime(r, before) >= 0:
		case len(page) == limit(q.Limit):
			return page, page[len(page)-1].ID
		default:
			page = append(page, *r)
		}
	}
	return page, ""
}

func limit(n int) int {
	if n == 0 {
		return 100
	}
	return n
}

func (b *Book) refuse(err error) {
	var e *govern.Error
	if errors.As(err, &e) {
		b.metrics.refused(e)
	}
}
