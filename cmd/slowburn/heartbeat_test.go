package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	config_util "github.com/prometheus/common/config"
)

// TestHeartbeatHidesItsURL beats once, and fails once without naming the URL.
func TestHeartbeatHidesItsURL(t *testing.T) {
	beats := 0
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { beats++ }))
	h := &Heartbeat{URL: config_util.Secret(outside.URL + "/ping/s3cret")}
	if err := h.beat(t.Context()); err != nil || beats != 1 {
		t.Fatalf("want one beat, have %d, %v", beats, err)
	}
	outside.Close()
	if err := h.beat(t.Context()); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("want an error without the URL, have %v", err)
	}
}

func TestHeartbeatConfig(t *testing.T) {
	c, err := ParseConfig("slowburn.yml", []byte("slo_files: [a.yml]\nalerting:\n  heartbeat: {url: 'https://beat.example.com/s3cret', every: 30s}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Heartbeat == nil || c.Heartbeat.URL != "https://beat.example.com/s3cret" || strings.Contains(c.Redacted(), "s3cret") {
		t.Errorf("have %+v, redacted:\n%s", c.Heartbeat, c.Redacted())
	}
	if _, err := ParseConfig("slowburn.yml", []byte("slo_files: [a.yml]\nalerting:\n  heartbeat: {url: nowhere}\n")); err == nil || !strings.Contains(err.Error(), "slowburn.yml:3") {
		t.Errorf("want an error at line 3, have %v", err)
	}
	if _, err := parseTokens([]string{"ci=gate"}); err == nil {
		t.Error("want an error of a token without a file")
	}
	if tokens, err := parseTokens([]string{"ci=gate,write:/x"}); err != nil || tokens[0].Name != "ci" || len(tokens[0].Scopes) != 2 || tokens[0].File != "/x" {
		t.Errorf("have %+v, %v", tokens, err)
	}
}
