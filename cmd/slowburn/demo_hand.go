package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/slowburn/slowburn/cmd/slowburn/shop"
	"github.com/slowburn/slowburn/web"
)

// longestByHand is how long a visitor's outage lasts who forgets to heal it.
const longestByHand = 30 * time.Minute

// hand is a visitor's: the page's buttons break the shop and heal it. What they wish
// is done with the next scrape.
type hand struct {
	wish    atomic.Int32
	broken  atomic.Bool
	snippet func() string
	// history is how much of the shop's past is in, per cent; 0 before and after.
	history atomic.Int32
}

const (
	noWish int32 = iota
	wishBreak
	wishHeal
)

// Break notes the wish.
func (h *hand) Break(broken bool) {
	if broken {
		h.wish.Store(wishBreak)
	} else {
		h.wish.Store(wishHeal)
	}
}

// State is how the shop is, or will be with the next scrape.
func (h *hand) State() web.DemoState {
	broken := h.broken.Load()
	switch h.wish.Load() {
	case wishBreak:
		broken = true
	case wishHeal:
		broken = false
	}
	what := "The shop is well."
	if n := h.history.Load(); n > 0 {
		what = fmt.Sprintf("The shop's past is being written: %d %%.", n)
	}
	if broken {
		what = fmt.Sprintf("The shop's %s fails for %g of 100 customers in one region.", shop.Checkout, outageShare*100)
	}
	return web.DemoState{Broken: broken, What: what, Snippet: h.snippet()}
}

// obey turns a visitor's wish into the outage's next step: an outage of theirs begins
// now, and one that is on ends.
func (o *outage) obey(now time.Time) {
	on := !o.began.IsZero() && o.healed.IsZero()
	switch o.demo.hand.wish.Swap(noWish) {
	case wishBreak:
		if !on {
			o.begins, o.byHand, o.healing = now, true, false
			o.began, o.firstBad, o.paged, o.healed = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		}
	case wishHeal:
		o.healing = on
	}
}

// longest is how long the outage may last.
func (o *outage) longest() time.Duration {
	if o.byHand {
		return longestByHand
	}
	return longestOutage
}

var _ web.Demo = (*hand)(nil)
