package tsdb

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/storage"
)

// reason is why a sample was not stored.
type reason uint8

const (
	// Taken for written: dropped by declared policy.
	reasonDuplicate reason = iota
	reasonUnneeded
	reasonUnelected
	reasonOverlap
	reasonUnconfirmed
	// Refused for good.
	reasonConflict
	reasonTooOld
	reasonFuture
	reasonInvalidLabels
	reasonLabelLimit
	reasonInvalidHistogram
	reasonSeriesLimit
	reasonSourceLimit
	reasonEmpty
	reasonOther
	// Refused for now.
	reasonUnavailable
	reasonClockSkew
	reasons
)

var reasonNames = [reasons]string{
	"duplicate", "unneeded", "unelected", "overlap", "unconfirmed",
	"conflict", "too_old", "future", "invalid_labels", "label_limit", "invalid_histogram", "series_limit", "source_limit", "empty", "other",
	"unavailable", "clock_skew",
}

func (r reason) policy() bool    { return r <= reasonUnconfirmed }
func (r reason) temporary() bool { return r >= reasonUnavailable }

// reasonOf sorts the TSDB's errors.
func reasonOf(err error) reason {
	var limit *errLimit
	var hist histogram.Error
	switch {
	case errors.As(err, &limit):
		return reasonLabelLimit
	case errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrOutOfOrderSample):
		return reasonTooOld
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return reasonConflict
	case errors.Is(err, ErrTooManySeries):
		return reasonSeriesLimit
	case errors.As(err, &hist):
		return reasonInvalidHistogram
	case errors.Is(err, ErrNotReady), errors.Is(err, ErrWALFailed), errors.Is(err, ErrDiskLow):
		return reasonUnavailable
	}
	return reasonOther
}

// verdict is what became of a request's samples.
type verdict struct {
	floats, hists, exemplars int // written, or dropped by declared policy
	stored                   [2]int
	counts                   [reasons]int
	examples                 []string
	temporary                error
}

const maxExamples = 3

// drop counts n floats and m histograms that were not stored. describe is asked for
// an example if there is room for one.
func (v *verdict) drop(why reason, n, m int, describe func() string) {
	if why.policy() {
		v.counts[why] += n + m
		v.floats += n
		v.hists += m
		return
	}
	v.counts[why] += max(1, n+m) // a series may be refused that has none
	if describe != nil && len(v.examples) < maxExamples {
		v.examples = append(v.examples, reasonNames[why]+": "+describe())
	}
}

// refused counts the samples refused for good, or for now.
func (v *verdict) refused(temporary bool) (n int) {
	for why, c := range v.counts {
		if r := reason(why); !r.policy() && r.temporary() == temporary {
			n += c
		}
	}
	return n
}

// retryAfter is what a refused sender is told to wait, seconds.
const retryAfter = "5"

// answer writes the response. It is 2xx only if all was taken or dropped by
// declared policy; 503 if a retry may help, since what is stored already is success
// then; 400 if not.
func (v *verdict) answer(w http.ResponseWriter, v2 bool) int {
	if v2 {
		h := w.Header()
		h.Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(v.floats))
		h.Set("X-Prometheus-Remote-Write-Histograms-Written", strconv.Itoa(v.hists))
		h.Set("X-Prometheus-Remote-Write-Exemplars-Written", strconv.Itoa(v.exemplars))
	}
	code := http.StatusNoContent
	switch {
	case v.temporary != nil || v.refused(true) > 0:
		code = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", retryAfter)
	case v.refused(false) > 0:
		code = http.StatusBadRequest
	}
	if code == http.StatusNoContent {
		w.WriteHeader(code)
	} else {
		http.Error(w, v.text(), code)
	}
	return code
}

// text names counts and reasons.
func (v *verdict) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d samples written", v.floats+v.hists)
	for why, n := range v.counts {
		if n > 0 && !reason(why).policy() {
			fmt.Fprintf(&b, ", %d refused as %s", n, reasonNames[why])
		}
	}
	for _, e := range v.examples {
		b.WriteString("; ")
		b.WriteString(e)
	}
	if v.temporary != nil {
		b.WriteString("; ")
		b.WriteString(v.temporary.Error())
	}
	return b.String()
}
