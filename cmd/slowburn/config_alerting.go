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
	"github.com/slowburn/slowburn/slo/document"
)

// readAlerting decodes the alerting block. What Prometheus's configuration has in
// it keeps Prometheus's shape because Prometheus's own types decode it, one key
// after the other out of the whole text, so that lines and anchors are right.
func (c *Config) readAlerting(doc *document.Document, n document.Node, text []byte) {
	m := n.Mapping()
	alertmanagers, relabelling, webhook, heartbeat := m.Get("alertmanagers"), m.Get("alert_relabel_configs"), m.Get("webhook"), m.Get("heartbeat")
	m.Done()
	upstream := func(n document.Node, file any) bool {
		return !n.IsZero() && !upstreamErrors(doc, n, yaml.UnmarshalStrict(text, file))
	}
	var am struct {
		Alerting struct {
			Key  promconfig.AlertmanagerConfigs `yaml:"alertmanagers"`
			Rest map[string]any                 `yaml:",inline"`
		}
		Rest map[string]any `yaml:",inline"`
	}
	if upstream(alertmanagers, &am) {
		for _, a := range am.Alerting.Key {
			if a == nil {
				alertmanagers.Errorf("empty Alertmanager: remove the dash, or write its static_configs after it")
				return
			}
			upstreamErrors(doc, alertmanagers, a.Validate(model.UTF8Validation))
		}
		c.Alerting.AlertmanagerConfigs = am.Alerting.Key
	}
	var rl struct {
		Alerting struct {
			Key  []*relabel.Config `yaml:"alert_relabel_configs"`
			Rest map[string]any    `yaml:",inline"`
		}
		Rest map[string]any `yaml:",inline"`
	}
	if upstream(relabelling, &rl) {
		for _, r := range rl.Alerting.Key {
			if r == nil {
				relabelling.Errorf("empty relabelling rule: remove the dash, or write the rule after it")
				return
			}
			upstreamErrors(doc, relabelling, r.Validate(model.UTF8Validation))
		}
		c.Alerting.AlertRelabelConfigs = rl.Alerting.Key
	}
	var wh struct {
		Alerting struct {
			Key  *alerting.Webhook `yaml:"webhook"`
			Rest map[string]any    `yaml:",inline"`
		}
		Rest map[string]any `yaml:",inline"`
	}
	if upstream(webhook, &wh) {
		c.Webhook = wh.Alerting.Key
		c.Webhook.SetDirectory(filepath.Dir(c.File))
	}
	var hb struct {
		Alerting struct {
			Key  *Heartbeat     `yaml:"heartbeat"`
			Rest map[string]any `yaml:",inline"`
		}
		Rest map[string]any `yaml:",inline"`
	}
	if upstream(heartbeat, &hb) && !upstreamErrors(doc, heartbeat, hb.Alerting.Key.validate()) {
		c.Heartbeat = hb.Alerting.Key
		c.Heartbeat.HTTPClientConfig.SetDirectory(filepath.Dir(c.File))
	}
	c.Alerting.SetDirectory(filepath.Dir(c.File))
	c.redact(text)
}

// redact writes the file anew with the typed block in place of the written one:
// its types print secrets as <secret>.
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
			}{c.Alerting, c.Webhook, c.Heartbeat}
		}
	}
	if out, err := yaml.Marshal(file); err == nil {
		c.redacted = string(out)
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
