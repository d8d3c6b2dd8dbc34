package governance_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/governance"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// openBook opens a book over the store at a wall time that the test moves.
func openBook(t *testing.T, store governance.Store, now *int64) *governance.Book {
	t.Helper()
	b, err := governance.New(governance.Options{
		Store: store, Slot: time.Minute, Now: func() time.Time { return time.UnixMilli(*now) },
		Objectives: func() []*slo.Objective { return []*slo.Objective{checkout} },
		Statuses:   func() []slo.Status { return nil },
		Counts:     func(context.Context, *slo.Objective, int64, int64) (slo.Counts, error) { return slo.Counts{}, nil },
		Events: func(context.Context, *slo.Objective, []*labels.Matcher, int64, int64) (slo.Counts, error) {
			return slo.Counts{}, nil
		},
		Raw: nothing{}, Settings: governance.DefaultSettings, Retention: 30 * 24 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var ops = govern.Author{Name: "ops", Admin: true}

// TestNothingHalf: what the disk refuses has not happened, here or in the audit log, and
// is done whole when it is tried again.
func TestNothingHalf(t *testing.T) {
	now := start
	store := &memory{records: map[string]governance.Record{}}
	b := openBook(t, store, &now)
	full := errors.New("disk full")
	store.fail = full
	if _, _, err := b.Mark(t.Context(), govern.Mark{Service: "checkout", Version: "v1"}, ops); !errors.Is(err, full) {
		t.Errorf("want %v, have %v", full, err)
	}
	if _, err := b.Override(govern.OverrideRequest{Service: "checkout", Reason: "x", ExpiresMS: now + hour}, ops); !errors.Is(err, full) {
		t.Errorf("want %v, have %v", full, err)
	}
	page, _ := b.Releases(govern.ReleaseQuery{})
	entries, _ := b.Audit(govern.AuditQuery{})
	if n := len(page) + len(entries) + len(b.Overrides("", true)) + len(store.records); n != 0 {
		t.Errorf("want nothing, have %d things", n)
	}
	store.fail = nil
	if _, created, err := b.Mark(t.Context(), govern.Mark{Service: "checkout", Version: "v1"}, ops); err != nil || !created {
		t.Errorf("want it noted, have %t, %v", created, err)
	}
	if have := kinds(store); have != "audit release" {
		t.Errorf("want a release with its entry, have %s", have)
	}
}

func kinds(m *memory) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(m.records)) {
		kind, _, _ := strings.Cut(key, "/")
		out = append(out, kind)
	}
	return strings.Join(out, " ")
}

// TestReopened: a book knows after a restart what it knew before.
func TestReopened(t *testing.T) {
	now := start
	store := &memory{records: map[string]governance.Record{}}
	b := openBook(t, store, &now)
	if _, _, err := b.Mark(t.Context(), govern.Mark{Service: "checkout", Version: "v1", Note: "n"}, ops); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Override(govern.OverrideRequest{Service: "checkout", Reason: "why", ExpiresMS: now + hour}, ops); err != nil {
		t.Fatal(err)
	}
	again := openBook(t, store, &now)
	all := func(b *governance.Book) []any {
		r, _ := b.Releases(govern.ReleaseQuery{})
		e, _ := b.Audit(govern.AuditQuery{})
		return []any{r, e, b.Overrides("", true)}
	}
	if diff := cmp.Diff(all(b), all(again)); diff != "" {
		t.Errorf("-before +after\n%s", diff)
	}
	// The same mark is still the same; what is older than the retention goes.
	if _, created, err := again.Mark(t.Context(), govern.Mark{Service: "checkout", Version: "v1", Note: "n"}, ops); created || err != nil {
		t.Errorf("want it known, have created %t, %v", created, err)
	}
	now += 40 * day
	if _, _, err := again.Mark(t.Context(), govern.Mark{Service: "checkout", Version: "v2"}, ops); err != nil {
		t.Fatal(err)
	}
	if have := kinds(store); have != "audit release" {
		t.Errorf("want the new release with its entry alone, have %s", have)
	}
}

// TestWhoMayOverride: names the policy lists, or the admin scope; never nobody.
func TestWhoMayOverride(t *testing.T) {
	now := start
	b := openBook(t, &memory{records: map[string]governance.Record{}}, &now)
	ask := func(by govern.Author) govern.Code {
		_, err := b.Override(govern.OverrideRequest{Service: "checkout", SLO: "availability", Reason: "x", ExpiresMS: now + hour}, by)
		return codeOf(err)
	}
	listed := checkout.Policy
	listed.Overriders = []string{"alice"}
	for _, c := range []struct {
		policy slo.Policy
		by     govern.Author
		want   govern.Code
	}{
		{slo.DefaultPolicy(), govern.Author{}, govern.CodeNoAuthor}, {slo.DefaultPolicy(), govern.Author{Admin: true}, govern.CodeNoAuthor},
		{slo.DefaultPolicy(), govern.Author{Name: "ci"}, govern.CodeNotAllowed}, {slo.DefaultPolicy(), ops, ""},
		{listed, ops, govern.CodeNotAllowed}, {listed, govern.Author{Name: "alice"}, ""},
	} {
		before := checkout.Policy
		checkout.Policy = c.policy
		if have := ask(c.by); have != c.want {
			t.Errorf("%+v, %v: want %q, have %q", c.by, c.policy.Overriders, c.want, have)
		}
		checkout.Policy = before
	}
}

// codeOf is the code of a refusal; empty if there is none.
func codeOf(err error) govern.Code {
	var e *govern.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestMarksAreNotedOnce: a pipeline that runs again notes nothing again, and cannot
// quietly rewrite what was noted.
func TestMarksAreNotedOnce(t *testing.T) {
	now := start
	b := openBook(t, &memory{records: map[string]governance.Record{}}, &now)
	v1 := govern.Mark{Service: "checkout", Version: "v1", TimeMS: start - hour, Type: "rollout", Link: "https://ci.example.com/1", Note: "first"}
	fixed, untimed, elsewhen := v1, v1, v1
	fixed.Type, untimed.Version, untimed.TimeMS, elsewhen.TimeMS = "fix", "v2", 0, start-2*hour
	for _, c := range []struct {
		name    string
		after   int64 // ms
		mark    govern.Mark
		created bool
		code    govern.Code
	}{
		{"a first mark", 0, v1, true, ""},
		{"the same", minute, v1, false, ""},
		{"the same, of another type", 0, fixed, false, govern.CodeConflict},
		{"the same version at another time", 0, elsewhen, true, ""},
		{"one without a time is now", 0, untimed, true, ""},
		{"that one again, soon", 9 * minute, untimed, false, ""},
		{"that one again, much later", 20 * minute, untimed, true, ""},
	} {
		now += c.after
		r, created, err := b.Mark(t.Context(), c.mark, ops)
		if created != c.created || codeOf(err) != c.code || (err == nil) != (c.code == "") {
			t.Errorf("%s: want created %t and %q, have %t and %v", c.name, c.created, c.code, created, err)
		}
		if err == nil && (r.Version != c.mark.Version || r.Author != "ops") {
			t.Errorf("%s: have %+v", c.name, r)
		}
	}
	all, _ := b.Releases(govern.ReleaseQuery{})
	entries, _ := b.Audit(govern.AuditQuery{Action: string(govern.ActionMark)})
	if len(all) != 4 || len(entries) != 4 {
		t.Errorf("want four releases with an entry each, have %d and %d", len(all), len(entries))
	}
}

// TestMarksThatCannotBe: each has a code, and none leaves anything behind.
func TestMarksThatCannotBe(t *testing.T) {
	now := start
	store := &memory{records: map[string]governance.Record{}}
	b := openBook(t, store, &now)
	good := govern.Mark{Service: "checkout", Version: "v1"}
	for _, c := range []struct {
		name   string
		change func(*govern.Mark)
		want   govern.Code
	}{
		{"unknown service", func(m *govern.Mark) { m.Service = "cart" }, govern.CodeUnknownService},
		{"no service", func(m *govern.Mark) { m.Service = "" }, govern.CodeBadParameter},
		{"no version", func(m *govern.Mark) { m.Version = "" }, govern.CodeBadParameter},
		{"a minute ahead is a clock", func(m *govern.Mark) { m.TimeMS = now + minute }, ""},
		{"more is the future", func(m *govern.Mark) { m.TimeMS = now + minute + 1 }, govern.CodeFuture},
		{"before what is kept", func(m *govern.Mark) { m.TimeMS = now - 31*day }, govern.CodeTooOld},
		{"before 1970", func(m *govern.Mark) { m.TimeMS = -1 }, govern.CodeBadParameter},
		{"a version that is a text", func(m *govern.Mark) { m.Version = strings.Repeat("v", 201) }, govern.CodeTooLong},
		{"a huge note", func(m *govern.Mark) { m.Note = strings.Repeat("x", 4097) }, govern.CodeTooLong},
		{"a note of lines", func(m *govern.Mark) { m.Version, m.Note = "v2", "one\ntwo" }, ""},
		{"a version of lines", func(m *govern.Mark) { m.Version = "v1\nv2" }, govern.CodeBadParameter},
		{"a terminal's escape", func(m *govern.Mark) { m.Note = "\x1b[2J" }, govern.CodeBadParameter},
		{"not UTF-8", func(m *govern.Mark) { m.Note = "\xff" }, govern.CodeBadParameter},
		{"a link that runs", func(m *govern.Mark) { m.Link = "javascript:alert(1)" }, govern.CodeBadParameter},
		{"a link to nowhere", func(m *govern.Mark) { m.Link = "https://" }, govern.CodeBadParameter},
	} {
		m := good
		c.change(&m)
		before := len(store.records)
		_, _, err := b.Mark(t.Context(), m, ops)
		if codeOf(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: want %q, have %v", c.name, c.want, err)
		}
		if err != nil && len(store.records) != before {
			t.Errorf("%s: it is refused and %d records are left", c.name, len(store.records)-before)
		}
	}
}

// TestOverridesEnd: an override needs a reason and an end, and holds until then or until
// somebody who may revokes it.
func TestOverridesEnd(t *testing.T) {
	now := start
	b := openBook(t, &memory{records: map[string]governance.Record{}}, &now)
	for _, c := range []struct {
		name string
		q    govern.OverrideRequest
		want govern.Code
	}{
		{"no reason", govern.OverrideRequest{Service: "checkout", ExpiresMS: now + hour}, govern.CodeBadParameter},
		{"a reason like a book", govern.OverrideRequest{Service: "checkout", Reason: strings.Repeat("x", 4097), ExpiresMS: now + hour}, govern.CodeTooLong},
		{"no end", govern.OverrideRequest{Service: "checkout", Reason: "x"}, govern.CodeBadParameter},
		{"ended before it begins", govern.OverrideRequest{Service: "checkout", Reason: "x", ExpiresMS: now}, govern.CodeReversed},
		{"longer than a week", govern.OverrideRequest{Service: "checkout", Reason: "x", ExpiresMS: now + 7*day + 1}, govern.CodeBadParameter},
		{"unknown service", govern.OverrideRequest{Service: "cart", Reason: "x", ExpiresMS: now + hour}, govern.CodeUnknownService},
		{"unknown objective", govern.OverrideRequest{Service: "checkout", SLO: "latency", Reason: "x", ExpiresMS: now + hour}, govern.CodeUnknownSLO},
	} {
		if _, err := b.Override(c.q, ops); codeOf(err) != c.want {
			t.Errorf("%s: want %q, have %v", c.name, c.want, err)
		}
	}
	make := func(length int64) *govern.Override {
		t.Helper()
		o, err := b.Override(govern.OverrideRequest{Service: "checkout", Reason: "x", ExpiresMS: now + length}, ops)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	inForce := func(want int, when string) {
		t.Helper()
		if have := len(b.Overrides("checkout", false)); have != want {
			t.Errorf("%s: want %d in force, have %d", when, want, have)
		}
	}
	short, long := make(hour), make(2*hour)
	if short.ID == long.ID {
		t.Errorf("both are called %s", short.ID)
	}
	inForce(2, "at once")
	now += hour - 1
	inForce(2, "just before the end")
	now++
	inForce(1, "at the end of one")
	if _, err := b.Revoke(short.ID, ops); codeOf(err) != govern.CodeNotFound {
		t.Errorf("revoke what has ended: have %v", err)
	}
	if _, err := b.Revoke(long.ID, govern.Author{Name: "ci"}); codeOf(err) != govern.CodeNotAllowed {
		t.Errorf("revoke what is somebody else's: have %v", err)
	}
	if o, err := b.Revoke(long.ID, ops); err != nil || o.RevokedBy != "ops" || o.RevokedMS != now {
		t.Errorf("revoke: have %+v, %v", o, err)
	}
	inForce(0, "after revoking")
	if have := len(b.Overrides("", true)); have != 2 {
		t.Errorf("want both remembered, have %d", have)
	}
}
