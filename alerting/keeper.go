package alerting

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// saveTimeout is how long an alert waits for the disk before it goes out unsaved.
const saveTimeout = 2 * time.Second

// keeper writes to the store without ever standing between an alert and its
// Alertmanager: not when the disk is full, nor when it hangs.
type keeper struct {
	store   Store
	met     *meters
	slot    chan struct{} // held while a Save is under way
	once    sync.Once
	failing atomic.Bool
}

var errStoreBusy = errors.New("the write before is still under way")

// save writes one transaction, or says why it may not have been written.
func (k *keeper) save(put map[string]Record, del []string) error {
	if k.store == nil || len(put) == 0 && len(del) == 0 {
		return nil
	}
	err := k.write(put, del)
	switch {
	case err != nil:
		k.met.saveErrors.Inc()
		if !k.failing.Load() {
			k.met.log.Error("alerts are sent but not saved: a restart may repeat or resolve them", "err", err)
		}
	case k.failing.Load():
		k.met.log.Info("alerts are saved again")
	}
	k.failing.Store(err != nil)
	return err
}

func (k *keeper) write(put map[string]Record, del []string) error {
	select {
	case k.slot <- struct{}{}:
	default:
		return fmt.Errorf("save %d alerts: %w", len(put), errStoreBusy)
	}
	done := make(chan error, 1)
	go func() {
		err := k.store.Save(put, del)
		done <- err
		<-k.slot
	}()
	timer := time.NewTimer(saveTimeout)
	defer timer.Stop()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("save %d alerts: %w", len(put), err)
		}
		k.met.saves.Inc()
		return nil
	case <-timer.C:
		return fmt.Errorf("save %d alerts: no end after %s", len(put), saveTimeout)
	}
}

// restore reads the store into the table, the first time it is called.
func (m *Manager) restore() {
	m.keeper.once.Do(func() {
		if m.keeper.store == nil {
			return
		}
		records, err := m.keeper.store.Load()
		if err != nil {
			m.met.loadErrors.Inc()
			m.met.log.Error("saved alerts cannot be read: those that fire are sent as the engine states them", "err", err)
			return
		}
		m.table.mu.Lock()
		defer m.table.mu.Unlock()
		for key, r := range records {
			m.table.restore(key, r)
		}
	})
}

// tidy forgets alerts that are done with and saves what changed since the last
// time: acknowledgements at once, mere texts once a resend.
func (m *Manager) tidy(now time.Time) {
	m.writing <- struct{}{}
	defer func() { <-m.writing }()
	m.table.mu.Lock()
	m.forget(now)
	put := map[string]Record{}
	var written []*item
	for _, it := range m.table.items {
		if it.dirty || it.stale && now.Sub(it.saved) >= m.opts.Resend {
			put[it.key] = it.record()
			it.dirty, it.stale, it.saved = false, false, now
			written = append(written, it)
		}
	}
	del := make([]string, 0, len(m.table.gone))
	for key := range m.table.gone {
		del = append(del, key)
	}
	clear(m.table.gone)
	m.table.mu.Unlock()

	if m.keeper.save(put, del) == nil {
		return
	}
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	for _, it := range written {
		it.dirty = true
	}
	for _, key := range del {
		m.table.gone[key] = struct{}{}
	}
}

// forget takes out resolved alerts of which every Alertmanager has heard, once
// they need no more repeats. Called with the table locked.
func (m *Manager) forget(now time.Time) {
	for at, it := range m.table.items {
		if it.ended.IsZero() || now.Sub(it.ended) < retention {
			continue
		}
		owing := m.owing(it)
		if len(owing) > 0 && now.Sub(it.ended) < giveUp {
			continue
		}
		for _, t := range owing {
			m.met.dropped(t.key, dropExpired).Inc()
		}
		delete(m.table.items, at)
		m.table.gone[it.key] = struct{}{}
		m.table.version++
	}
}

// owing are the targets that have not acknowledged the item as it is.
func (m *Manager) owing(it *item) []*target {
	var owing []*target
	for _, t := range m.targets {
		if !it.delivery(t.key).settled(&it.alert, it.ended) {
			owing = append(owing, t)
		}
	}
	return owing
}

// join waits for a write under way, but not for a disk that hangs.
func (k *keeper) join() {
	timer := time.NewTimer(saveTimeout)
	defer timer.Stop()
	select {
	case k.slot <- struct{}{}:
		<-k.slot
	case <-timer.C:
	}
}
