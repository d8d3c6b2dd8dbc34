package load

import (
	"slices"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// compose drops composites whose members are not there, once everything was read: a
// member may stand in any file.
func (l *loading) compose() {
	byID := make(map[string]*slo.Objective, len(l.set.Objectives))
	for _, o := range l.set.Objectives {
		byID[o.ID()] = o
	}
	for _, c := range l.composites {
		if !composable(c, byID) {
			l.set.Objectives = slices.DeleteFunc(l.set.Objectives, func(o *slo.Objective) bool { return o == c.Objective })
		}
	}
}

// composable says of each member why it cannot be one.
func composable(c spec.Candidate, byID map[string]*slo.Objective) bool {
	ok := true
	for i, m := range c.Objective.SLI.Members {
		switch part := byID[m.ID()]; {
		case part == nil:
			ok = false
			c.Members[i].Errorf("objective %s is not defined in the files read, or has errors of its own%s", m.ID(), meant(m.ID(), byID))
		case part == c.Objective:
			ok = false
			c.Members[i].Errorf("a composite cannot be a member of itself")
		case part.SLI.Composite():
			ok = false
			c.Members[i].Errorf("objective %s is a composite: name its members instead", m.ID())
		}
	}
	return ok
}

// meant guesses which objective was meant.
func meant(id string, byID map[string]*slo.Objective) string {
	ids := make([]string, 0, len(byID))
	for known := range byID {
		ids = append(ids, known)
	}
	slices.Sort(ids)
	if near := document.Nearest(id, ids); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}
