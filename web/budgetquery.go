package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// budgetQuery selects budgets. Empty fields select all; each may be given several
// times.
type budgetQuery struct {
	services, slos, owners []string
	// states also select a budget of which an alert fires as burning, whose slot is
	// still open.
	states []slo.State
	// after is the ID of the last budget of the page before, limit the size of
	// this one; 0 is all.
	after string
	limit int
}

// queryError names the parameter that is wrong and what it should be.
type queryError struct{ param, want string }

func (e *queryError) Error() string { return fmt.Sprintf("parameter %q: %s", e.param, e.want) }

func parseBudgetQuery(v url.Values) (budgetQuery, error) {
	q := budgetQuery{services: v["service"], slos: v["slo"], owners: v["owner"], after: v.Get("after")}
	for _, s := range v["state"] {
		if !slices.Contains(slo.States, slo.State(s)) {
			return q, &queryError{"state", fmt.Sprintf("want one of %v", slo.States)}
		}
		q.states = append(q.states, slo.State(s))
	}
	if s := v.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return q, &queryError{"limit", "want a number above 0"}
		}
		q.limit = n
	}
	return q, nil
}

func (q *budgetQuery) selects(s *slo.Status) bool {
	return in(q.services, s.Objective.Service) && in(q.slos, s.Objective.Name) &&
		in(q.owners, s.Objective.Owner) && (in(q.states, s.State) || in(q.states, shownState(s)))
}

func in[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// apply returns the page's budgets in the order of service, SLO and groups, and
// the cursor of the next page, empty on the last.
func (q *budgetQuery) apply(all []slo.Status) (page []*slo.Status, next string) {
	for i := range all {
		if q.selects(&all[i]) {
			page = append(page, &all[i])
		}
	}
	slices.SortFunc(page, byIdentity)
	if q.after != "" {
		cursor, ok := parseID(q.after)
		if ok {
			page = slices.DeleteFunc(page, func(s *slo.Status) bool { return compareIdentity(identity(s), cursor) <= 0 })
		}
	}
	if q.limit > 0 && len(page) > q.limit {
		page = page[:q.limit]
		next = id(page[q.limit-1])
	}
	return page, next
}

// id is a budget's cursor. It needs no budget to be there still.
func id(s *slo.Status) string { return slo.BudgetID(s.Objective, s.Groups) }

func parseID(s string) (parts []string, ok bool) {
	parts = strings.Split(s, "/")
	for i, p := range parts {
		u, err := url.QueryUnescape(p)
		if err != nil {
			return nil, false
		}
		parts[i] = u
	}
	return parts, len(parts) >= 2
}

// identity is service, SLO, then names and values of the groups.
func identity(s *slo.Status) []string {
	parts := []string{s.Objective.Service, s.Objective.Name}
	s.Groups.Range(func(l labels.Label) { parts = append(parts, l.Name, l.Value) })
	return parts
}

func compareIdentity(a, b []string) int { return slices.Compare(a, b) }

func byIdentity(a, b *slo.Status) int {
	return cmp.Or(
		cmp.Compare(a.Objective.Service, b.Objective.Service),
		cmp.Compare(a.Objective.Name, b.Objective.Name),
		slices.Compare(identity(a), identity(b)),
	)
}
