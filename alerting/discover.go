package alerting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"

	// The mechanisms a configuration may name besides static_configs.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
)

// finder runs Prometheus's discovery for the sets that need it. Nothing runs until
// one does: static targets need no looking for.
type finder struct {
	m       *Manager
	r       *run
	manager *discovery.Manager
}

func newFinder(m *Manager, r *run) *finder { return &finder{m: m, r: r} }

// apply starts, keeps and stops mechanisms as sets want them.
func (f *finder) apply(sets []*set) error {
	configs := map[string]discovery.Configs{}
	for _, s := range sets {
		if len(s.dynamic) > 0 {
			configs[s.name] = s.dynamic
		}
	}
	if f.manager == nil && len(configs) == 0 {
		return nil
	}
	if f.manager == nil {
		manager, err := newDiscovery(f.r.ctx, f.m)
		if err != nil {
			return err
		}
		f.manager = manager
		f.r.wg.Go(func() { _ = manager.Run() }) // ends with the context, which is no error
		f.r.wg.Go(func() {
			for groups := range manager.SyncCh() {
				f.m.discovered(groups)
			}
		})
	}
	if err := f.manager.ApplyConfig(configs); err != nil {
		return fmt.Errorf("alerting: start discovery: %w", err)
	}
	return nil
}

func newDiscovery(ctx context.Context, m *Manager) (*discovery.Manager, error) {
	registry := prometheus.NewRegistry()
	sd, err := discovery.CreateAndRegisterSDMetrics(registry)
	if err != nil {
		return nil, fmt.Errorf("alerting: discovery metrics: %w", err)
	}
	manager := discovery.NewManager(ctx, m.met.log, registry, sd,
		discovery.Name("alertmanager"), discovery.Updatert(time.Second))
	if manager == nil {
		return nil, fmt.Errorf("alerting: discovery manager could not be made, see the log")
	}
	return manager, nil
}

// discovered takes what the mechanisms found, by set.
func (m *Manager) discovered(groups map[string][]*targetgroup.Group) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sets {
		if found, ok := groups[s.name]; ok && len(s.dynamic) > 0 {
			s.found = found
		}
	}
	m.sync()
}

// sync makes the targets those that the sets name now. Called with mu held.
func (m *Manager) sync() {
	wanted := map[string]struct{}{}
	m.dropped = nil
	for i, s := range m.sets {
		active, dropped, err := s.resolve(slices.Concat(s.static, s.found))
		if err != nil {
			m.met.configErrors.Inc()
			m.met.log.Error("discovered alertmanagers are unusable, keeping those before", "set", s.name, "err", err)
			m.table.mu.Lock()
			for key, t := range m.targets {
				if t.set.name == s.name {
					wanted[key] = struct{}{}
				}
			}
			m.table.mu.Unlock()
			continue
		}
		m.dropped = append(m.dropped, dropped...)
		slices.Sort(active)
		for _, url := range slices.Compact(active) {
			key := url
			if _, taken := wanted[key]; taken {
				// One address in two sets, such as two tenants told apart by a header.
				key = fmt.Sprintf("%s#%d", url, i)
			}
			wanted[key] = struct{}{}
			m.add(key, url, s)
		}
	}
	for key := range m.targets {
		if _, ok := wanted[key]; !ok {
			m.remove(key)
		}
	}
}

// add makes the target be, as s wants it, and starts its loop if Run runs.
func (m *Manager) add(key, url string, s *set) {
	m.table.mu.Lock()
	t, ok := m.targets[key]
	if !ok {
		t = &target{
			m: m.met, opts: &m.opts, table: m.table, key: key, url: url, since: time.Now(),
			wake: make(chan struct{}, 1), limit: m.opts.Batch,
		}
		m.targets[key] = t
	}
	t.set = s
	if t.gen != m.gen {
		t.gen, t.view = m.gen, nil
	}
	start := m.run != nil && t.stop == nil
	var ctx context.Context
	if start {
		ctx, t.stop = context.WithCancel(m.run.ctx)
	}
	m.table.mu.Unlock()
	if !ok {
		m.met.watch(t)
	}
	if start {
		r := m.run
		r.wg.Go(func() {
			t.run(ctx, r)
			m.gone(t)
		})
	}
	t.poke()
}

// gone takes away the series that a removed target's last request brought back.
func (m *Manager) gone(t *target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.targets[t.key] == nil {
		m.met.forget(t.key)
	}
}

// remove stops a target's loop. What is under way ends by itself; Run waits for it.
func (m *Manager) remove(key string) {
	m.table.mu.Lock()
	t := m.targets[key]
	delete(m.targets, key)
	if t.stop != nil {
		t.stop()
	}
	m.table.mu.Unlock()
	m.met.forget(key)
}
