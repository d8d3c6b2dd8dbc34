package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/alecthomas/kingpin/v2"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// pastFlags say where samples of the past come from, and which stretch of it.
type pastFlags struct {
	storage    string // slowburn's own data folder
	tsdb       string
	url        string
	httpConfig string
	timeout    time.Duration
	external   map[string]string
	start, end string
	length     string // of the stretch, if no start is given

	base *url.URL
}

func (f *pastFlags) register(c *kingpin.CmdClause, length string) {
	f.length = length
	f.external = map[string]string{}

	c.Flag("storage.tsdb.path", "Folder that holds slowburn's own raw samples, read unless another past is named.").Default("data/").StringVar(&f.storage)
	c.Flag("history.tsdb", "Folder of a Prometheus TSDB to read; it is not written to.").PlaceHolder("DIR").StringVar(&f.tsdb)
	f.registerURL(c)
}

func (f *pastFlags) registerURL(c *kingpin.CmdClause) {
	c.Flag("history.url", "Prometheus to read, such as http://127.0.0.1:9090: by remote read, or by queries if it does not answer that.").PlaceHolder("URL").StringVar(&f.url)
	c.Flag("history.http-config", "HTTP client settings for it, as Prometheus has them (basic_auth, authorization, tls_config).").PlaceHolder("FILE").StringVar(&f.httpConfig)
	c.Flag("history.timeout", "How long one request to it may take.").Default("2m").DurationVar(&f.timeout)
	c.Flag("history.external-label", "Label that the Prometheus adds to what it sends (external_labels), name=value; by default those its configuration shows.").PlaceHolder("NAME=VALUE").StringMapVar(&f.external)
	c.Flag("start", "Where to begin: a time (2027-01-31, 2027-01-31T08:00:00Z, Unix seconds) or so long before the end (30d); by default "+f.length+".").PlaceHolder("TIME").StringVar(&f.start)
	c.Flag("end", "Where to end, in the same forms; by default the newest sample.").PlaceHolder("TIME").StringVar(&f.end)
}

func (f *pastFlags) validate() error {
	if f.tsdb != "" && f.url != "" {
		return errors.New("--history.tsdb and --history.url exclude each other")
	}
	if f.url != "" {
		u, err := url.Parse(f.url)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("--history.url %q: want the URL of a Prometheus such as http://127.0.0.1:9090", f.url)
		}
		f.base = u
	}
	for flag, text := range map[string]string{"start": f.start, "end": f.end} {
		if _, err := parseInstant(text, 0); text != "" && err != nil {
			return fmt.Errorf("--%s: %w", flag, err)
		}
	}
	return nil
}

// past is an open one and the stretch of it that is wanted.
type past struct {
	storage.Queryable
	Close      func() error
	what       string // where it comes from, for people
	start, end int64  // ms
	external   labels.Labels
	span       time.Duration
	lanes      int // 0: as many as there are processors
}

// open opens the past and finds the stretch. The objectives' series say where it
// ends.
func (f *pastFlags) open(ctx context.Context, objectives []*slo.Objective) (*past, error) {
	p := &past{external: labels.FromMap(f.external)}
	oldest, newest := int64(math.MinInt64), time.Now().UnixMilli()
	if f.base != nil {
		if err := f.openURL(ctx, p); err != nil {
			return nil, err
		}
	} else {
		dir := f.tsdb
		if dir == "" {
			dir = filepath.Join(f.storage, "raw")
		}
		if !isTSDB(dir) {
			return nil, fmt.Errorf("%s is no TSDB: name slowburn's data folder by --storage.tsdb.path, a Prometheus's by --history.tsdb, or its URL by --history.url", dir)
		}
		d, err := replay.OpenDir(dir)
		if err != nil {
			return nil, err
		}
		p.Queryable, p.Close, p.what = d, d.Close, dir
		var ok bool
		oldest, newest, ok, err = d.Bounds(ctx, replay.Selectors(objectives))
		if err == nil && !ok {
			err = fmt.Errorf("%s holds no samples", dir)
		}
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	if err := f.stretch(p, oldest, newest); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (f *pastFlags) openURL(ctx context.Context, p *past) error {
	auth := promconfig.DefaultHTTPClientConfig
	if f.httpConfig != "" {
		c, _, err := promconfig.LoadHTTPConfigFile(f.httpConfig)
		if err != nil {
			return fmt.Errorf("read %s: %w", f.httpConfig, err)
		}
		auth = *c
	}
	r, err := replay.OpenRemote(ctx, f.base, auth, f.timeout)
	if err != nil {
		return err
	}
	p.Queryable, p.Close, p.what, p.span, p.lanes = r, r.Close, f.base.Redacted(), r.Span, 1
	if p.external.IsEmpty() {
		p.external = r.External
	}
	return nil
}

// stretch resolves start and end against what there is. Slots are whole.
func (f *pastFlags) stretch(p *past, oldest, newest int64) error {
	now := time.Now().UnixMilli()
	var err error
	p.end = newest
	if f.end != "" {
		if p.end, err = parseInstant(f.end, now); err != nil {
			return fmt.Errorf("--end: %w", err)
		}
	}
	p.end = slo.SlotEnd(p.end, slo.DefaultSlot)
	start := f.start
	if start == "" {
		start = f.length
	}
	if p.start, err = parseInstant(start, p.end); err != nil {
		return fmt.Errorf("--start: %w", err)
	}
	// The first sample is counted from.
	p.start = slo.SlotEnd(max(p.start, oldest), slo.DefaultSlot) - slo.DefaultSlot.Milliseconds()
	if p.end <= p.start {
		return fmt.Errorf("there is nothing between %s and %s: %s has samples from %s to %s", clock(p.start), clock(p.end), p.what, clock(oldest), clock(newest))
	}
	return nil
}

// options are those of a replay of this past.
func (p *past) options(c *Config) replay.Options {
	return replay.Options{
		Start: p.start, End: p.end, Slot: c.Slot, SourceLabels: c.Ingest.SourceLabels, Replica: c.Ingest.ReplicaLabels,
		External: p.external, Span: p.span, Lanes: p.lanes,
	}
}

// parseInstant reads a time, or a duration before end; ms.
func parseInstant(s string, end int64) (int64, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli(), nil
		}
	}
	if sec, err := strconv.ParseFloat(s, 64); err == nil && sec > 1e6 && sec < 1e11 {
		return int64(sec * 1000), nil
	}
	d, err := slo.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q: want a time such as 2027-01-31T08:00:00Z, Unix seconds, or a duration such as 30d", s)
	}
	return end - d.Milliseconds(), nil
}

// isTSDB says whether a folder looks like one of a TSDB.
func isTSDB(dir string) bool {
	blocks, _ := filepath.Glob(filepath.Join(dir, "*", "meta.json"))
	return len(blocks) > 0 || exists(filepath.Join(dir, "wal"))
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func clock(ts int64) string {
	if ts == math.MinInt64 {
		return "ever"
	}
	return time.UnixMilli(ts).UTC().Format("2006-01-02 15:04:05Z")
}
