package count

// Cadence is how often a series is scraped, as seen. Jitter of up to a tenth
// changes nothing; a longer gap is a missed scrape until it comes three times in
// a row, a shorter one is a faster cadence at once.
type Cadence struct {
	interval int64 // ms, 0 if unknown
	longer   uint8
}

// Interval is the scrape interval in ms, 0 while unknown.
func (c *Cadence) Interval() int64 { return c.interval }

// Observe takes the distance between two scrapes in ms and says whether the
// interval changed.
func (c *Cadence) Observe(gap int64) (changed bool) {
	switch {
	case gap <= 0:
		return false
	case c.interval == 0 || gap < c.interval-c.interval/10:
		c.interval, c.longer = gap, 0
		return true
	case gap > c.interval+c.interval/10:
		c.longer++
		if c.longer < 3 {
			return false
		}
		c.interval, c.longer = gap, 0
		return true
	}
	c.longer = 0
	return false
}
