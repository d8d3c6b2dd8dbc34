package main

import (
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v2"

	// The ways to find Alertmanagers; static_configs needs none of them.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// readAlerting decodes the alerting block. What Prometheus's configuration has in
// it keeps Prometheus's shape because Prometheus's own types decode it, one key
// after the other out of the whole text, so that lines and anchors are right.
func (c *Config) readAlerting(doc *document.Document, n document.Node, text []byte) {
	m := n.Mapping()
	alertmanagers, relabelling, webhook, heartbeat := m.Get("alertmanagers"), m.Get("alert_relabel_configs"), m.Get("webhook"), m.Get("heartbeat")
	c.readTraceURL(m.Get("trace_url"))
	m.Done()
	if am, ok := alertingKey[struct {
		Key  promconfig.AlertmanagerConfigs `yaml:"alertmanagers"`
		Rest map[string]any                 `yaml:",inline"`
	}](doc, alertmanagers, text); ok && valid(doc, alertmanagers, am.Key, "empty Alertmanager: remove the dash, or write its static_configs after it") {
		c.Alerting.AlertmanagerConfigs = am.Key
	}
	if rl, ok := alertingKey[struct {
		Key  []*relabel.Config `yaml:"alert_relabel_configs"`
		Rest map[string]any    `yaml:",inline"`
	}](doc, relabelling, text); ok && valid(doc, relabelling, rl.Key, "empty relabelling rule: remove the dash, or write the rule after it") {
		c.Alerting.AlertRelabelConfigs = rl.Key
	}
	if wh, ok := alertingKey[struct {
		Key  *alerting.Webhook `yaml:"webhook"`
		Rest map[string]any    `yaml:",inline"`
	}](doc, webhook, text); ok {
		c.Webhook = wh.Key
		c.Webhook.SetDirectory(filepath.Dir(c.File))
	}
	if hb, ok := alertingKey[struct {
		Key  *Heartbeat     `yaml:"heartbeat"`
		Rest map[string]any `yaml:",inline"`
	}](doc, heartbeat, text); ok && !upstreamErrors(doc, heartbeat, hb.Key.validate()) {
		c.Heartbeat = hb.Key
		c.Heartbeat.HTTPClientConfig.SetDirectory(filepath.Dir(c.File))
	}
	c.Alerting.SetDirectory(filepath.Dir(c.File))
	c.redact(text)
}

// alertingKey decodes one key of the alerting block, which T names, out of the whole
// text, and answers whether it is there and right.
func alertingKey[T any](doc *document.Document, n document.Node, text []byte) (T, bool) {
	var file struct {
		Alerting T
		Rest     map[string]any `yaml:",inline"`
	}
	ok := !n.IsZero() && !upstreamErrors(doc, n, yaml.UnmarshalStrict(text, &file))
	return file.Alerting, ok
}

// valid asks every entry of a list whether it is right; empty is what to say of one
// that is not there.
func valid[T interface {
	comparable
	Validate(model.ValidationScheme) error
}](doc *document.Document, n document.Node, list []T, empty string) bool {
	var none T
	ok := true
	for _, entry := range list {
		if entry == none {
			n.Errorf("%s", empty)
			return false
		}
		ok = !upstreamErrors(doc, n, entry.Validate(model.UTF8Validation)) && ok
	}
	return ok
}

// readTraceURL reads where traces are shown.
func (c *Config) readTraceURL(n document.Node) {
	if n.IsZero() {
		return
	}
	var err error
	if c.TraceURL, err = slo.ParseTraceURL(n.String()); err != nil {
		n.Errorf("trace_url: %v: want one such as https://tempo.example.org/trace/${trace_id}", err)
	}
}

// redact writes the file anew with the typed block in place of the written one:
// its types print secrets as <secret>. A URL's user is one too, and not of such a type
// everywhere.
func (c *Config) redact(text []byte) {
	var file yaml.MapSlice
	if yaml.Unmarshal(text, &file) != nil {
		return // said already, at its place
	}
	for i := range file {
		if file[i].Key == "alerting" {
			file[i].Value = struct {
				promconfig.AlertingConfig `yaml:",inline"`
				Webhook                   *alerting.Webhook `yaml:"webhook,omitempty"`
				Heartbeat                 *Heartbeat        `yaml:"heartbeat,omitempty"`
				TraceURL                  slo.TraceURL      `yaml:"trace_url,omitempty"`
			}{c.Alerting, c.Webhook, c.Heartbeat, c.TraceURL}
		}
	}
	if out, err := yaml.Marshal(file); err == nil {
		c.redacted = withoutUser(string(out))
	}
}

var (
	upstreamLine    = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	upstreamUnknown = regexp.MustCompile(`^field (\S+) not found in type `)
	upstreamQuoted  = regexp.MustCompile(`"([^"]+)"`)
)

// upstreamErrors records what upstream's decoder says, at the line it names, or
// where the text it quotes stands, or else at the block. It answers whether there
// was anything.
func upstreamErrors(doc *document.Document, block document.Node, err error) bool {
	if err == nil {
		return false
	}
	msgs := []string{err.Error()}
	var te *yaml.TypeError
	if errors.As(err, &te) {
		msgs = te.Errors
	}
	first, column := block.Place()
	for _, msg := range msgs {
		line, at, sign := first, column, ""
		if parts := upstreamLine.FindStringSubmatch(msg); parts != nil {
			line, _ = strconv.Atoi(parts[1])
			msg = parts[2]
		}
		if unknown := upstreamUnknown.FindStringSubmatch(msg); unknown != nil {
			sign = unknown[1] + ":"
			msg = "unknown key " + strconv.Quote(unknown[1]) + ": Prometheus's configuration has none of that name here"
		} else if quoted := upstreamQuoted.FindStringSubmatch(msg); quoted != nil {
			sign = quoted[1]
		}
		// The decoder names the line its value begins on; the sign may stand below.
		for l := line; sign != "" && l < line+200; l++ {
			if i := strings.Index(doc.Line(l), sign); i >= 0 {
				line, at = l, utf8.RuneCountInString(doc.Line(l)[:i])+1
				break
			}
		}
		doc.ErrorAt(line, at, "%s", msg)
	}
	return true
}
