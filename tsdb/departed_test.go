package tsdb_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
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

func TestBindIsToldWhichSeriesHaveAPast(t *testing.T) {
	held := map[string]bool{}
	note := func(o *tsdb.ReceiverOptions) {
		bind := o.Bind
		o.Bind = func(lset labels.Labels, is bool) storage.SeriesRef {
			held[lset.Get("__name__")] = is
			return bind(lset, is)
		}
	}
	s := newStand(t, note)
	send(t, s, true, 204, series("first").at(ms, 1))
	send(t, s, true, 204, series("second").at(ms, 1), series("first").at(ms+15000, 1))
	if held["first"] || held["second"] {
		t.Errorf("of new series, these are said to have a past: %v", held)
	}
	again := newStandOver(t, killed(t, s.dir), tsdb.Options{}, note)
	send(t, again, true, 204, series("first").at(ms+30000, 1), series("third").at(ms, 1))
	if !held["first"] || held["third"] {
		t.Errorf("after a restart: held: first %t, want true; third %t, want false", held["first"], held["third"])
	}
}
