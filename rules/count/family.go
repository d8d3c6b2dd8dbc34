package count

// Plausibility of a birth (DESIGN.md, counting rule 2): the first value is at most
// ten times what the family gained at the target in this scrape or the one before,
// plus ten.
const (
	BirthFactor = 10
	BirthSlack  = 10
	// birthScrapes is how many scrapes back the family must have been seen for the
	// last time.
	birthScrapes = 3
)

// FamilyReach is how far before a birth the two scrapes lie at most, ms: what is further
// back is another time.
const FamilyReach = 60 * 60 * 1000

// Family is one metric name at one target (source, job, instance): all series
// that one scrape brings together. It tells whether a series that appears in it
// was born between two scrapes.
type Family struct {
	t [5]int64 // times of the newest scrapes, newest first, ms; 0 if none
	// gain and before are the events gained in the newest scrape and in the one
	// before it.
	gain, before float64
	latest       int64    // time of the newest birth, ms
	births       []*Birth // those whose scrape may still gain
}

// Birth is a first sample whose fate is open until its slot closes, since its
// siblings of the same scrape may arrive after it.
type Birth struct {
	First Sample
	// Gain is what the family's known series gained in the same scrape, events.
	Gain float64
	// Usual is what the family gained in the scrape before: when everything fails at
	// once, what used to be good is born as bad and the family gains nothing else.
	Usual float64
	// Before are the two scrapes before, newest first, ms; 0 if there was none.
	Before [2]int64
	// Done says that it was decided.
	Done bool
}

// Scrape notes that the family was scraped at t. It is called for each sample of a
// scrape: births that wait are told of its time once.
func (f *Family) Scrape(t int64) {
	i := 0
	for i < len(f.t) && f.t[i] > t {
		i++
	}
	if i < len(f.t) && f.t[i] == t {
		return
	}
	for _, b := range f.births {
		b.scraped(t)
	}
	if i == 0 {
		f.gain, f.before = 0, f.gain
		f.forget()
	}
	if i < len(f.t) {
		copy(f.t[i+1:], f.t[i:])
		f.t[i] = t
	}
}

// scraped notes a scrape before the birth that came after it.
func (b *Birth) scraped(t int64) {
	switch {
	case t >= b.First.T || t == b.Before[0]:
	case t > b.Before[0]:
		b.Before = [2]int64{t, b.Before[0]}
	case t > b.Before[1]:
		b.Before[1] = t
	}
}

// Gain notes that a known series gained events in the scrape at t.
func (f *Family) Gain(t int64, events float64) {
	if events <= 0 {
		return
	}
	if t == f.t[0] {
		f.gain += events
	}
	if t > f.latest {
		return
	}
	for _, b := range f.births {
		if b.First.T == t {
			b.Gain += events
		}
	}
}

// Begin notes the first sample of a series, seen in the scrape at first.T.
func (f *Family) Begin(first Sample) *Birth {
	b := &Birth{First: first, Usual: f.before}
	if first.T == f.t[0] {
		b.Gain = f.gain
	} else {
		b.Usual = max(f.gain, f.before)
	}
	i := 0
	for i < len(f.t) && f.t[i] >= first.T {
		i++
	}
	copy(b.Before[:], f.t[i:])
	f.births = append(f.births, b)
	f.latest = max(f.latest, first.T)
	return b
}

// Tells says whether the family's memory of the newest scrapes reaches back to the two
// before t, or there never were as many.
func (f *Family) Tells(t int64) bool {
	const two = len(Birth{}.Before)
	return f.t[len(f.t)-1] == 0 || f.t[len(f.t)-two] < t
}

// Twice says whether the family is known to have been scraped twice before t.
func (f *Family) Twice(t int64) bool {
	for i, x := range f.t {
		if x < t {
			return i+1 < len(f.t) && f.t[i+1] != 0
		}
	}
	return false
}

func (f *Family) forget() {
	if len(f.births) == 0 {
		return
	}
	kept := f.births[:0]
	for _, b := range f.births {
		if !b.Done {
			kept = append(kept, b)
		}
	}
	clear(f.births[len(kept):])
	f.births = kept
}

// UnderObservation says whether the series was born between two scrapes of a
// family that has been observed since the event time since: two earlier scrapes,
// the last at most three intervals ago, and a plausible first value.
func (b *Birth) UnderObservation(since int64, value float64) bool {
	last, before := b.Before[0], b.Before[1]
	if before == 0 || before <= since || before < b.First.T-FamilyReach {
		return false
	}
	if b.First.T-last > birthScrapes*(last-before) {
		return false
	}
	return value <= BirthFactor*max(b.Gain, b.Usual)+BirthSlack
}
