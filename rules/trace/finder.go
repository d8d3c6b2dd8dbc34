package trace

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// lookBack is how old an exemplar may be: one of the long window that pages.
const lookBack = time.Hour

// Finder reads exemplars.
type Finder struct {
	exemplars storage.ExemplarQueryable
	url       func() slo.TraceURL
}

// New makes a Finder of the exemplars stored beside the samples. url says where traces
// are shown now.
func New(exemplars storage.ExemplarQueryable, url func() slo.TraceURL) *Finder {
	return &Finder{exemplars, url}
}

// Links are links to traces by budget.
type Links map[budget]example

// budget is one by its objective's ID and its groups; the roll-up has none.
type budget struct{ objective, groups string }

type example struct {
	ts   int64
	link string
}

// Of is the link of a budget, or empty.
func (l Links) Of(objective string, groups labels.Labels) string {
	return l[budget{objective, groups.String()}].link
}

var everything = []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".+")}

// Look finds the newest example of each budget as of now, ms; none if nobody says
// where traces are shown. What it costs depends on
// how many exemplars there are, not on how many budgets want one.
func (f *Finder) Look(ctx context.Context, x *Index, now int64) (Links, error) {
	url := f.url()
	if url.IsZero() {
		return nil, nil
	}
	q, err := f.exemplars.ExemplarQuerier(ctx)
	if err != nil {
		return nil, fmt.Errorf("read exemplars: %w", err)
	}
	all, err := q.Select(now-lookBack.Milliseconds(), now, everything)
	if err != nil {
		return nil, fmt.Errorf("read exemplars: %w", err)
	}
	links := Links{}
	for _, r := range all {
		for _, e := range x.Match(nil, r.SeriesLabels) {
			ex, link := newest(r.Exemplars, e.above, url)
			if link == "" {
				continue
			}
			id, groups := e.objective.ID(), e.objective.SLI.Group(r.SeriesLabels)
			links.note(budget{id, groups.String()}, example{ex.Ts, link})
			links.note(budget{id, labels.EmptyLabels().String()}, example{ex.Ts, link})
		}
	}
	return links, nil
}

// newest is the last of a series' exemplars, which are in order of time, that is above
// a value and can be linked to.
func newest(all []exemplar.Exemplar, above float64, url slo.TraceURL) (exemplar.Exemplar, string) {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Value > above {
			if link := url.Link(all[i].Labels); link != "" {
				return all[i], link
			}
		}
	}
	return exemplar.Exemplar{}, ""
}

func (l Links) note(b budget, e example) {
	if old, ok := l[b]; !ok || e.ts > old.ts {
		l[b] = e
	}
}
