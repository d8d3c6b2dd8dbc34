package rules

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/match"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

const (
	// clueFor is for how long what was found out about a selector is told, ms, and
	// cluesAtOnce how many selectors one reader may have looked at anew.
	clueFor     = 60 * 1000
	cluesAtOnce = 5
	// clueReach is how far back series are looked for, ms.
	clueReach = 6 * hour
	// clueNames bounds the names and values that are compared.
	clueNames = 10_000
)

// clues are what selectors that match nothing probably meant, by their text.
type clues struct {
	mu    sync.Mutex
	found map[string]clue
}

type clue struct {
	text string
	at   int64 // ms
}

// clue says why no series is what the term selects: which of its matchers excludes all,
// and what is nearest to it among what the raw TSDB holds. left is how many selectors
// may still be looked at.
func (e *Engine) clue(t *slo.Term, now int64, left *int) string {
	key := t.Selector()
	e.clues.mu.Lock()
	defer e.clues.mu.Unlock()
	known, ok := e.clues.found[key]
	if ok && now-known.at < clueFor || *left == 0 {
		return known.text
	}
	*left--
	if len(e.clues.found) >= clueNames || e.clues.found == nil {
		e.clues.found = map[string]clue{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	text := e.look(ctx, t, now)
	e.clues.found[key] = clue{text, now}
	return text
}

// look asks the raw TSDB. What it cannot read it says nothing about.
func (e *Engine) look(ctx context.Context, t *slo.Term, now int64) string {
	q, err := e.opts.Raw.Querier(now-clueReach, math.MaxInt64)
	if err != nil {
		return ""
	}
	defer q.Close()
	s := &search{ctx, q, now - clueReach}
	name, named := match.Equality(t, labels.MetricName)
	if !named {
		for _, m := range t.Matchers {
			if !s.some(m) {
				return fmt.Sprintf("; nothing that is kept has %s", m)
			}
		}
		return "; nothing that is kept has all of it"
	}
	is := labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)
	if !s.some(is) {
		return s.nearestName(name, e.opts.Names())
	}
	for _, m := range t.Matchers {
		if m.Name != labels.MetricName && !s.some(is, m) {
			return s.nearestValue(name, is, m)
		}
	}
	if s.some(t.Matchers...) {
		return "; samples of it are kept, but none came lately"
	}
	return fmt.Sprintf("; each matcher finds some series of %s, none finds all", name)
}

// search looks for series in a TSDB.
type search struct {
	ctx  context.Context
	q    storage.Querier
	from int64
}

func (s *search) some(ms ...*labels.Matcher) bool {
	return s.q.Select(s.ctx, false, &storage.SelectHints{Start: s.from, End: math.MaxInt64, Func: "series", Limit: 1}, ms...).Next()
}

func (s *search) nearestName(name string, told []string) string {
	names, _, err := s.q.LabelValues(s.ctx, labels.MetricName, &storage.LabelHints{Limit: clueNames})
	if err != nil {
		return ""
	}
	if near := document.Nearest(name, append(slices.Clone(names), told[:min(len(told), clueNames)]...)); near != "" {
		return fmt.Sprintf("; no metric is named %s, the nearest is %s", name, near)
	}
	return fmt.Sprintf("; no metric that is kept is named %s", name)
}

// nearestValue says what m could have asked for of the series named.
func (s *search) nearestValue(name string, is, m *labels.Matcher) string {
	values, _, err := s.q.LabelValues(s.ctx, m.Name, &storage.LabelHints{Limit: clueNames}, is)
	if err != nil {
		return ""
	}
	if len(values) == 0 {
		have, _, err := s.q.LabelNames(s.ctx, nil, is)
		if near := document.Nearest(m.Name, have); err == nil && near != "" {
			return fmt.Sprintf("; no series of %s has a label %s, the nearest is %s", name, m.Name, near)
		}
		return fmt.Sprintf("; no series of %s has a label %s", name, m.Name)
	}
	if near := document.Nearest(m.Value, values); near != "" && m.Type == labels.MatchEqual {
		return fmt.Sprintf("; no series of %s has %s, the nearest is %s=%q", name, m, m.Name, near)
	}
	return fmt.Sprintf("; no series of %s has %s, but %s", name, m, someOf(m.Name, values))
}

// someOf are the first of a label's values.
func someOf(label string, values []string) string {
	const shown = 3
	var out []string
	for _, v := range values[:min(shown, len(values))] {
		out = append(out, fmt.Sprintf("%s=%.60q", label, v))
	}
	if more := len(values) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(out, ", "), more)
	}
	return strings.Join(out, ", ")
}
