package state_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/slowburn/slowburn/tsdb/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type alert struct {
	Name    string `json:"name"`
	FiredAt int64  `json:"firedAt"`
}

func open(t testing.TB, path string) *state.DB {
	t.Helper()
	db, err := state.Open(path, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSavedRecordsSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "state.db")
	db := open(t, path)
	alerts := state.NewBucket[alert](db, "alerts")
	if err := alerts.Save(map[string]alert{"a": {"A", 1}, "b": {"B", 2}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := alerts.Save(map[string]alert{"c": {"C", 3}}, []string{"a", "never"}); err != nil {
		t.Fatal(err)
	}
	if err := state.NewBucket[int](db, "other").Save(map[string]int{"a": 7}, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}

	got, err := state.NewBucket[alert](open(t, path), "alerts").Load()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]alert{"b": {"B", 2}, "c": {"C", 3}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}

func TestSaveIsAllOrNothing(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "state.db"))
	b := state.NewBucket[any](db, "x")
	if err := b.Save(map[string]any{"kept": "v"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Save(map[string]any{"new": 1, "unencodable": func() {}}, []string{"kept"}); err == nil {
		t.Fatal("saved a func")
	}
	got, err := b.Load()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]any{"kept": "v"}, got); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}

func TestLoadGivesWhatItCan(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "state.db"))
	if err := state.NewBucket[any](db, "x").Save(map[string]any{"good": alert{"A", 1}, "bad": "text"}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := state.NewBucket[alert](db, "x").Load()
	if err == nil || !strings.Contains(err.Error(), `x "bad"`) {
		t.Errorf("error %v does not name the record", err)
	}
	if d := cmp.Diff(map[string]alert{"good": {"A", 1}}, got); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}

func TestANewerFileIsRefusedUntouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	open(t, path).Close()
	b, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = b.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), binary.BigEndian.AppendUint64(nil, state.Schema+1))
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	want, _ := os.ReadFile(path)
	if _, err := state.Open(path, state.Options{}); !errors.Is(err, state.ErrNewer) {
		t.Fatalf("want ErrNewer, have %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != string(want) {
		t.Error("the file was changed")
	}
}

func TestADamagedFileIsSetAside(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "state.db")
	db := open(t, whole)
	for i := range 50 {
		if err := state.NewBucket[string](db, "x").Save(map[string]string{string(rune('a' + i)): strings.Repeat("v", 200)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	db.Close()
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string][]byte{
		"text":      []byte("this is no database\n"),
		"cut short": content[:len(content)/3],
		"zeroed":    append(make([]byte, 8192), content[8192:]...),
		"one page":  []byte(string(content[:4096])),
	}
	// Overwrite each page of the tree in turn.
	for p := 2; p*4096 < len(content); p++ {
		c := []byte(string(content))
		for i := range 64 {
			c[p*4096+i] ^= 0xff
		}
		cases["page "+string(rune('0'+p))] = c
	}
	for name, damaged := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			db := open(t, path)
			got, err := state.NewBucket[string](db, "x").Load()
			if err != nil {
				t.Fatal(err)
			}
			if db.Damaged() == "" {
				// The page was a free one: nothing may be missing.
				if len(got) != 50 {
					t.Fatalf("%d of 50 records, and no damage reported", len(got))
				}
				return
			}
			if aside, err := os.ReadFile(db.Damaged()); err != nil || string(aside) != string(damaged) {
				t.Errorf("set aside: %v, same bytes: %t", err, string(aside) == string(damaged))
			}
			if err := state.NewBucket[string](db, "x").Save(map[string]string{"new": "v"}, nil); err != nil {
				t.Errorf("save after recovery: %v", err)
			}
		})
	}
}
