package bind

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Step is how often the texts look at a gauge: each look is one slice, of that length.
const Step = 15 * time.Second

// Texts are queries for bad and all events that count what the SLI's terms count, over
// a range still to be given. They bind to the same terms, but for those of native
// histograms below a threshold, which only evaluation knows.
func Texts(s *slo.SLI) (bad, total string) {
	return sumText(s, func(t *slo.Term) float64 { return t.Bad }), sumText(s, func(t *slo.Term) float64 { return t.Total })
}

// Names lists label names as PromQL's by does: quoted where Prometheus 2 would not
// have known them.
func Names(labelNames []string) string {
	quoted := slices.Clone(labelNames)
	for i, name := range quoted {
		if !model.LabelName(name).IsValidLegacy() {
			quoted[i] = strconv.Quote(name)
		}
	}
	return strings.Join(quoted, ", ")
}

// sumText writes a weighted sum of terms.
func sumText(s *slo.SLI, weight func(*slo.Term) float64) string {
	by := ""
	if len(s.By) > 0 {
		by = " by (" + Names(s.By) + ") "
	}
	var b strings.Builder
	for i := range s.Terms {
		t := &s.Terms[i]
		w := weight(t)
		if w == 0 {
			continue
		}
		switch {
		case w < 0:
			b.WriteString(" - ")
		case b.Len() > 0:
			b.WriteString(" + ")
		}
		if w = max(w, -w); w != 1 {
			b.WriteString(strconv.FormatFloat(w, 'g', -1, 64) + " * ")
		}
		b.WriteString(termText(t, by))
	}
	return strings.TrimSpace(b.String())
}

func termText(t *slo.Term, by string) string {
	const window = "[" + slo.WindowPlaceholder + "]"
	steps := "[" + slo.WindowPlaceholder + ":" + slo.FormatDuration(Step) + "]"
	sum := func(inner string) string { return "sum" + by + "(" + inner + ")" }
	selector := t.Selector()
	if t.Kind == slo.BucketBelow {
		le := labels.MustNewMatcher(labels.MatchEqual, labels.BucketLabel, strconv.FormatFloat(t.Threshold, 'g', -1, 64))
		bucket := slo.Term{Matchers: append(slices.Clone(t.Matchers), le)}
		selector = bucket.Selector()
	}
	rate := sum("rate(" + selector + window + ")")
	threshold := strconv.FormatFloat(t.Threshold, 'f', -1, 64)
	switch {
	case t.Kind == slo.HistogramCount:
		return "histogram_count(" + rate + ")"
	case t.Kind == slo.HistogramBelow:
		return "histogram_fraction(0, " + threshold + ", " + rate + ") * histogram_count(" + rate + ")"
	case t.Kind == slo.GaugeSlices && t.Op == "":
		return sum("count_over_time(" + selector + steps + ")")
	case t.Kind == slo.GaugeSlices:
		return sum("count_over_time((" + selector + " " + string(t.Op) + " " + threshold + ")" + steps + ")")
	}
	return rate
}
