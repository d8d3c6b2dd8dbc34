package tsdb

import "sync"

// cache finds a series by the hash of its label bytes, so that no label set is
// built for a known one. Several keys may lead to one series: the two protocols,
// replicas, orders of labels. It holds at most limit keys: when one half is full,
// it forgets those of the other half that were not asked for since.
type cache struct {
	limit int

	mu         sync.RWMutex
	young, old map[uint64]slot
	epoch      uint64
}

// slot is what a key leads to. check is the rest of the key.
type slot struct {
	s       *series
	check   uint32
	replica uint32
}

func newCache(limit int) *cache { return &cache{limit: limit, young: map[uint64]slot{}} }

// find resolves the items it can and lists the others in b.missing.
func (c *cache) find(b *batch) (epoch uint64) {
	b.missing, b.promote = b.missing[:0], b.promote[:0]
	c.mu.RLock()
	for i := range b.items {
		it := &b.items[i]
		if it.bad != nil {
			continue
		}
		x, ok := c.young[it.key.a]
		if !ok && len(c.old) > 0 {
			if x, ok = c.old[it.key.a]; ok {
				b.promote = append(b.promote, int32(i))
			}
		}
		if !ok || x.check != it.key.b {
			b.missing = append(b.missing, int32(i))
			continue
		}
		it.s, it.replica = x.s, x.replica
	}
	epoch = c.epoch
	c.mu.RUnlock()
	if len(b.promote) > 0 {
		c.mu.Lock()
		for _, i := range b.promote {
			if it := &b.items[i]; it.s != nil {
				c.put(it.key, slot{it.s, it.key.b, it.replica}, epoch)
			}
		}
		c.mu.Unlock()
	}
	return epoch
}

// add keeps a key, unless what it leads to was decided before a forget.
func (c *cache) add(k key, s *series, replica uint32, epoch uint64) {
	c.mu.Lock()
	c.put(k, slot{s, k.b, replica}, epoch)
	c.mu.Unlock()
}

func (c *cache) put(k key, x slot, epoch uint64) {
	if epoch != c.epoch {
		return
	}
	if len(c.young) >= c.limit/2 {
		c.old, c.young = c.young, make(map[uint64]slot, len(c.young)/4)
	}
	c.young[k.a] = x
}

// forget empties the cache.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old = make(map[uint64]slot, len(c.young)), nil
	c.epoch++
}

// size is the number of keys.
func (c *cache) size() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.young) + len(c.old)
}

// remove forgets the keys of some series.
func (c *cache) remove(gone map[*series]struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, half := range []map[uint64]slot{c.young, c.old} {
		for k, x := range half {
			if _, is := gone[x.s]; is {
				delete(half, k)
			}
		}
	}
}
