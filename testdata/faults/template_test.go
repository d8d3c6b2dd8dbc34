//go:build faults

package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFailingTemplate: the page goes out, and its annotation, the log and a counter say
// what is wrong with it; the log once, however often the page is stated again.
func TestFailingTemplate(t *testing.T) {
	t.Parallel()
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr), map[string]string{
		"feed.yml": rig.FeedSLO + "    alerting: {annotations: {good: '{{ $labels.slo }}', failing: '{{ template \"nowhere\" }}'}}\n",
	})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	burn(t, feed)
	heard(t, recorder, 1, 0)
	page := recorder.Sent(rig.FeedPage)[0]
	if page.Annotations["good"] != "requests" || !strings.Contains(page.Annotations["failing"], `template "nowhere" not defined`) {
		t.Errorf("want the fault in its place and the other untouched, have %v", page.Annotations)
	}
	play(t, feed, 20*time.Second, 0, 20)
	var failed float64
	proc.Until(t, 30*time.Second, "it is stated again", func() (err error) {
		if failed, err = s.Metric("slowburn_engine_template_errors_total"); err == nil && failed < 2 {
			err = fmt.Errorf("have %g", failed)
		}
		return err
	})
	if have := strings.Count(s.Log(), "annotation cannot be expanded"); have != 1 {
		t.Errorf("want it logged once, have %d for %g failures:\n%s", have, failed, s.Log())
	}
}
