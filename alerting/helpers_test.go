package alerting_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
)

// lines collects text from any goroutine.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, s)
}

func (l *lines) Write(b []byte) (int, error) {
	l.add(string(b))
	return len(b), nil
}

func (l *lines) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, ", ")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// message reads a webhook message as "firing A".
func message(r *http.Request) string {
	var msg struct {
		Version, Status string
		Alerts          []struct {
			Status      string
			Labels      map[string]string
			Fingerprint string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&msg); err != nil {
		return err.Error()
	}
	s := msg.Status
	for _, a := range msg.Alerts {
		s += " " + a.Labels["alertname"]
		if a.Status != msg.Status || len(a.Fingerprint) != 16 || msg.Version != "4" {
			return fmt.Sprintf("odd message: %+v", msg)
		}
	}
	return s
}

// clone is r with its body, which was read, restored.
func clone(r *http.Request, alerts models.PostableAlerts) *http.Request {
	body, err := json.Marshal(alerts)
	if err != nil {
		panic(err)
	}
	c := r.Clone(r.Context())
	c.Body = io.NopCloser(bytes.NewReader(body))
	return c
}

// expireForAnHour does what the host's Alertmanager would do by itself: end what
// is not sent again.
func expireForAnHour(h *host) {
	for range 3600 {
		time.Sleep(time.Second)
		h.mu.Lock()
		am := h.am
		h.mu.Unlock()
		am.Expire(time.Now())
	}
}
