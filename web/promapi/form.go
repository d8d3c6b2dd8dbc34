package promapi

import (
	"errors"
	"net/http"
	"strconv"
)

// form reads the parameters and sets `limit` to what one answer may hold, which
// upstream then honours and says so in a warning. It answers and returns false
// when the parameters cannot be read.
func (a *API) form(w http.ResponseWriter, r *http.Request) bool {
	if err := r.ParseForm(); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			fail(w, http.StatusRequestEntityTooLarge, "bad_data", "parameters are longer than "+strconv.FormatInt(big.Limit, 10)+" bytes")
			return false
		}
		fail(w, http.StatusBadRequest, "bad_data", "parse parameters: "+err.Error())
		return false
	}
	// An invalid limit is upstream's to refuse.
	n, err := strconv.Atoi(r.Form.Get("limit"))
	if r.Form.Get("limit") == "" || err == nil && (n == 0 || n > a.o.Limits.MaxSeries) {
		r.Form.Set("limit", strconv.Itoa(a.o.Limits.MaxSeries))
	}
	return true
}
