package alerting_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
)

// Alerts come, go and come again, Alertmanagers fail in every way, slowburn is
// restarted. Whatever the order: once all is well for 15 s every Alertmanager holds
// exactly what fires, with the start the engine said; nobody was told of an
// episode that never was; and the end of an episode came at most once.
func TestChaos(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{
			"fire", "fire", "resolve", "omit", "wait", "wait", "minute", "refuse", "hang", "500", "heal", "heal", "restart",
		}), 1, 40).Draw(rt, "steps")
		picks := rapid.SliceOfN(rapid.IntRange(0, 3), len(steps), len(steps)).Draw(rt, "picks")
		synctest.Test(t, func(t *testing.T) { chaos(t, steps, picks) })
		if t.Failed() {
			rt.Fatalf("steps %v, picks %v", steps, picks)
		}
	})
}

func chaos(t *testing.T, steps []string, picks []int) {
	w, st := newWire("am1", "am2"), newStore()
	o := alerting.Options{Config: to("am1", "am2"), Transport: w, Store: st}
	m := start(t, o)
	level := map[string]slo.Alert{} // what the engine states
	episodes := map[string]int{}
	set := func() {
		var all []slo.Alert
		for _, a := range level {
			all = append(all, a)
		}
		m.Set(all)
	}
	for i, step := range steps {
		name := fmt.Sprintf("A%d", picks[i])
		h := w.hosts[fmt.Sprintf("am%d", 1+picks[i]%2)]
		switch step {
		case "fire":
			if a, ok := level[name]; !ok || a.State == slo.AlertResolved {
				level[name] = firing(name, time.Now())
				episodes[name]++
			}
			set()
		case "resolve":
			if a, ok := level[name]; ok && a.State == slo.AlertFiring {
				level[name] = resolved(a, time.Now())
			}
			set()
		case "omit":
			delete(level, name)
			set()
		case "wait":
			after(time.Duration(1+picks[i]) * 700 * time.Millisecond)
		case "minute":
			after(time.Duration(1+picks[i]) * 20 * time.Second)
		case "refuse":
			h.set(refuseConn)
		case "hang":
			h.set(hang)
		case "500":
			h.set(status(500))
		case "heal":
			h.set(nil)
		case "restart":
			m.stop()
			after(time.Duration(picks[i]) * 10 * time.Second)
			m = start(t, o)
			set()
		}
		after(time.Millisecond)
	}
	for _, h := range w.hosts {
		h.set(nil)
	}
	after(15 * time.Second)
	var want []string
	for name, a := range level {
		if a.State == slo.AlertFiring {
			want = append(want, fmt.Sprintf("%s since %d", name, a.FiredAt))
		}
	}
	slices.Sort(want)
	for name, h := range w.hosts {
		var have []string
		for _, a := range h.alertmanager().Alerts() {
			have = append(have, fmt.Sprintf("%s since %d", a.Labels["alertname"], a.StartsAt.UnixMilli()))
		}
		slices.Sort(have)
		if w, h := strings.Join(want, ", "), strings.Join(have, ", "); w != h && !merged(want, have) {
			t.Errorf("%s holds %q, want %q", name, h, w)
		}
		begins := map[string]int{}
		for _, n := range h.notices() {
			if n.Status == "firing" {
				begins[string(n.Alert.Labels["alertname"])]++
			}
		}
		for alert, n := range begins {
			if n > episodes[alert] {
				t.Errorf("%s told of %d begins of %s, there were %d", name, n, alert, episodes[alert])
			}
		}
	}
	m.stop()
}

// merged says whether have is want but for starts that are earlier: an Alertmanager
// that was not told of an end goes on with the old episode.
func merged(want, have []string) bool {
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		wn, ws, _ := strings.Cut(want[i], " since ")
		hn, hs, _ := strings.Cut(have[i], " since ")
		if wn != hn || hs > ws {
			return false
		}
	}
	return true
}
