package slo

import "fmt"

// Member is an objective that a composite is made of, by its ID, and the part that
// its bad share has in the composite's: weights of a composite add up to 1.
type Member struct {
	Service, Name string
	Weight        float64
}

// ID names the member's objective: "service/name".
func (m Member) ID() string { return m.Service + "/" + m.Name }

// Composite says whether the SLI is made of other objectives. It has no terms then,
// and no ledger: what it counted over a window follows from its members' roll-ups.
func (s *SLI) Composite() bool { return len(s.Members) > 0 }

// Compose is what a composite counted over a window, given what each member did. Its
// error ratio is the weighted mean of its members' ratios over that very window, so
// each weighs what its weight says however much traffic it has; a member without
// events leaves its weight to the others. Ratios do not add, so this is asked anew
// for every window.
//
// Total and scrapes are the members' sums; Bad is that part of all events which has
// the error ratio.
func Compose(members []Member, counted func(i int) Counts) Counts {
	var all Counts
	ratio, weight := 0.0, 0.0
	for i, m := range members {
		c := counted(i)
		all = all.Add(c)
		if r, ok := c.ErrorRatio(); ok {
			ratio += m.Weight * r
			weight += m.Weight
		}
	}
	all.Bad = 0
	if weight > 0 {
		all.Bad = all.Total * ratio / weight
	}
	return all
}

// membersMeaning is equal for composites of the same members and weights.
func membersMeaning(members []Member) string {
	meaning := "composite"
	for _, m := range members {
		meaning += fmt.Sprintf(" %s %g", m.ID(), m.Weight)
	}
	return meaning
}
