package main

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/cmd/slowburn/shop"
	"github.com/slowburn/slowburn/slo"
)

// outage is what happens to checkout: it breaks in one region, somebody is paged,
// it heals, and the page is resolved.
type outage struct {
	demo   *demo
	shop   *shop.Shop
	region string

	begins, began, firstBad, paged, healed time.Time
	badBefore                              float64
	told                                   map[string]bool // alerts, with what was told of them
	over                                   bool
	// byHand says that a visitor broke it, and heals it; healing that they said so.
	byHand, healing bool
}

// step breaks and heals the shop when it is time to, or when a visitor says so.
func (o *outage) step(now time.Time) {
	st := o.demo.story
	o.obey(now)
	defer func() { o.demo.hand.broken.Store(!o.began.IsZero() && o.healed.IsZero()) }()
	switch {
	case o.began.IsZero() && !now.Before(o.begins):
		o.began = now
		o.badBefore, _ = o.shop.Counts(shop.Checkout, o.region)
		o.shop.Break(shop.Checkout, o.region, outageShare)
		st.tell(now, "%s in %s breaks: %g of 100 customers get an error", shop.Checkout, o.region, outageShare*100)
	case !o.began.IsZero() && o.healed.IsZero() &&
		(o.healing || now.Sub(o.began) >= o.longest() || !o.byHand && !o.paged.IsZero() && now.Sub(o.paged) >= afterPage):
		o.healed = now
		o.shop.Break(shop.Checkout, o.region, 0)
		st.tell(now, "healed: rolled back %s after it began; the page ends when the last 5 minutes are clean", seconds(now.Sub(o.began)))
	}
}

// scraped looks at what the scrape at ts brought; it has been acknowledged.
func (o *outage) scraped(ts time.Time) {
	if o.began.IsZero() || !o.firstBad.IsZero() {
		return
	}
	if bad, _ := o.shop.Counts(shop.Checkout, o.region); bad-o.badBefore >= 10 {
		o.firstBad = ts
		o.demo.story.tell(ts, "first bad scrape")
	}
}

// follow tells which alerts were acknowledged, as firing or as resolved.
func (o *outage) follow(now time.Time) {
	for _, a := range o.demo.server.alerting.Status() {
		name := a.Alert.Labels.Get(labels.AlertName)
		if name == slo.AlertWatchdog {
			continue
		}
		id := fmt.Sprint(a.Alert.Labels, a.Alert.FiredAt)
		if firing, resolved := acknowledged(a); firing && o.once(id+" firing") {
			o.fired(a.Alert, now)
		} else if resolved && o.once(id+" resolved") {
			o.resolved(a.Alert, now)
		}
	}
}

func (o *outage) once(what string) bool {
	if o.told == nil {
		o.told = map[string]bool{}
	}
	was := o.told[what]
	o.told[what] = true
	return !was
}

// acknowledged says whether every target has heard of begin and end.
func acknowledged(a slo.AlertDelivery) (firing, resolved bool) {
	firing, resolved = len(a.Deliveries) > 0, len(a.Deliveries) > 0
	for _, d := range a.Deliveries {
		firing = firing && !d.FiringAcked.IsZero()
		resolved = resolved && !d.ResolvedAcked.IsZero()
	}
	return firing, resolved
}

func (o *outage) fired(a slo.Alert, now time.Time) {
	st := o.demo.story
	if !o.isPage(a) {
		st.tell(now, "%s", titleOf(a))
		return
	}
	o.paged = now
	st.tell(now, "page, %s after the first bad scrape, %s of the month's budget", seconds(now.Sub(o.firstBad)), share(o.lost()))
	st.more("%s", titleOf(a))
	st.more("%s", a.Annotations.Get("summary"))
	st.more("%s", a.Annotations.Get("description"))
}

func (o *outage) resolved(a slo.Alert, now time.Time) {
	st := o.demo.story
	if !o.isPage(a) {
		st.tell(now, "resolved: %s", titleOf(a))
		return
	}
	st.tell(now, "resolved, %s after it healed", seconds(now.Sub(o.healed)))
	st.budget(o.demo.budget(o.region), "; the outage cost "+share(o.lost())+" of it")
	if !o.over {
		o.over = true
		st.finish(o.demo)
	}
}

// isPage says whether the alert is the outage's page.
func (o *outage) isPage(a slo.Alert) bool {
	return a.Labels.Get("severity") == slo.SeverityPage && a.Labels.Get(slo.LabelService) == shop.Checkout &&
		a.Labels.Get("region") == o.region && !o.firstBad.IsZero()
}

// lost is which share of the region's budget the outage has taken so far.
func (o *outage) lost() float64 {
	bad, _ := o.shop.Counts(shop.Checkout, o.region)
	b := o.demo.budget(o.region)
	if b == nil || len(b.Windows) == 0 {
		return 0
	}
	return (bad - o.badBefore) / ((1 - b.Objective.Target) * b.Windows[0].Counts.Total)
}

// budget is that of checkout's availability in a region; nil if there is none yet.
func (d *demo) budget(region string) *slo.Status {
	c := d.server.core.Load()
	if c == nil {
		return nil
	}
	for _, b := range c.engine.Status() {
		if b.Objective.Service == shop.Checkout && b.Objective.Name == "availability" && b.Groups.Get("region") == region {
			return &b
		}
	}
	return nil
}
