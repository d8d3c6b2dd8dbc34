package alerting

import (
	"fmt"
	"net/http"
	"time"
)

// clockTolerance is by how much an Alertmanager's clock may differ from ours before it
// counts: less than a quarter of what an alert lives, more than a network is slow.
const clockTolerance = 30 * time.Second

// theirClock is an Alertmanager's clock, as the Date of its answers shows it. It judges
// by that clock whether an alert has ended: what ends in 4 min by one that is an hour
// slow has ended before it arrives, and nobody is paged.
type theirClock struct {
	date time.Time // when it last told something new; zero if it never did
	at   time.Time // that moment by our clock, whose monotonic part nobody can set
}

// off is by how much it is ahead of our wall clock now; 0 if that is hardly anything. Ours
// may have been set since its last answer.
func (c *theirClock) off(now time.Time) time.Duration {
	if c.date.IsZero() {
		return 0
	}
	return tolerated(c.date.Add(now.Sub(c.at)), now)
}

// look takes the date of an answer, and reports whether the clock is another than was
// thought: what was said to it until now was said in the wrong time.
func (c *theirClock) look(date, now time.Time) bool {
	if date.IsZero() {
		return false
	}
	before, unknown := c.off(now), c.date.IsZero()
	thought := now.Add(before)
	// The same clock by each answer's delay and the second that Date is cut to is not
	// another: the start of an alert would move with it.
	if !unknown && tolerated(date, thought) == 0 {
		return false
	}
	c.date, c.at = date, now
	return c.off(now) != before
}

// tolerated is a − b by the wall clock, 0 if that is within the tolerance.
func tolerated(a, b time.Time) time.Duration {
	if d := a.Round(0).Sub(b.Round(0)); d > clockTolerance || d < -clockTolerance {
		return d
	}
	return 0
}

// otherClock is an answer that shows another clock than what was posted was said for.
type otherClock time.Duration

func (c otherClock) Error() string {
	return fmt.Sprintf("its clock is %s ahead of ours: all is said again in its time", time.Duration(c))
}

// dateOf is when an answer was given by the clock of who gave it; zero if it does not say.
func dateOf(resp *http.Response) time.Time {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return date
}
