package main

import (
	"strings"
	"testing"
)

// TestFault25_ErrorsShowNoSecret: what is wrong with a configuration is told at its place,
// without what stands there.
func TestFault25_ErrorsShowNoSecret(t *testing.T) {
	const head = "slo_files: [a.yml]\nalerting:\n"
	for name, c := range map[string]struct{ text, want string }{
		"a key misspelt":             {head + "  alertmanagers:\n    - basic_auth:\n        username: me\n        password: c4n4ry\n        pasword: c4n4ry\n", "7:9: unknown key \"pasword\""},
		"in flow style":              {head + "  alertmanagers: [{basic_auth: {username: me, pasword: c4n4ry}}]\n", "unknown key \"pasword\""},
		"a list for a text":          {head + "  alertmanagers:\n    - basic_auth: {password: [c4n4ry]}\n", "4:"},
		"a text for a block":         {head + "  alertmanagers:\n    - basic_auth: c4n4ry-x\n", "4:"},
		"a proxy's password":         {head + "  alertmanagers:\n    - proxy_url: \"http://me:c4n4ry@[::1\"\n", "4:"},
		"a heartbeat that is none":   {head + "  heartbeat: {url: \"c4n4ry\"}\n", "3:"},
		"not YAML":                   {head + "  webhook:\n    url: \"http://c4n4ry\n    after: 1m\n", "not valid YAML"},
		"the line after a secret":    {head + "  webhook:\n    url: http://x/c4n4ry\n    aftr: 1m\n", "5:5: "},
		"after its block":            {head + "  webhook: {url: http://x/c4n4ry}\ntires: {}\n", "unknown key \"tires\""},
		"the block misspelt":         {"slo_files: [a.yml]\nalertin:\n  webhook: {url: http://x/c4n4ry}\n", "unknown key \"alertin\""},
		"all in flow style":          {"{slo_files: [a.yml], alertin: {webhook: {url: http://x/c4n4ry}}}\n", "unknown key \"alertin\""},
		"a control character":        {head + "  webhook: {url: \"http://x/c4n4ry\x01\"}\n", "not text"},
		"a block text":               {head + "  webhook:\n    url: |\n      http://x/c4n4ry\n    aftr: 1m\n", "unknown key"},
		"what is sent on":            {"slo_files: [a.yml]\nremote_write:\n  - url: http://me:c4n4ry@x\n", "reserved"},
		"two documents":              {head + "  webhook: {url: http://x/c4n4ry}\n---\nwebhook: {url: http://x/c4n4ry}\n", "one document"},
		"a discovery that is none":   {head + "  alertmanagers:\n    - http_sd_configs: [{url: \"http://me:c4n4ry@\"}]\n", ""},
		"credentials and a password": {head + "  alertmanagers:\n    - authorization: {credentials: c4n4ry}\n      basic_auth: {password: c4n4ry}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseConfig("slowburn.yml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("want an error with %q, have %v", c.want, err)
			}
			if strings.Contains(err.Error(), "c4n") {
				t.Errorf("it shows a secret: %v", err)
			}
		})
	}
}

// TestErrorsShowWhatIsNoSecret: elsewhere an excerpt is as it was written.
func TestErrorsShowWhatIsNoSecret(t *testing.T) {
	_, err := ParseConfig("slowburn.yml", []byte("slo_files: [a.yml]\nalerting:\n  webhook: {url: http://x}\ntiers:\n  # ours\n  quick: {alerts: [{severity: loud}]}\n"))
	if err == nil || !strings.Contains(err.Error(), "> 6 |   quick: {alerts: [{severity: loud}]}") {
		t.Errorf("want the line shown, have %v", err)
	}
}
