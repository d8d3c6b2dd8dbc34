package replay

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestAnswerCutOff: what breaks off on the way is asked for again, what is no answer of
// Prometheus's is not.
func TestAnswerCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		first string // the first answer
		asked int
		err   string
	}{
		"cut off":      {`{"status":"success","da`, 2, ""},
		"another page": {`<html>`, 1, "which is not Prometheus's API"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked == 1 {
					_, _ = w.Write([]byte(c.first))
					return
				}
				_, _ = w.Write([]byte(`{"status":"success","data":"whole"}`))
			}))
			defer server.Close()
			base, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			var have string
			err = getJSON(t.Context(), server.Client(), base, "/api/v1/query", url.Values{}, &have)
			switch {
			case asked != c.asked:
				t.Errorf("want it asked %d times, have %d", c.asked, asked)
			case c.err == "" && (err != nil || have != "whole"):
				t.Errorf("want the whole answer, have %q, %v", have, err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("want %q, have %v", c.err, err)
			}
		})
	}
}
