package count

// Kept is how many samples of a series stay in memory: enough for what arrives
// out of order by a few scrapes.
const Kept = 4

// Recent is the newest samples of one series in time order. Older neighbours come
// from the raw TSDB.
type Recent struct {
	first, n uint8
	// whole says that no older sample of the series exists anywhere.
	whole bool
	s     [Kept]Sample // a ring that begins at first
}

// SetWhole says that there is no sample older than those held.
func (r *Recent) SetWhole() { r.whole = true }

// Len is how many samples are held.
func (r *Recent) Len() int { return int(r.n) }

// at is the i-th sample, oldest first.
func (r *Recent) at(i uint8) *Sample { return &r.s[(r.first+i)%Kept] }

// Last is the newest sample, nil if there is none.
func (r *Recent) Last() *Sample {
	if r.n == 0 {
		return nil
	}
	return r.at(r.n - 1)
}

// Oldest is the oldest sample held, nil if there is none.
func (r *Recent) Oldest() *Sample {
	if r.n == 0 {
		return nil
	}
	return r.at(0)
}

// Neighbours are the samples just before and just after t, nil where there is
// none. known is false when a neighbour may exist that is not in memory.
func (r *Recent) Neighbours(t int64) (prev, next *Sample, known bool) {
	for i := r.n; i > 0; i-- {
		x := r.at(i - 1)
		if x.T < t {
			return x, next, true
		}
		if x.T > t {
			next = x
		}
	}
	return nil, next, r.whole
}

// Adjoins says whether no sample lies between a new one, whose successor next is, and
// those held. They are without a gap: what lies beyond one must not be inserted.
func (r *Recent) Adjoins(next *Sample) bool {
	return r.n == 0 || next == nil || next.T >= r.at(0).T
}

// Insert adds x in time order and lets go of the oldest when full. A sample older
// than all of a full memory is not kept. One with a known timestamp is ignored.
func (r *Recent) Insert(x Sample) {
	i := r.n
	for i > 0 && r.at(i-1).T > x.T {
		i--
	}
	if i > 0 && r.at(i-1).T == x.T {
		return
	}
	if r.n < Kept {
		r.n++
	} else {
		r.whole = false
		if i == 0 {
			return
		}
		r.first++ // the oldest one's place comes last
		i--
	}
	for k := r.n - 1; k > i; k-- {
		*r.at(k) = *r.at(k - 1)
	}
	*r.at(i) = x
}

// Samples are those held, oldest first.
func (r *Recent) Samples() []Sample {
	out := make([]Sample, r.n)
	for i := range out {
		out[i] = *r.at(uint8(i))
	}
	return out
}
