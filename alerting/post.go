package alerting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

const userAgent = "slowburn"

// notice is one alert as it is about to be posted.
type notice struct {
	it *item
	d  *delivery
	// gen is the generation of rules behind labels.
	gen                 uint64
	episode             int64 // ms
	resolved            bool
	bare                bool
	labels, annotations labels.Labels
	startsAt, endsAt    time.Time
	heldUntil           int64 // ms; 0 if its data is there
	generatorURL        string
}

// compose says a to a target at the instant now, in the time of its clock, which is ahead
// by off. A firing alert ends life after now unless it is sent again, one that is held
// life after that.
func compose(a *slo.Alert, ls labels.Labels, now time.Time, life, off time.Duration) notice {
	n := statement(a, ls, now, life)
	n.startsAt, n.endsAt = n.startsAt.Add(off), n.endsAt.Add(off)
	return n
}

func statement(a *slo.Alert, ls labels.Labels, now time.Time, life time.Duration) notice {
	n := notice{
		episode: a.FiredAt, resolved: a.State == slo.AlertResolved,
		labels: ls, annotations: a.Annotations, generatorURL: a.GeneratorURL,
		startsAt: time.UnixMilli(a.FiredAt), heldUntil: a.HeldUntil,
	}
	if n.resolved {
		// In the future it would still fire until then, before its start it would be
		// refused.
		n.endsAt = later(earlier(time.UnixMilli(a.ResolvedAt), now), n.startsAt)
		return n
	}
	// Event time may run ahead of this clock by minutes.
	n.endsAt = later(later(now, n.startsAt), fromMillis(a.HeldUntil)).Add(life)
	return n
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// generator leaves out a URL for which Alertmanager would refuse the whole batch:
// a page without its link is better than no page.
func generator(s string) string {
	if u, err := url.ParseRequestURI(s); err != nil || u.Scheme == "" {
		return ""
	}
	return s
}

// refusal is an answer that blames what was posted. Alertmanager's 400 keeps the
// valid alerts of a batch, its 422 (schema) and a proxy's 413 keep none.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string {
	if r.body == "" {
		return fmt.Sprintf("refused with status %d", r.status)
	}
	return fmt.Sprintf("refused with status %d: %s", r.status, r.body)
}

// post sends one JSON body and returns nil when it was answered with 2xx; date is when it
// was answered, by the other's clock.
func post(ctx context.Context, client *http.Client, to string, body []byte, timeout time.Duration) (date time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return date, fmt.Errorf("build request: %w", anonymous(err))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	resp, err := client.Do(req)
	if err != nil {
		return date, anonymous(err)
	}
	defer resp.Body.Close()
	date = dateOf(resp)
	// The status is the acknowledgement; a body that dribbles in takes nothing back.
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	switch code := resp.StatusCode; {
	case code/100 == 2:
		return date, nil
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		return date, &refusal{status: code, body: excerpt(said)}
	case code/100 == 3:
		return date, fmt.Errorf("%w: redirects are not followed, they would carry credentials along", unwell(code))
	default:
		return date, unwell(code)
	}
}

// unwell is an answer, by its status, that blames nothing that was posted.
type unwell int

func (u unwell) Error() string {
	return fmt.Sprintf("answered status %d %s", int(u), http.StatusText(int(u)))
}

// absent says whether err means that the target itself did not answer, but
// nobody, or a proxy in front of it.
func absent(err error) bool {
	var u unwell
	if errors.As(err, &u) {
		return u == http.StatusBadGateway || u == http.StatusServiceUnavailable || u == http.StatusGatewayTimeout
	}
	return err != nil && !errors.Is(err, errRefusesAll)
}

// anonymous takes the URL out of a client's error: a webhook's is a secret, and
// that of an Alertmanager is said beside it.
func anonymous(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// undelivered says that a request never reached the other side.
func undelivered(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func excerpt(body []byte) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "?")), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}
