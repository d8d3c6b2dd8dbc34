package rules_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// journey is a composite of availability (shop/availability) and of carts.
func journey(window slo.Window) *slo.Objective {
	return &slo.Objective{
		Service: "shop", Name: "journey", Target: 0.99, Windows: []slo.Window{window}, Format: slo.FormatNative,
		SLI: slo.SLI{Members: []slo.Member{
			{Service: "shop", Name: "availability", Weight: 0.5}, {Service: "shop", Name: "carts", Weight: 0.5},
		}},
		RollUpAlerts: true,
		Rules:        slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(window),
	}
}

// of is an objective over the counter NAME_total that alerts on no burn.
func of(name string) *slo.Objective {
	o := availability(0.9)
	o.Name, o.Rules = name, nil
	for i := range o.SLI.Terms {
		o.SLI.Terms[i].Matchers[0] = matcher(labels.MetricName, name+"_total")
	}
	return o
}

// members are two objectives that alert on no burn.
func members() []*slo.Objective {
	shop := availability(0.9)
	shop.Rules = nil
	return []*slo.Objective{shop, of("carts")}
}

// firingOf are the objectives' alerts that fire, by name and objective.
func (r *rig) firingOf() []string {
	var have []string
	for _, a := range r.engine.Alerts() {
		if a.State == slo.AlertFiring && a.Labels.Get(slo.LabelSLO) != "" {
			have = append(have, a.Labels.Get(labels.AlertName)+" "+a.Labels.Get(slo.LabelSLO))
		}
	}
	slices.Sort(have)
	return have
}

// statusOf is the newest status of an objective's roll-up.
func (r *rig) statusOf(name string) slo.Status {
	r.t.Helper()
	for _, s := range r.engine.Status() {
		if s.Objective.Name == name && s.Groups.IsEmpty() {
			return s
		}
	}
	r.t.Fatalf("no status of %s", name)
	return slo.Status{}
}

// renamed scrapes a counter of another name beside the shop's.
func renamed(name string, s *shop, ts int64, ok, bad float64) []arrival {
	batch := s.scrape(ts, ok, bad)
	for i := range batch {
		batch[i].lset = labels.NewBuilder(batch[i].lset).Set(labels.MetricName, name).Labels()
	}
	return batch
}

// A composite that comes with a reload looks as far back as its own windows reach, not
// as its members' do, over a crash too.
func TestCompositeReachesFurtherThanItsMembers(t *testing.T) {
	parts := members()
	for _, o := range parts {
		o.Windows = []slo.Window{slo.Rolling(24 * time.Hour)}
	}
	r := newRig(t, t0, parts...)
	web, cart := &shop{}, &shop{}
	// All fails for the first of ninety-six hours, a scrape a minute.
	const end = t0 + 96*hour
	for ts := t0; ts < end; ts += minute {
		bad := 0.0
		if ts < t0+hour {
			bad = 10
		}
		r.now = ts + 500
		r.send(append(web.scrape(ts, 10-bad, bad), renamed("carts_total", cart, ts, 1, 0)...)...)
		r.tick()
	}
	whole := journey(slo.Rolling(30 * 24 * time.Hour))
	r.objectives = append(parts, whole)
	r.must(r.engine.Apply(t.Context(), r.objectives))
	r.drive(end, end+2*minute, minute, func(ts int64) []arrival {
		return append(web.scrape(ts, 10, 0), renamed("carts_total", cart, ts, 1, 0)...)
	})
	want := 0.5 * 59 / (96 * 60) // the first scrape counts from nothing, the last is in an open slot
	for range 2 {
		st := r.statusOf("journey")
		if have := st.Windows[0].ErrorRatio; math.Abs(have-want) > 1e-9 {
			t.Errorf("want an error ratio of %g, have %g over %v", want, have, st.Windows[0].Counts)
		}
		r.crash()
	}
}

// A composite pages within the slot, as all do; it names the member to blame; when its
// members' data vanishes meanwhile, the page is held and handed over; without one, it is theirs to tell.
func TestCompositePagesEarlyAndEnds(t *testing.T) {
	r := newRig(t, t0, append(members(), journey(slo.Rolling(30*24*time.Hour)), of("other"))...)
	web, cart := &shop{}, &shop{}
	scrape := func(ts int64) []arrival {
		bad := 0.0
		if ts >= t0+2*hour {
			bad = 1
		}
		return append(web.scrape(ts, 1000, 0), renamed("carts_total", cart, ts, 1-bad, bad)...)
	}
	r.drive(t0, t0+2*hour+2*minute, 15*second, scrape)
	firing := r.firing("page")
	if len(firing) != 0 {
		t.Fatalf("want no page yet: 14.4 times 1 %% in an hour take 17 min at half the journey's weight, have %v", firing)
	}
	r.drive(t0+2*hour+2*minute, t0+2*hour+25*minute, 15*second, scrape)
	if firing = r.firing("page"); len(firing) != 1 {
		t.Fatalf("want a page, have %v", firing)
	}
	if have := firing[0].Annotations.Get("worst_member"); !strings.HasPrefix(have, "shop/carts (100%") {
		t.Errorf("want carts to be the worst member, have %q", have)
	}
	if r.metric("slowburn_engine_alerts_fired_early_total") == 0 {
		t.Error("want it fired inside an open slot")
	}
	if fired := firing[0].FiredAt; fired%15_000 != 0 {
		t.Errorf("want it fired at a scrape, have %d", fired-t0)
	}
	// Both vanish; another objective's series goes on.
	still := &shop{}
	r.drive(t0+2*hour+25*minute, t0+3*hour, 15*second, func(ts int64) []arrival { return renamed("other_total", still, ts, 1, 0) })
	have := r.firingOf()
	if want := []string{slo.AlertDataMissing + " availability", slo.AlertDataMissing + " carts", slo.AlertDataMissing + " journey"}; !slices.Equal(want, have) {
		t.Errorf("want %v, have %v", want, have)
	}
}

// Without an alert of its own, a composite says nothing of data that its members miss.
func TestCompositeLeavesAbsenceToItsMembers(t *testing.T) {
	r := newRig(t, t0, append(members(), journey(slo.Rolling(30*24*time.Hour)), of("other"))...)
	web, cart, still := &shop{}, &shop{}, &shop{}
	r.drive(t0, t0+hour, 15*second, func(ts int64) []arrival {
		batch := append(web.scrape(ts, 10, 0), renamed("carts_total", cart, ts, 1, 0)...)
		return append(batch, renamed("other_total", still, ts, 1, 0)...)
	})
	r.drive(t0+hour, t0+hour+40*minute, 15*second, func(ts int64) []arrival { return renamed("other_total", still, ts, 1, 0) })
	have := r.firingOf()
	if want := []string{slo.AlertDataMissing + " availability", slo.AlertDataMissing + " carts"}; !slices.Equal(want, have) {
		t.Errorf("want %v, have %v", want, have)
	}
}
