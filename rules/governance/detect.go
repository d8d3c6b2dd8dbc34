package governance

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/slo/govern"
)

// Detector reads releases off a version label, such as that of *_build_info.
type Detector struct {
	Matchers []*labels.Matcher
	// Service is the service, or ServiceLabel the label that holds it.
	Service, ServiceLabel string
	VersionLabel          string
	// Type of the releases found.
	Type string
}

// VersionsRecord is which versions of a service run.
type VersionsRecord struct {
	// Running are those seen in the newest look, TS its wall time, ms.
	Running []string `json:"running"`
	TS      int64    `json:"ts"`
}

// A version runs while it was scraped in the last runningFor. After a start or a
// stretch in which nobody looked, releases up to overlooked ago are still found.
const (
	runningFor = 5 * time.Minute
	overlooked = 6 * time.Hour
)

// detect notes a release for every version that begins to run. The first look at a
// service only learns what runs.
func (b *Book) detect(ctx context.Context) error {
	detectors := b.opts.Settings().Detectors
	if len(detectors) == 0 {
		return nil
	}
	now := b.opts.Now().UnixMilli()
	c := newChange()
	for _, d := range detectors {
		found, err := b.running(ctx, &d, now)
		if err != nil {
			b.metrics.readErrors.Inc()
			return fmt.Errorf("look for versions: %w", err)
		}
		for service, versions := range found {
			if _, err := b.objectives(service, nil); err == nil {
				b.compare(c, &d, service, versions, now)
			}
		}
	}
	if err := b.commit(c); err != nil {
		return err
	}
	b.looked = now
	return nil
}

// compare notes what runs now and did not in the look before.
func (b *Book) compare(c *change, d *Detector, service string, versions map[string]int64, now int64) {
	b.mu.RLock()
	before := b.versions[service]
	b.mu.RUnlock()
	running := slices.Sorted(maps.Keys(versions))
	if before != nil && slices.Equal(before.Running, running) {
		return
	}
	c.versions(service, &VersionsRecord{Running: running, TS: now})
	if before == nil {
		return
	}
	for _, v := range running {
		m := govern.Mark{Service: service, Version: v, TimeMS: versions[v], Type: d.Type}
		if slices.Contains(before.Running, v) || checkText("version", v, maxName, true) != nil || b.markedNear(&m) || len(b.history(service)) >= maxReleases {
			continue
		}
		b.note(c, m, govern.Slowburn, now, true)
	}
}

// markedNear says whether somebody marked the release that was found, about when it
// began to run.
func (b *Book) markedNear(m *govern.Mark) bool {
	for _, r := range b.history(m.Service) {
		if r.Version == m.Version && max(r.TimeMS-m.TimeMS, m.TimeMS-r.TimeMS) < nearby {
			return true
		}
	}
	return false
}

// running are the versions that run now, by service, with the time of their first
// sample since the last look.
func (b *Book) running(ctx context.Context, d *Detector, now int64) (map[string]map[string]int64, error) {
	from := min(now-runningFor.Milliseconds(), max(b.looked, now-overlooked.Milliseconds()))
	q, err := b.opts.Raw.Querier(from, now)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	out := map[string]map[string]int64{}
	set := q.Select(ctx, false, nil, d.Matchers...)
	var it chunkenc.Iterator
	for set.Next() {
		lset := set.At().Labels()
		service, version := d.Service, lset.Get(d.VersionLabel)
		if d.ServiceLabel != "" {
			service = lset.Get(d.ServiceLabel)
		}
		it = set.At().Iterator(it)
		first, last := bounds(it)
		if err := it.Err(); err != nil {
			return nil, err
		}
		if version == "" || last < now-runningFor.Milliseconds() {
			continue
		}
		if out[service] == nil {
			out[service] = map[string]int64{}
		}
		if have, ok := out[service][version]; !ok || first < have {
			out[service][version] = first
		}
	}
	return out, set.Err()
}

// bounds are the times of the first and the newest sample; the newest is never, if a
// stale marker follows it.
func bounds(it chunkenc.Iterator) (first, last int64) {
	first, last = math.MaxInt64, math.MinInt64
	for it.Next() == chunkenc.ValFloat {
		t, v := it.At()
		if value.IsStaleNaN(v) {
			last = math.MinInt64
			continue
		}
		first, last = min(first, t), t
	}
	return first, last
}
