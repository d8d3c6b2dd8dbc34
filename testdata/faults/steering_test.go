//go:build faults

package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/rig"
)

// TestReleasesSurviveKill: kill -9 while releases are marked loses none that was
// acknowledged, and writes nothing by half: each has its entry in the audit log, and
// each entry its release.
func TestReleasesSurviveKill(t *testing.T) {
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1"), map[string]string{"feed.yml": rig.FeedSLO})
	var mu sync.Mutex
	acked := map[string]bool{}
	for round := range 4 {
		s.Start()
		s.Ready(20 * time.Second)
		var marking sync.WaitGroup
		for w := range 4 {
			marking.Go(func() {
				for n := 0; ; n++ {
					version := fmt.Sprintf("v%d-%d-%d", round, w, n)
					created, gone := mark(s.Addr, version)
					if gone {
						return
					}
					if created {
						mu.Lock()
						acked[version] = true
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(time.Duration(300+rand.IntN(700)) * time.Millisecond)
		s.Kill()
		marking.Wait()
	}
	s.Start()
	s.Ready(20 * time.Second)

	released, audited := map[string]bool{}, map[string]bool{}
	read(t, s.Addr, "releases", "releases", func(r map[string]any) { released[r["version"].(string)] = true })
	read(t, s.Addr, "audit", "entries", func(e map[string]any) {
		if e["action"] == "release.mark" {
			audited[strings.Split(e["subject"].(string), "/")[1]] = true
		}
	})
	for v := range acked {
		if !released[v] {
			t.Errorf("%s was acknowledged and is lost", v)
		}
	}
	for v := range released {
		if !audited[v] {
			t.Errorf("%s has no entry in the audit log", v)
		}
	}
	for v := range audited {
		if !released[v] {
			t.Errorf("the audit log tells of %s, which is not there", v)
		}
	}
	if len(acked) < 20 {
		t.Errorf("only %d releases were acknowledged: not what this test is for", len(acked))
	}
	t.Logf("%d acknowledged, %d kept", len(acked), len(released))
}

func mark(addr, version string) (created, gone bool) {
	body := strings.NewReader(`{"service":"feed","version":"` + version + `"}`)
	resp, err := http.Post("http://"+addr+"/api/slo/v1/releases", "application/json", body)
	if err != nil {
		return false, true
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusCreated, false
}

// read calls fn with every row of all pages of a list.
func read(t *testing.T, addr, path, list string, fn func(map[string]any)) {
	t.Helper()
	for next := ""; ; {
		resp, err := http.Get("http://" + addr + "/api/slo/v1/" + path + "?limit=1000&before=" + next)
		if err != nil {
			t.Fatal(err)
		}
		var page struct{ Data map[string]any }
		err = json.NewDecoder(resp.Body).Decode(&page)
		resp.Body.Close()
		if err != nil {
			t.Fatalf("read %s: %v", path, err)
		}
		for _, row := range page.Data[list].([]any) {
			fn(row.(map[string]any))
		}
		if next = page.Data["next"].(string); next == "" {
			return
		}
	}
}
