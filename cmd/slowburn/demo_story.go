package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// story tells on standard output what happens, with the time of day.
type story struct {
	out io.Writer
	now func() time.Time
}

func (s *story) tell(ts time.Time, format string, args ...any) {
	fmt.Fprintf(s.out, "%s  %s\n", ts.Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// more adds a line to what was just told.
func (s *story) more(format string, args ...any) {
	fmt.Fprintf(s.out, "          %s\n", fmt.Sprintf(format, args...))
}

// begin says what is about to happen and where to look.
func (s *story) begin(d *demo) {
	to := "the built-in receiver"
	if d.f.Alertmanager != nil {
		to = d.f.Alertmanager.String()
	}
	kept := "removed at the end"
	if d.f.Keep != "" {
		kept = "kept"
	}
	fmt.Fprintf(s.out, `A small shop with %s of history; then checkout breaks in one region, by itself.

  open    %s/
  ask     %s as a Prometheus data source, such as slo_error_budget_remaining_ratio
  pages   go to %s
  files   %s (%s)

`, d.f.History, d.server.url, d.server.url, to, d.dir, kept)
}

func (s *story) history(length time.Duration, samples, series int, took time.Duration) {
	s.tell(s.now(), "history is in: %s of %d series, %s samples by remote write in %s s",
		model.Duration(length), series, thousands(samples), strconv.FormatFloat(took.Seconds(), 'f', 1, 64))
}

// budget says how much of a budget is left.
func (s *story) budget(b *slo.Status, more string) {
	if b == nil || len(b.Windows) == 0 {
		return
	}
	s.tell(s.now(), "%s %s%s has %s of its %s budget left (target %g %%)%s",
		b.Objective.Service, b.Objective.Name, inGroup(b.Groups), share(b.Windows[0].Remaining), b.Windows[0].Window, b.Objective.Target*100, more)
}

// finish says how to go on.
func (s *story) finish(d *demo) {
	fmt.Fprintf(s.out, "\nThe shop goes on until Ctrl-C. For your own services:\n\n")
	for line := range strings.Lines(s.snippet(d)) {
		fmt.Fprint(s.out, "  ", line)
	}
	fmt.Fprintln(s.out)
}

// snippet is what to type to do it for real.
func (s *story) snippet(d *demo) string {
	return fmt.Sprintf(`slowburn check objectives.yml                    # the shop's, to start from: %[1]s/shop.yml
slowburn serve --config.file=slowburn.yml        # slo_files: [objectives.yml], and your alerting.alertmanagers
slowburn print remote-write objectives.yml       # goes into prometheus.yml:

  remote_write:
    - url: %[2]s/api/v1/write
`, d.dir, d.server.url)
}

// titleOf names an alert by what tells it from others.
func titleOf(a slo.Alert) string {
	title := a.Labels.Get(labels.AlertName)
	for _, name := range []string{"severity", slo.LabelService, slo.LabelSLO, "region", "owner", slo.LabelState} {
		if v := a.Labels.Get(name); v != "" {
			title += " " + name + "=" + v
		}
	}
	return title
}

func inGroup(groups labels.Labels) string {
	text := ""
	groups.Range(func(l labels.Label) { text += " in " + l.Value })
	return text
}

// seconds writes a duration as "31 s" or "5 min 4 s".
func seconds(d time.Duration) string {
	n := int(d.Round(time.Second) / time.Second)
	if n < 90 {
		return fmt.Sprintf("%d s", n)
	}
	return fmt.Sprintf("%d min %d s", n/60, n%60)
}

// share writes a ratio as "2.1 %".
func share(v float64) string {
	digits := 1
	if v >= 0.1 || v <= -0.1 {
		digits = 0
	}
	return strconv.FormatFloat(v*100, 'f', digits, 64) + " %"
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	var parts []string
	for len(text) > 3 {
		parts = append([]string{text[len(text)-3:]}, parts...)
		text = text[:len(text)-3]
	}
	return strings.Join(append([]string{text}, parts...), ",")
}
