package derive

import (
	"math"
	"slices"
)

// merge adds up streams into an empty curve over the spans of the need.
func (c *curve) merge(n *need, streams []*stream, slot int64) {
	most := 0 // changes
	var ks kinds
	for i := range n.spans {
		longest := 0
		for _, st := range streams {
			for k, tr := range st.tracks {
				if tr != nil {
					longest = max(longest, len(tr.parts[i].ts))
					ks |= 1 << k
				}
			}
		}
		most += longest + 1
	}
	c.grow(most, ks)
	for i, s := range n.spans {
		c.addSpan(streams, i, s, slot)
	}
}

// pending is what is left of one track's changes within a span.
type pending struct {
	kind kind
	part
	// value is the counter now, without what it was where its generation began.
	value, origin float64
}

func (c *curve) addSpan(streams []*stream, i int, s span, slot int64) {
	var tracks []pending
	rowAtStart := false
	for _, st := range streams {
		for k, tr := range st.tracks {
			if tr == nil {
				continue
			}
			p := pending{kind: kind(k), value: tr.bases[i] - tr.origin, origin: tr.origin}
			p.part = tr.parts[i].within(max(s.lo, st.gen.From), min(s.hi, st.gen.To))
			tracks = append(tracks, p)
			if p.kind == kindTotal && st.gen.From < s.lo && s.lo <= st.gen.To {
				_, found := slices.BinarySearch(tr.parts[i].ts, s.lo)
				rowAtStart = rowAtStart || found
			}
		}
	}
	c.push(s.lo, rowAtStart && s.lo%slot == 0, tracks)
	if together(tracks) {
		c.pushAll(tracks, slot)
		return
	}
	for {
		next := int64(math.MaxInt64)
		for k := range tracks {
			if t := &tracks[k]; len(t.ts) > 0 {
				next = min(next, t.ts[0])
			}
		}
		if next == math.MaxInt64 {
			return
		}
		row := false
		for k := range tracks {
			t := &tracks[k]
			if len(t.ts) == 0 || t.ts[0] != next {
				continue
			}
			t.value = t.v[0] - t.origin
			t.ts, t.v = t.ts[1:], t.v[1:]
			row = row || t.kind == kindTotal && next%slot == 0
		}
		c.push(next, row, tracks)
	}
}

// push appends the sum of all tracks at t.
func (c *curve) push(t int64, row bool, tracks []pending) {
	c.ts, c.row = append(c.ts, t), append(c.row, row)
	for k := range c.col {
		if c.col[k] == nil {
			continue
		}
		sum := 0.0
		for j := range tracks {
			if tracks[j].kind == kind(k) {
				sum += tracks[j].value
			}
		}
		c.col[k] = append(c.col[k], sum)
	}
}

// together says whether the tracks are one stream's and change at the very same
// times, as nearly all do.
func together(tracks []pending) bool {
	if len(tracks) == 0 || len(tracks[0].ts) == 0 {
		return false
	}
	hasTotal := false
	for k := range tracks {
		t := &tracks[k]
		if len(t.ts) != len(tracks[0].ts) || &t.ts[0] != &tracks[0].ts[0] || k > 0 && t.kind <= tracks[k-1].kind {
			return false
		}
		hasTotal = hasTotal || t.kind == kindTotal
	}
	return hasTotal
}

// pushAll appends all changes of tracks that change together.
func (c *curve) pushAll(tracks []pending, slot int64) {
	c.ts = append(c.ts, tracks[0].ts...)
	for _, t := range tracks[0].ts {
		c.row = append(c.row, t%slot == 0)
	}
	for _, t := range tracks {
		col := c.col[t.kind]
		for _, v := range t.v {
			col = append(col, v-t.origin)
		}
		c.col[t.kind] = col
	}
}
