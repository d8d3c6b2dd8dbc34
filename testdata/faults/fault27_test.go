//go:build faults

package faults

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault27_AFrozenSlowburnHarmsNobody: slowburn is stopped as SIGSTOP does, which
// is the worst it can do to a sender: connections stay open and nothing is answered.
// Prometheus scrapes on, and sends it all when slowburn goes on.
func TestFault27_AFrozenSlowburnHarmsNobody(t *testing.T) {
	t.Parallel()
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1")+everything, map[string]string{"shop.yml": shopSLO})
	s.Start()
	s.Ready(20 * time.Second)
	shop := rig.NewShop(t)
	serve(t, shop, 20)
	p := rig.StartPrometheus(t, rig.RemoteWrite2, shop.Target, s.Addr)
	hears(t, s)
	stretch := time.Duration(times(6)) * time.Second
	from := time.Now()
	look := func(when string) {
		t.Helper()
		time.Sleep(stretch)
		ask := func(query string) float64 {
			t.Helper()
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			have, _, _, err := p.API(t).Query(ctx, fmt.Sprintf(query, int(stretch.Seconds())), time.Now())
			if v, is := have.(model.Vector); err == nil && is && len(v) == 1 {
				return float64(v[0].Value)
			}
			t.Errorf("%s: Prometheus says %v, %v", when, have, err)
			return 0
		}
		scrapes := ask(`count_over_time(up{job="shop"}[%ds])`)
		fmt.Printf("%-6s %3.0f scrapes in %s, of %.4f s on average, %.4f s at most; Prometheus holds %d MiB\n", when, scrapes, stretch,
			ask(`avg_over_time(scrape_duration_seconds{job="shop"}[%ds])`), ask(`max_over_time(scrape_duration_seconds{job="shop"}[%ds])`), p.Memory(t)>>20)
		if want := stretch.Seconds() / 2; scrapes < want {
			t.Errorf("%s: %g scrapes in %s, want at least %g", when, scrapes, stretch, want)
		}
	}
	look("before")
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	look("during")
	if err := s.Thaw(); err != nil {
		t.Fatal(err)
	}
	look("after")
	series, samples := holdsAll(t, s, p, from, time.Now())
	fmt.Printf("%d samples of %d series are the same in Prometheus and slowburn\n", samples, series)
}
