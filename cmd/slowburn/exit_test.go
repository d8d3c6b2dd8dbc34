package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestExitCodes: the gate's are its answer, and nothing but an answer: a pipeline that
// asks in the wrong way, or asks nobody, hears 3. Everywhere else usage is 2.
func TestExitCodes(t *testing.T) {
	answers := func(status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return "--server=" + s.URL
	}
	verdict := func(v string) string {
		return answers(200, `{"status":"success","data":{"service":"shop","verdict":"`+v+`","decision":"`+v+`"}}`)
	}
	gate := func(more ...string) []string { return append([]string{"gate", "--service=shop"}, more...) }
	canary := func(more ...string) []string {
		return append([]string{"canary", "--service=shop", "--canary={v=\"2\"}"}, more...)
	}
	for _, c := range []struct {
		name string
		args []string
		want int
	}{
		{"pass", gate(verdict("pass")), 0},
		{"fail", gate(verdict("fail")), 1},
		{"unknown", gate(verdict("unknown")), 2},
		{"a word nobody knows", gate(verdict("perhaps")), 2},
		{"nobody is there", gate("--server=http://127.0.0.1:1"), 3},
		{"refused", gate(answers(404, `{"status":"error","code":"unknown_service","error":"no"}`)), 3},
		{"not ready", gate(answers(503, `{"status":"error","code":"unavailable","error":"starting"}`)), 3},
		{"somebody else", gate(answers(200, `<html>`)), 3},
		{"no URL", gate("--server=shop"), 3},
		{"no such token file", gate("--token-file=/nowhere/at/all"), 3},
		{"no service", []string{"gate"}, 3},
		{"unknown flag", gate("--servcie=shop"), 3},
		{"unknown flag first", []string{"--servcie=shop", "gate"}, 3},
		{"a bad value", gate("--on-unknown=maybe"), 3},
		{"a bad duration", gate("--timeout=soon"), 3},
		{"one argument too many", gate("now"), 3},

		{"canary: pass", canary(verdict("pass")), 0},
		{"canary: fail", canary(verdict("fail")), 1},
		{"canary: unknown", canary(verdict("unknown")), 2},
		{"canary: a word nobody knows", canary(verdict("perhaps")), 2},
		{"canary: a bad time", canary("--start=yesterday"), 3},
		{"canary: no selector", []string{"canary", "--service=shop"}, 3},

		{"release: no version", []string{"release", "mark", "--service=gate"}, 2},
		{"release: refused", []string{"release", "mark", "--service=shop", "--release=v1", answers(409, `{"status":"error","code":"conflict","error":"no"}`)}, 1},
		{"policy: nobody is there", []string{"policy", "--server=http://127.0.0.1:1"}, 1},
		{"override: no reason", []string{"override", "grant", "--service=gate", "--for=1h"}, 2},
		{"no such command", []string{"gates"}, 2},
	} {
		var out, errs strings.Builder
		if have := execute(c.args, streams{&out, &errs}); have != c.want {
			t.Errorf("%s: want exit %d, have %d: %s%s", c.name, c.want, have, out.String(), errs.String())
		}
		if c.want == 3 && errs.Len() == 0 {
			t.Errorf("%s: want it said why", c.name)
		}
	}
}
