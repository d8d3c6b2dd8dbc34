package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/cmd/slowburn/shop"
)

const (
	// historyInterval and liveInterval are how far scrapes are apart.
	historyInterval = time.Minute
	liveInterval    = 2 * time.Second
	// historyBatch is how many scrapes of the past one request carries.
	historyBatch = 30
	// quiet is how long all is well after the history, outageShare which part of the
	// requests then fails. It is the shop's small region, so the page is about the
	// region: checkout as a whole would need three times as long, longer than it lasts.
	quiet       = 2 * time.Second
	outageShare = 0.95
	// afterPage is how long people need to roll back: by then the hour is spent as well,
	// so that the page stays for five minutes. longestOutage is when they do so
	// though nobody was paged.
	afterPage     = 18 * time.Second
	longestOutage = 90 * time.Second
)

// run is the shop's life: its past, then scrape by scrape its present, with one
// outage.
func (d *demo) run(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	end := d.clock.now().UnixMilli()
	start := end - time.Duration(d.f.History).Milliseconds()
	start -= start % historyInterval.Milliseconds()
	s, err := shop.New(start, shop.Options{
		Seed: 42, Incidents: shop.Month(end),
		External: labels.FromStrings("cluster", "demo", "prometheus", "shop"),
	})
	if err != nil {
		return err
	}
	to := shop.NewSender("http://"+d.servers[0].Addr().String()+"/api/v1/write", client)
	last, err := d.past(ctx, s, to, start)
	if err != nil {
		return quietly(ctx, err)
	}
	return quietly(ctx, d.present(ctx, s, to, last))
}

// quietly is nil once ctx has ended: then errors are its doing.
func quietly(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// past sends the history from start on until it has caught up with the clock, and
// waits until the engine has counted it. It returns the time of the last scrape.
func (d *demo) past(ctx context.Context, s *shop.Shop, to *shop.Sender, start int64) (last int64, err error) {
	began := time.Now()
	p := newProgress(d.out.err, "history", time.Duration(d.f.History))
	defer p.end()
	step := historyInterval.Milliseconds()
	ts, n := start, 0
	for ctx.Err() == nil {
		now := d.clock.now().UnixMilli()
		if now-ts < 2*historyInterval.Milliseconds() {
			step = liveInterval.Milliseconds()
		}
		done := ts+step > now
		if n == historyBatch || done && n > 0 {
			if err := to.Send(ctx); err != nil {
				return 0, err
			}
			n = 0
			if err := d.counted(ctx, ts, 6*time.Hour, p, start); err != nil {
				return 0, err
			}
		}
		if done {
			break
		}
		if err := to.Add(ts, s.Scrape(ts)); err != nil {
			return 0, err
		}
		last, n, ts = ts, n+1, ts+step
	}
	if err := d.counted(ctx, last, time.Minute, p, start); err != nil {
		return 0, err
	}
	d.hand.history.Store(0)
	samples, series := to.Sent()
	d.story.history(time.Duration(d.f.History), samples, series, time.Since(began))
	return last, nil
}

// counted waits until the engine has closed the slots up to behind before ts.
func (d *demo) counted(ctx context.Context, ts int64, behind time.Duration, p *progress, start int64) error {
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for {
		if c := d.server.core.Load(); c != nil {
			for _, src := range c.engine.Sources() {
				done := time.Duration(src.Closed-start) * time.Millisecond
				p.at(done)
				d.hand.history.Store(int32(min(99, max(1, 100*done/time.Duration(d.f.History)))))
				if src.Closed >= ts-behind.Milliseconds() {
					return nil
				}
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
	}
}

// present scrapes the shop by the clock, and lets checkout fail in one region.
func (d *demo) present(ctx context.Context, s *shop.Shop, to *shop.Sender, last int64) error {
	d.clock.hurry()
	o := &outage{demo: d, shop: s, region: shop.US, begins: d.clock.now().Add(quiet)}
	d.story.budget(d.budget(o.region), "")
	next := time.UnixMilli(last).Add(liveInterval)
	every := time.NewTicker(d.clock.wait(liveInterval) / 20)
	defer every.Stop()
	for {
		now := d.clock.now()
		if !now.Before(next) {
			if next = next.Add(liveInterval); next.Before(now) {
				next = now.Add(liveInterval)
			}
			if err := to.Add(now.UnixMilli(), s.Scrape(now.UnixMilli())); err != nil {
				return err
			}
			if err := to.Send(ctx); err != nil {
				return fmt.Errorf("the shop's samples: %w", err)
			}
			o.scraped(now)
			o.step(now)
		}
		o.follow(now)
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}
