package steer

import (
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/slowburn/slowburn/slo/govern"
)

// params reads a query's parameters and keeps the first that is wrong.
type params struct {
	url.Values
	err error
}

func (p *params) fail(name, want string) {
	if p.err == nil {
		p.err = govern.Errorf(govern.CodeBadParameter, "parameter %q: want %s", name, want)
	}
}

// require is a parameter that must be there.
func (p *params) require(name string) string {
	v := p.Get(name)
	if v == "" {
		p.fail(name, "a value")
	}
	return v
}

// time reads RFC 3339 or Unix seconds, as Prometheus's API does; ms, missing is 0.
func (p *params) time(name string) int64 {
	s := p.Get(name)
	if s == "" {
		return 0
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UnixMilli()
	}
	sec, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(sec) || sec <= 0 || sec > 1e11 {
		p.fail(name, "a time such as 2027-01-31T08:00:00Z, or Unix seconds")
		return 0
	}
	return int64(math.Round(sec * 1000))
}

// span reads start and end.
func (p *params) span() (start, end int64) {
	start, end = p.time("start"), p.time("end")
	if p.err == nil && start != 0 && end != 0 && end <= start {
		p.err = govern.Errorf(govern.CodeReversed, "the end is not after the start")
	}
	return start, end
}

// number reads a float between low and high; missing is 0.
func (p *params) number(name string, low, high float64) float64 {
	s := p.Get(name)
	if s == "" {
		return 0
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > low) || !(v < high) {
		p.fail(name, "a number above "+strconv.FormatFloat(low, 'g', -1, 64)+" and below "+strconv.FormatFloat(high, 'g', -1, 64))
		return 0
	}
	return v
}

// maxPage is the largest page.
const maxPage = 1000

// limit reads the size of a page; missing is 0.
func (p *params) limit() int {
	s := p.Get("limit")
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxPage {
		p.fail("limit", "a number from 1 to 1000")
	}
	return n
}

// flag reads true or false; missing is false.
func (p *params) flag(name string) bool {
	s := p.Get(name)
	if s == "" {
		return false
	}
	v, err := strconv.ParseBool(s)
	if err != nil {
		p.fail(name, "true or false")
	}
	return v
}
