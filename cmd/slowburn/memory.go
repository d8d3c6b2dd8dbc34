package main

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// memoryWatch says when memory is short: queries are shed first, then ingest, paging
// never. Without a memory limit it never is.
type memoryWatch struct {
	share atomic.Uint64 // used ÷ limit, float64 bits
}

const (
	shedQueries = 0.90 // of GOMEMLIMIT
	shedIngest  = 0.97
)

// run reads the runtime's own figures once a second; that costs some microseconds.
func (m *memoryWatch) run(ctx context.Context) error {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			limit := debug.SetMemoryLimit(-1)
			if limit == math.MaxInt64 {
				continue
			}
			metrics.Read(samples)
			used := samples[0].Value.Uint64() - samples[1].Value.Uint64()
			m.share.Store(math.Float64bits(float64(used) / float64(limit)))
		}
	}
}

// over says whether more than the given share of the limit is in use.
func (m *memoryWatch) over(share float64) bool {
	return math.Float64frombits(m.share.Load()) > share
}
