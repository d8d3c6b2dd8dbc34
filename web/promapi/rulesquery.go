package promapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// Rules serves rules with Prometheus's filters.
func (a *API) Rules(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		fail(w, http.StatusBadRequest, "bad_data", "parse parameters: "+err.Error())
		return
	}
	f, param, err := parseFilter(r.Form, a.parser)
	if err != nil {
		badParam(w, param, err.Error())
		return
	}
	res, ok := f.apply(groups(a.o.Budgets(), a.o.Alerts(), a.o.Slot))
	if !ok {
		badParam(w, "group_next_token", "no such group: were rule groups changed?")
		return
	}
	succeed(w, res)
}

// filter is what /rules was asked for. Empty lists select all.
type filter struct {
	names, groups, files []string
	matchers             [][]*labels.Matcher
	states               []string
	recordOnly           bool
	excludeAlerts        bool
	limit                int
	token                string
}

type paramError string

func (e paramError) Error() string { return string(e) }

func parseFilter(q url.Values, p parser.Parser) (f filter, param string, err error) {
	f = filter{names: q["rule_name[]"], groups: q["rule_group[]"], files: q["file[]"]}
	if f.matchers, err = p.ParseMetricSelectors(q["match[]"]); err != nil {
		return f, "match[]", err
	}
	switch t := strings.ToLower(q.Get("type")); t {
	case "", "alert":
	case "record":
		f.recordOnly = true
	default:
		return f, "type", paramError("not supported value " + strconv.Quote(t))
	}
	for _, s := range append(q["state"], q["state[]"]...) {
		s = strings.ToLower(s)
		if s != "firing" && s != "pending" && s != "inactive" {
			return f, "state", paramError("want firing, pending or inactive, have " + strconv.Quote(s))
		}
		f.states = append(f.states, s)
	}
	if s := q.Get("exclude_alerts"); s != "" {
		if f.excludeAlerts, err = strconv.ParseBool(s); err != nil {
			return f, "exclude_alerts", paramError("want true or false, have " + strconv.Quote(s))
		}
	}
	f.token = q.Get("group_next_token")
	if s := q.Get("group_limit"); s != "" {
		if f.limit, err = strconv.Atoi(s); err != nil || f.limit <= 0 {
			return f, "group_limit", paramError("want a number above 0, have " + strconv.Quote(s))
		}
	} else if f.token != "" {
		return f, "group_next_token", paramError("group_limit is needed to page through groups")
	}
	return f, "", nil
}

// apply keeps what the filter selects; ok is false if its token names no group.
func (f filter) apply(all []*v1.RuleGroup) (res v1.RuleDiscovery, ok bool) {
	res.RuleGroups = []*v1.RuleGroup{}
	begun := f.token == ""
	for _, g := range all {
		begun = begun || f.token == nextToken(g)
		if !begun || !selects(f.groups, g.Name) || !selects(f.files, g.File) {
			continue
		}
		g.Rules = slices.DeleteFunc(g.Rules, func(r v1.Rule) bool { return !f.rule(r.(*v1.AlertingRule)) })
		if len(g.Rules) == 0 {
			continue
		}
		if f.limit > 0 && len(res.RuleGroups) == f.limit {
			res.GroupNextToken = nextToken(g)
			break
		}
		res.RuleGroups = append(res.RuleGroups, g)
	}
	return res, begun
}

func (f filter) rule(r *v1.AlertingRule) bool {
	if f.recordOnly || !selects(f.names, r.Name) || !selects(f.states, r.State) || !f.matches(r.Labels) {
		return false
	}
	if f.excludeAlerts {
		r.Alerts = []*v1.Alert{}
	}
	return true
}

func (f filter) matches(lset labels.Labels) bool {
	if len(f.matchers) == 0 {
		return true
	}
	return slices.ContainsFunc(f.matchers, func(ms []*labels.Matcher) bool {
		return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(lset.Get(m.Name)) })
	})
}

func selects(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }

// nextToken names a group as upstream does.
func nextToken(g *v1.RuleGroup) string {
	sum := sha256.Sum256([]byte(g.File + ";" + g.Name))
	return hex.EncodeToString(sum[:])
}
