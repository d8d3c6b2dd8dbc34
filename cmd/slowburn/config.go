package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/rules/governance"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// Config is slowburn.yml as plain values for the packages. Relative file names are
// joined with the file's folder.
type Config struct {
	File string
	// SLOFiles are patterns of SLO files.
	SLOFiles []string
	// ExternalLabels are put on every alert.
	ExternalLabels labels.Labels
	// Slot is 15, 30 or 60 s.
	Slot   time.Duration
	Ingest Ingest
	// Tiers are the shipped ones and those of the file.
	Tiers map[string]slo.Tier
	// SlothPeriod is the period of objectives from Sloth's files, which cannot name one.
	SlothPeriod slo.Window
	// Releases say how they are found and what they are taken to cost.
	Releases governance.Settings
	// Alerting is Prometheus's block of that name, Webhook our second path in it.
	Alerting promconfig.AlertingConfig
	Webhook  *alerting.Webhook
	// TraceURL is where the traces that exemplars name are shown.
	TraceURL slo.TraceURL
	// Heartbeat asks a URL outside while all is well; nil: none.
	Heartbeat *Heartbeat

	// redacted is the file with secrets hidden.
	redacted string
}

// Ingest says which samples are kept and how sources are told apart.
type Ingest struct {
	// KeepAll keeps every sample, not only those objectives read.
	KeepAll bool
	// SourceLabels tell sources apart; ReplicaLabels the replicas of one source.
	SourceLabels, ReplicaLabels []string
	// Failover is how long the elected replica may be silent.
	Failover time.Duration
	// OutOfOrder is how much older than the newest sample one may be.
	OutOfOrder time.Duration
	Limits     Limits
}

// Limits bound what one remote-write request may cost; sizes in bytes.
type Limits struct {
	Body, Decoded, Request int64
	SeriesPerRequest       int
	LabelsPerSeries        int
	LabelName, LabelValue  int
	Series                 int // in the raw TSDB's head
}

// DefaultConfig is what a file leaves unsaid.
func DefaultConfig() Config {
	return Config{
		Slot: slo.DefaultSlot,
		Ingest: Ingest{
			SourceLabels:  []string{"cluster", "prometheus"},
			ReplicaLabels: []string{"prometheus_replica", "__replica__"},
			Failover:      30 * time.Second,
			OutOfOrder:    6 * time.Hour,
			Limits: Limits{
				Body: 16 << 20, Decoded: 32 << 20, Request: 64 << 20,
				SeriesPerRequest: 50_000, LabelsPerSeries: 64, LabelName: 1 << 10, LabelValue: 4 << 10,
				Series: 2_000_000,
			},
		},
		Tiers:    slo.DefaultTiers(),
		Releases: governance.DefaultSettings(),
	}
}

// LoadConfig reads a configuration file. What is wrong with it comes joined, each
// an *slo.Error at its place.
func LoadConfig(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return ParseConfig(path, text)
}

// ParseConfig reads the text of the configuration file at path.
func ParseConfig(path string, text []byte) (*Config, error) {
	docs, problem := document.Parse(text)
	if problem != nil {
		return nil, placed(path, conceal(*problem, text))
	}
	if len(docs) == 0 {
		return nil, &slo.Error{Position: slo.Position{File: path}, Msg: "the file is empty: a configuration names at least its slo_files"}
	}
	c := DefaultConfig()
	c.File = path
	c.read(docs[0], text)
	problems := docs[0].Problems()
	for _, d := range docs[1:] {
		d.Root().Errorf("a configuration file holds one document")
		problems = append(problems, d.Problems()...)
	}
	if len(problems) == 0 {
		return &c, nil
	}
	slices.SortStableFunc(problems, func(a, b document.Problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	errs := make([]error, 0, len(problems))
	for _, p := range problems {
		errs = append(errs, placed(path, conceal(p, text)))
	}
	return nil, errors.Join(errs...)
}

func placed(file string, p document.Problem) error {
	return &slo.Error{Position: slo.Position{File: file, Line: p.Line, Column: p.Column}, Msg: p.Msg, Excerpt: p.Excerpt}
}

// configKeys are the top-level keys, by which `check` tells a configuration.
var configKeys = []string{"slo_files", "external_labels", "slot", "ingest", "tiers", "sloth", "releases", "alerting", "remote_write"}

func (c *Config) read(doc *document.Document, text []byte) {
	m := doc.Root().Mapping()
	for _, n := range m.Require("slo_files").OneOrMore() {
		pattern := n.String()
		if _, err := filepath.Match(pattern, ""); err != nil {
			n.Errorf("%q is not a file pattern: a bracket is not closed", pattern)
		}
		c.SLOFiles = append(c.SLOFiles, c.path(pattern))
	}
	c.ExternalLabels = readLabels(m.Get("external_labels"))
	if n := m.Get("slot"); !n.IsZero() {
		c.Slot = readDuration(n)
		if c.Slot != 15*time.Second && c.Slot != 30*time.Second && c.Slot != time.Minute {
			n.Errorf("slot %s: want 15s, 30s or 60s", n)
		}
	}
	c.Ingest.read(m.Get("ingest"))
	c.readTiers(m.Get("tiers"))
	c.readSloth(m.Get("sloth"))
	c.Releases = readReleases(m.Get("releases"))
	c.readAlerting(doc, m.Get("alerting"), text)
	if n := m.Get("remote_write"); !n.IsZero() {
		n.Errorf("remote_write is reserved: ledger counters cannot be sent on yet")
	}
	m.Done()
}

// readSloth reads what Sloth is told by flags: --default-slo-period.
func (c *Config) readSloth(n document.Node) {
	m := n.Mapping()
	if period := m.Get("default_period"); !period.IsZero() {
		w, err := slo.ParseWindow(period.String(), nil)
		if err != nil || w.Calendar != "" {
			period.Errorf("default_period %q: want a duration from 1h to 92d, such as 28d", period)
		}
		c.SlothPeriod = w
	}
	m.Done()
}

// specOptions are what the configuration says about SLO files.
func (c *Config) specOptions() spec.Options {
	return spec.Options{Tiers: c.Tiers, SlothPeriod: c.SlothPeriod}
}

// path joins a relative file name with the configuration's folder.
func (c *Config) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(c.File), name)
}

