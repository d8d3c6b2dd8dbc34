package governance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// Options are what a Book needs from outside. All but Metrics, Retention
// and ExternalURL are
// required.
type Options struct {
	Store Store
	// Objectives are those in force, Statuses the engine's snapshot of their budgets.
	Objectives func() []*slo.Objective
	Statuses   func() []slo.Status
	// Counts are those of the objective's roll-up over (from, to], ms of event time.
	Counts func(ctx context.Context, o *slo.Objective, from, to int64) (slo.Counts, error)
	// Events are counted from raw samples by the objective's SLI, narrowed by more
	// matchers.
	Events func(ctx context.Context, o *slo.Objective, narrow []*labels.Matcher, from, to int64) (slo.Counts, error)
	// Raw are the raw samples, for version labels.
	Raw storage.Queryable
	// Settings are those of the configuration.
	Settings func() Settings
	Slot     time.Duration
	// Retention is for how long releases and the audit log are kept; default 400 d.
	Retention time.Duration
	// ExternalURL is where users reach slowburn.
	ExternalURL string
	// Now is the wall clock.
	Now     func() time.Time
	Metrics *metrics.Set
}

// Settings are what the configuration says about releases.
type Settings struct {
	// CostWindow is for how long a release is watched, Baseline how much before it
	// says what is usual.
	CostWindow, Baseline time.Duration
	// AssumedCost is the share of a budget that a release is taken to cost while no
	// cost is known, ratio.
	AssumedCost float64
	Detectors   []Detector
}

// DefaultSettings are those of a configuration that says nothing.
func DefaultSettings() Settings {
	return Settings{CostWindow: time.Hour, Baseline: 24 * time.Hour, AssumedCost: 0.05}
}

