package guard

import (
	"fmt"
	"net/http"
	"net/url"
)

// CrossOrigin refuses requests that a page of another origin made a browser
// send. external is the address under which users reach us, whose origin is
// trusted besides the request's own Host; may be nil.
func CrossOrigin(external *url.URL) (func(http.Handler) http.Handler, error) {
	p := http.NewCrossOriginProtection()
	if external != nil && external.Host != "" {
		if err := p.AddTrustedOrigin(external.Scheme + "://" + external.Host); err != nil {
			return nil, fmt.Errorf("trust the external URL's origin: %w", err)
		}
	}
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		Reject(w, http.StatusForbidden, "cross_origin", "cross-origin request refused")
	}))
	return p.Handler, nil
}