// LoadSLOs reads the SLO files.
func (c *Config) LoadSLOs() (spec.Set, error) {
	return load.Files(c.SLOFiles, c.specOptions())
}

// Redacted is the file as YAML with secrets hidden.
func (c *Config) Redacted() string { return c.redacted }

func (in *Ingest) read(n document.Node) {
	m := n.Mapping()
	if n := m.Get("keep"); !n.IsZero() {
		switch n.String() {
		case "all":
			in.KeepAll = true
		case "slo":
		default:
			n.Errorf("keep %q: want slo (what objectives read) or all", n)
		}
	}
	names(m.Get("source_labels"), &in.SourceLabels)
	names(m.Get("replica_labels"), &in.ReplicaLabels)
	positive(m.Get("failover"), &in.Failover)
	positive(m.Get("out_of_order"), &in.OutOfOrder)
	l := m.Get("limits").Mapping()
	size(l.Get("body"), &in.Limits.Body)
	size(l.Get("decoded"), &in.Limits.Decoded)
	size(l.Get("request"), &in.Limits.Request)
	count(l.Get("series_per_request"), &in.Limits.SeriesPerRequest)
	count(l.Get("labels_per_series"), &in.Limits.LabelsPerSeries)
	count(l.Get("label_name"), &in.Limits.LabelName)
	count(l.Get("label_value"), &in.Limits.LabelValue)
	count(l.Get("series"), &in.Limits.Series)
	l.Done()
	m.Done()
}

func readLabels(n document.Node) labels.Labels {
	for _, e := range n.Mapping().Entries() {
		if !model.LabelName(e.Name).IsValid() {
			e.Key.Errorf("%q is not a label name", e.Name)
		}
	}
	return labels.FromMap(n.StringMap())
}

func readDuration(n document.Node) time.Duration {
	d, err := slo.ParseDuration(n.String())
	if err != nil {
		n.Errorf("%v: want a duration such as 30s", err)
	}
	return d
}

func names(n document.Node, to *[]string) {
	if n.IsZero() {
		return
	}
	*to = nil
	for _, v := range n.OneOrMore() {
		name := v.String()
		if !model.LabelName(name).IsValid() {
			v.Errorf("%q is not a label name", name)
		}
		*to = append(*to, name)
	}
}

func positive(n document.Node, to *time.Duration) {
	if n.IsZero() {
		return
	}
	d, err := slo.ParseDuration(n.String())
	if err != nil || d <= 0 {
		n.Errorf("%q: want a duration longer than 0, such as 30s", n)
	}
	*to = d
}

func size(n document.Node, to *int64) {
	if n.IsZero() {
		return
	}
	b, err := units.ParseStrictBytes(n.String())
	if err != nil || b <= 0 {
		n.Errorf("size %q: want bytes with a unit, such as 16MiB", n)
	}
	*to = b
}

func count(n document.Node, to *int) {
	if n.IsZero() {
		return
	}
	v, _, ok := n.Number()
	if ok && (v < 1 || v != float64(int(v))) {
		n.Errorf("want a whole number, 1 or more")
	}
	*to = int(v)
}