func (o *Options) validate() error {
	if o.Store == nil || o.Objectives == nil || o.Statuses == nil || o.Counts == nil || o.Events == nil || o.Raw == nil || o.Settings == nil || o.Now == nil || o.Slot <= 0 {
		return errors.New("governance: an option is missing")
	}
	if o.Retention == 0 {
		o.Retention = 400 * 24 * time.Hour
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	return nil
}

// Book holds all records in memory and writes changes through to the store. It may be
// used from any goroutine. What its maps hold is never changed, only replaced.
type Book struct {
	opts    Options
	metrics *bookMetrics

	// saving serialises changes: whoever holds it may look, decide and commit.
	saving sync.Mutex

	mu        sync.RWMutex
	releases  map[string]*govern.Release
	overrides map[string]*govern.Override
	policies  map[string]*PolicyRecord
	versions  map[string]*VersionsRecord
	entries   []*govern.Entry // oldest first
	unsettled map[string]bool // releases some of whose costs are not final

	looked int64 // wall time of the newest look for versions, ms; guarded by saving
}

// New loads the records. Records that cannot be read are left out, and the error says
// which: the book works all the same.
func New(opts Options) (*Book, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	b := &Book{
		opts:     opts,
		releases: map[string]*govern.Release{}, overrides: map[string]*govern.Override{},
		policies: map[string]*PolicyRecord{}, versions: map[string]*VersionsRecord{}, unsettled: map[string]bool{},
	}
	b.metrics = newMetrics(opts.Metrics, b)
	all, err := opts.Store.Load()
	for key, r := range all {
		b.take(key, r)
	}
	slices.SortFunc(b.entries, func(x, y *govern.Entry) int { return cmp.Compare(x.ID, y.ID) })
	if err != nil {
		return b, fmt.Errorf("load what governs releases: %w", err)
	}
	return b, nil
}

// take puts a record into memory. The caller holds mu, or is alone.
func (b *Book) take(key string, r Record) {
	_, id, _ := strings.Cut(key, "/")
	switch {
	case r.Release != nil:
		b.releases[id] = r.Release
		delete(b.unsettled, id)
		if !settled(r.Release) {
			b.unsettled[id] = true
		}
	case r.Override != nil:
		b.overrides[id] = r.Override
	case r.Policy != nil:
		b.policies[id] = r.Policy
	case r.Versions != nil:
		b.versions[id] = r.Versions
	case r.Entry != nil:
		b.entries = append(b.entries, r.Entry)
	}
}

// forget removes a record from memory.
func (b *Book) forget(key string) {
	kind, id, _ := strings.Cut(key, "/")
	switch kind {
	case "release":
		delete(b.releases, id)
		delete(b.unsettled, id)
	case "override":
		delete(b.overrides, id)
	case "audit":
		b.entries = slices.DeleteFunc(slices.Clone(b.entries), func(e *govern.Entry) bool { return e.ID == id })
	}
}

// commit saves a change in one transaction, then takes it over: after an error
// nothing has changed, in the store or here. The caller holds saving.
func (b *Book) commit(c *change) error {
	if c.empty() {
		return nil
	}
	now := b.opts.Now().UnixMilli()
	if n := len(b.entries); n > 0 {
		now = max(now, b.entries[n-1].TimeMS) // should the clock have been set back
	}
	seq := 0
	for i := len(b.entries) - 1; i >= 0 && b.entries[i].TimeMS == now; i-- {
		seq++
	}
	for i := range c.entries {
		e := c.entries[i]
		e.TimeMS, e.ID = now, entryID(now, seq+i)
		c.put["audit/"+e.ID] = Record{Entry: &e}
	}
	b.expire(c, now)
	if err := b.opts.Store.Save(c.put, c.del); err != nil {
		b.metrics.saveErrors.Inc()
		return fmt.Errorf("save what governs releases: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range c.del {
		b.forget(key)
	}
	for key, r := range c.put {
		b.take(key, r)
	}
	slices.SortFunc(b.entries, func(x, y *govern.Entry) int { return cmp.Compare(x.ID, y.ID) })
	b.metrics.count(c)
	return nil
}

// maxExpired is how many entries one commit removes at most.
const maxExpired = 1000

// expire adds the removal of what is older than the retention to a change.
func (b *Book) expire(c *change, now int64) {
	oldest := now - b.opts.Retention.Milliseconds()
	for _, e := range b.entries {
		if e.TimeMS >= oldest || len(c.del) >= maxExpired {
			break
		}
		c.del = append(c.del, "audit/"+e.ID)
	}
	for id, r := range b.releases {
		if max(r.TimeMS, r.RecordedMS) < oldest {
			c.del = append(c.del, "release/"+id)
		}
	}
	for id, o := range b.overrides {
		if o.ExpiresMS < oldest {
			c.del = append(c.del, "override/"+id)
		}
	}
}

// objectives are those of a service and names, or a *govern.Error; no names are all.
func (b *Book) objectives(service string, names []string) ([]*slo.Objective, error) {
	var out []*slo.Objective
	var have []string
	for _, o := range b.opts.Objectives() {
		if o.Service != service {
			continue
		}
		have = append(have, o.Name)
		if len(names) == 0 || slices.Contains(names, o.Name) {
			out = append(out, o)
		}
	}
	if len(have) == 0 {
		return nil, govern.Errorf(govern.CodeUnknownService, "no objective is of service %q", service)
	}
	for _, name := range names {
		if !slices.Contains(have, name) {
			return nil, govern.Errorf(govern.CodeUnknownSLO, "service %q has no objective %q: it has %s", service, name, strings.Join(have, ", "))
		}
	}
	return out, nil
}

// rollUps are the statuses of the roll-ups, by objective.
func (b *Book) rollUps() map[string]*slo.Status {
	all := b.opts.Statuses()
	out := make(map[string]*slo.Status, len(all))
	for i := range all {
		if all[i].Groups.IsEmpty() {
			out[all[i].Objective.ID()] = &all[i]
		}
	}
	return out
}
