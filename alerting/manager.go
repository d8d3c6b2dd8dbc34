package alerting

import (
	"context"
	"sync"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// Manager delivers alerts to every Alertmanager.
type Manager struct {
	opts   Options
	met    *meters
	table  *table
	keeper *keeper

	// writing is held over a whole Set or tidy: one writer of alerts and of the store
	// at a time. A channel, since it is held while the disk is waited for. Taken
	// before table.mu.
	writing chan struct{}

	// mu guards the configuration. Taken before table.mu.
	mu      sync.Mutex
	cfg     Config
	sets    []*set
	gen     uint64
	dropped []string
	run     *run // nil unless running
	// targets is guarded by table.mu; it changes under mu as well.
	targets map[string]*target
	second  *secondPath // guarded by table.mu
}

// run is what lives as long as one Run.
type run struct {
	ctx     context.Context // ends when Run is told to stop
	sending context.Context // ends up to stopTimeout later
	wg      sync.WaitGroup
	finder  *finder
}

// New returns a Manager that has read nothing and sends nothing yet.
func New(o Options) (*Manager, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	m := &Manager{
		opts: o, met: newMeters(o.Metrics, o.Logger), table: newTable(),
		targets: map[string]*target{}, writing: make(chan struct{}, 1),
	}
	m.keeper = &keeper{store: o.Store, met: m.met, slot: make(chan struct{}, 1)}
	m.register()
	if err := m.ApplyConfig(o.Config); err != nil {
		return nil, err
	}
	return m, nil
}

// Run reads the store, sends what fires in it at once, and goes on sending what is
// owed until ctx ends. Then it finishes what is under way and tries once more to
// deliver unacknowledged pages, for 2 s at most. It never sends a resolution
// because slowburn ends.
func (m *Manager) Run(ctx context.Context) error {
	m.restore()
	// A request under way when ctx ends may finish.
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	r := &run{ctx: ctx, sending: sending}
	m.mu.Lock()
	m.run = r
	r.finder = newFinder(m, r)
	m.sync()
	err := r.finder.apply(m.sets)
	m.mu.Unlock()
	r.wg.Go(func() { m.runSecondPath(r) })
	if err != nil {
		m.met.log.Error("discovery of alertmanagers is incomplete", "err", err)
	}

	every := time.NewTicker(time.Second)
	defer every.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case now := <-every.C:
			m.tidy(now)
		}
	}

	timer := time.AfterFunc(stopTimeout, cut)
	defer timer.Stop()
	m.mu.Lock()
	m.run = nil // no loop is born any more
	m.mu.Unlock()
	r.wg.Wait()
	m.mu.Lock()
	for key := range m.targets {
		m.remove(key)
	}
	for _, s := range m.sets {
		s.client.CloseIdleConnections()
	}
	m.mu.Unlock()
	m.tidy(time.Now())
	m.keeper.join()
	return nil
}

// Set states the level: all alerts that fire now, and those resolved recently.
// One that fired before and is missing is resolved. Transitions are on disk before
// anything is sent; if the disk refuses, they are sent all the same. Pending
// alerts are ignored.
func (m *Manager) Set(alerts []slo.Alert) {
	m.restore()
	m.writing <- struct{}{}
	defer func() { <-m.writing }()
	now := time.Now()

	m.table.mu.Lock()
	changes := m.table.diff(alerts, now)
	put := map[string]Record{}
	for i := range changes {
		if changes[i].transition {
			key, r := changes[i].record()
			put[key] = r
		}
	}
	m.table.mu.Unlock()

	err := m.keeper.save(put, nil)

	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	m.table.apply(changes, now, err == nil)
	if len(put) > 0 {
		for _, t := range m.targets {
			t.poke()
		}
	}
}

// ApplyConfig replaces the configuration, or leaves it alone and says why. An
// Alertmanager whose URL stays keeps its acknowledgements, unless relabel rules
// now give an alert another identity.
func (m *Manager) ApplyConfig(c Config) error {
	if err := c.validate(); err != nil {
		return err
	}
	sets, err := newSets(c, m.opts.Transport)
	if err != nil {
		return err
	}
	second, err := newSecondPath(c, &m.opts)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.sets
	for i, s := range sets {
		// Until discovery has looked again, what it found last holds.
		if i < len(old) && len(s.dynamic) > 0 {
			s.found = old[i].found
		}
	}
	m.cfg, m.sets = c, sets
	m.gen++
	m.table.mu.Lock()
	m.second = second
	m.table.mu.Unlock()
	m.sync()
	if m.run != nil {
		err = m.run.finder.apply(sets)
	}
	for _, s := range old {
		s.client.CloseIdleConnections()
	}
	return err
}
