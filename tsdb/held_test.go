package tsdb_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/tsdb"
)

func TestHeldTellsNewSeriesFromThoseWithAPast(t *testing.T) {
	dir := t.TempDir()
	never, gone, live := labels.FromStrings("__name__", "never"), labels.FromStrings("__name__", "gone"), labels.FromStrings("__name__", "live")
	expect := func(when string, db *tsdb.DB, want map[string]bool) {
		t.Helper()
		for _, lset := range []labels.Labels{never, gone, live} {
			if have := db.Held(lset); have != want[lset.Get("__name__")] {
				t.Errorf("%s: held %s: want %t, have %t", when, lset, !have, have)
			}
		}
	}
	db := openRaw(t, dir, tsdb.Options{})
	run(t, db)
	expect("empty", db, map[string]bool{})
	if err := write(t, db, gone, point{ms, 1}); err != nil {
		t.Fatal(err)
	}
	for h := range int64(8) {
		if err := write(t, db, live, point{ms + h*3600_000, 1}); err != nil {
			t.Fatal(err)
		}
	}
	expect("in the head", db, map[string]bool{"gone": true, "live": true})
	if err := db.Head(func(h *promtsdb.Head) {
		if err := h.Truncate(ms + 6*3600_000); err != nil {
			t.Fatal(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	expect("dropped from the head", db, map[string]bool{"gone": true, "live": true})
}

func TestHeldKnowsTheBlocksAfterAStart(t *testing.T) {
	dir := t.TempDir()
	gone, live := labels.FromStrings("__name__", "gone"), labels.FromStrings("__name__", "live")
	inner, err := promtsdb.Open(dir, nil, nil, promtsdb.DefaultOptions(), nil)
	if err == nil {
		err = write(t, inner, gone, point{ms, 1})
	}
	if err == nil {
		err = write(t, inner, live, point{ms, 1}, point{ms + 6*3600_000, 1})
	}
	if err == nil {
		err = inner.CompactHead(promtsdb.NewRangeHead(inner.Head(), ms, ms+3600_000))
	}
	if err == nil {
		err = inner.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	db := openRaw(t, dir, tsdb.Options{})
	for n := range 100 {
		if !db.Held(labels.FromStrings("__name__", "m", "n", fmt.Sprint(n))) {
			t.Fatal("a series is said not to be held before the blocks were looked at")
		}
	}
	run(t, db)
	deadline := time.Now().Add(30 * time.Second)
	for db.Held(labels.FromStrings("__name__", "never")) {
		if time.Now().After(deadline) {
			t.Fatal("the blocks have not been looked at")
		}
		time.Sleep(time.Millisecond) // the disk's time
	}
	if !db.Held(gone) || !db.Held(live) {
		t.Errorf("held: of a block alone %t, of both %t", db.Held(gone), db.Held(live))
	}
}
