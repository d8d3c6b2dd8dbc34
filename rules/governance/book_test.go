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
		var e *govern.Error
		if errors.As(err, &e) {
			return e.Code
		}
		return ""
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
