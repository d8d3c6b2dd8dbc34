package native

import (
	"slices"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// composite reads an SLI made of other objectives, of any file:
//
//	composite:
//	  - objective: search/availability
//	  - objective: availability # of this service
//	    weight: 3
func (r reader) composite(n document.Node, service string) slo.SLI {
	var sli slo.SLI
	sum := 0.0
	for _, entry := range n.List() {
		m := entry.Mapping()
		name, weightNode := m.Require("objective"), m.Get("weight")
		m.Done()
		weight := 1.0
		if !weightNode.IsZero() {
			weight, _, _ = weightNode.Number()
			if !(weight > 0) || weight > 1e9 {
				weightNode.Errorf("weight %s: want a number above 0: weights are shares of their sum", weightNode)
			}
		}
		member := slo.Member{Service: service, Name: name.String(), Weight: weight}
		if of, rest, ok := strings.Cut(member.Name, "/"); ok {
			member.Service, member.Name = of, rest
		}
		if slices.ContainsFunc(sli.Members, func(have slo.Member) bool { return have.ID() == member.ID() }) {
			name.Errorf("objective %s stands twice: give it one weight", member.ID())
		}
		sum += weight
		sli.Members = append(sli.Members, member)
		r.Refers(name)
	}
	for i := range sli.Members {
		sli.Members[i].Weight /= sum
	}
	if len(sli.Members) == 1 {
		n.Errorf("a composite has two members or more: an objective alone is what it is")
	}
	return sli
}

// ofMembers refuses what a composite leaves to its members.
func (r reader) ofMembers(m *document.Mapping) {
	for _, key := range []string{"by", "absence", "required"} {
		if n := m.Get(key); !n.IsZero() {
			n.Errorf("a composite has no %q: its members may", key)
		}
	}
}
