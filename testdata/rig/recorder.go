package rig

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Sent is one alert of one request to a Recorder.
type Sent struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	// At is when it arrived.
	At time.Time `json:"-"`
}

// Resolved says whether it was told that the alert has ended.
func (s Sent) Resolved() bool { return !s.EndsAt.After(s.At) }

// Recorder stands where an Alertmanager does, takes everything, and keeps what came
// over the wire and when.
type Recorder struct {
	// Addr is host:port.
	Addr string

	mu   sync.Mutex
	sent []Sent
}

// NewRecorder listens until the test ends.
func NewRecorder(t testing.TB) *Recorder {
	r := &Recorder{}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.Addr = strings.TrimPrefix(server.URL, "http://")
	return r
}

// NewSecureRecorder is one that speaks TLS, for each connection as config says then.
// Reconnect ends those there are.
func NewSecureRecorder(t testing.TB, config func() *tls.Config) (r *Recorder, reconnect func()) {
	r = &Recorder{}
	server := httptest.NewUnstartedServer(r)
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return config(), nil }}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // what it refuses is for the test to see
	server.StartTLS()
	t.Cleanup(server.Close)
	r.Addr = server.Listener.Addr().String()
	return r, server.CloseClientConnections
}

// ServeHTTP answers as Alertmanager's API v2 does.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if req.Method != http.MethodPost {
		w.Write([]byte(`{}`))
		return
	}
	var alerts []Sent
	if err := json.NewDecoder(req.Body).Decode(&alerts); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range alerts {
		a.At = time.Now()
		r.sent = append(r.sent, a)
	}
}

// Sent are those whose labels include match, in order.
func (r *Recorder) Sent(match map[string]string) []Sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.sent), func(s Sent) bool { return !includes(s.Labels, match) })
}
