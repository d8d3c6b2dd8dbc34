package derive

import (
	"slices"
	"strconv"
	"sync"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// familyID names a kind of series whose labels differ between budgets in the same
// way. To serve another tool's names, add a family and rows to the table of names.
type familyID uint8

const (
	// identity series carry the budget's identity labels.
	identity familyID = iota
	// info is slo_info, which adds all that may change.
	info
	// slothSLI series are Sloth's measured ones, per group.
	slothSLI
	// slothMeta series are Sloth's constants, per objective.
	slothMeta
	// slothInfo is sloth_slo_info.
	slothInfo
	// pyrraSLO are Pyrra's generic series, per group.
	pyrraSLO
	numFamilies
)

// family holds the labels of its series, without name and variant label, and finds
// budgets by them. It is filled at first use: most queries touch one family.
type family struct {
	id    familyID
	index *index

	once     sync.Once
	members  []int32         // entries that have series of this family
	base     []labels.Labels // by member
	postings map[string]map[string][]int32
}

func (f *family) fill() {
	f.once.Do(func() {
		f.postings = map[string]map[string][]int32{}
		for i := range f.index.entries {
			lset, ok := baseLabels(f.id, f.index.entries[i].Budget)
			if !ok {
				continue
			}
			m := int32(len(f.members))
			f.members = append(f.members, int32(i))
			f.base = append(f.base, lset)
			lset.Range(func(l labels.Label) {
				values := f.postings[l.Name]
				if values == nil {
					values = map[string][]int32{}
					f.postings[l.Name] = values
				}
				values[l.Value] = append(values[l.Value], m)
			})
		}
	})
}

// find calls fn for every member whose base labels match, in the catalogue's order,
// until fn returns false. ms must not hold matchers of the name or a variant label.
func (f *family) find(ms []*labels.Matcher, fn func(e int32, base labels.Labels) bool) {
	f.fill()
	try := func(m int32) bool {
		for _, matcher := range ms {
			if !matcher.Matches(f.base[m].Get(matcher.Name)) {
				return true
			}
		}
		return fn(f.members[m], f.base[m])
	}
	if narrow, ok := f.narrow(ms); ok {
		for _, m := range narrow {
			if !try(m) {
				return
			}
		}
		return
	}
	for m := range f.members {
		if !try(int32(m)) {
			return
		}
	}
}

// narrow returns the shortest list of members that holds all that match, from
// equality matchers and regular expressions that are alternatives of literals.
func (f *family) narrow(ms []*labels.Matcher) (best []int32, ok bool) {
	for _, m := range ms {
		var list []int32
		switch {
		case m.Matches(""):
			continue
		case m.Type == labels.MatchEqual:
			list = f.postings[m.Name][m.Value]
		case m.Type == labels.MatchRegexp && len(m.SetMatches()) > 0:
			for _, v := range m.SetMatches() {
				list = append(list, f.postings[m.Name][v]...)
			}
			slices.Sort(list)
			list = slices.Compact(list)
		default:
			continue
		}
		if !ok || len(list) < len(best) {
			best, ok = list, true
		}
	}
	return best, ok
}

// baseLabels are the labels of a budget's series in a family, without name and
// variant label; ok is false if it has no such series.
func baseLabels(id familyID, b *slo.Budget) (lset labels.Labels, ok bool) {
	o := b.Objective
	tool := o.Format.Tool()
	rollUp := b.Groups.IsEmpty()
	switch id {
	case identity:
		return b.Labels, true
	case info:
		return infoLabels(b), true
	case slothSLI:
		// Sloth knows no roll-up: its query yields the groups.
		if tool == slo.ToolSloth && rollUp == (len(o.SLI.By) == 0) {
			return slothLabels(o, b.Groups, nil), true
		}
	case pyrraSLO:
		if tool == slo.ToolPyrra && rollUp == (len(o.SLI.By) == 0) {
			return pyrraLabels(o, b.Groups), true
		}
	case slothMeta:
		if tool == slo.ToolSloth && rollUp {
			return slothLabels(o, labels.EmptyLabels(), nil), true
		}
	case slothInfo:
		if tool == slo.ToolSloth && rollUp {
			return slothLabels(o, labels.EmptyLabels(), slothInfoLabels(o)), true
		}
	}
	return labels.EmptyLabels(), false
}

// infoLabels are the identity labels, everything about the objective that may
// change, and its own labels. A name already taken gets the prefix "exported_".
func infoLabels(b *slo.Budget) labels.Labels {
	o := b.Objective
	lb := labels.NewBuilder(b.Labels)
	add := func(name, value string) {
		for lb.Get(name) != "" {
			name = "exported_" + name
		}
		lb.Set(name, value)
	}
	add("tier", o.Tier)
	add("owner", o.Owner)
	add("target", strconv.FormatFloat(o.Target, 'g', -1, 64))
	add("runbook", o.Runbook)
	add("dashboard", o.Dashboard)
	add("description", o.Description)
	names := make([]string, 0, len(o.Labels))
	for name := range o.Labels {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		served := slo.GroupLabel(name)
		if slices.Contains(infoNames, name) {
			served = "exported_" + name
		}
		add(served, o.Labels[name])
	}
	return lb.Labels()
}

// infoNames are slo_info's own labels; an objective's label of the same name is
// renamed even if the objective has no such property, so that a name has one meaning.
var infoNames = []string{"tier", "owner", "target", "runbook", "dashboard", "description"}
