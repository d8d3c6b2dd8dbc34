package tsdb

import "sync"

// cache finds a series by the hash of its label bytes, so that no label set is
// built for a known one. Several keys may lead to one series: the two protocols,
// replicas, orders of labels. It holds at most limit keys: when one half is full,
// it forgets those of the other half that were not asked for since.
type cache struct {
	limit int

	mu         sync.RWMutex
	young, old half
	epoch      uint64
}

// half keeps its slots in the order in which they came: a sender repeats the order
// of its scrapes, so that the slot wanted next is the next one most of the time, and
// the index is not asked.
type half struct {
	index  map[uint64]uint32
	chunks [][]slot // slots, chunk of them in each but the last: growing copies none
	len    int
}

const chunk = 1 << 10

// slot is what a key leads to; its series is nil if it was removed.
type slot struct {
	key     key
	replica uint8
	s       *series
}

func newHalf(size int) half { return half{index: make(map[uint64]uint32, size)} }

// find returns where the key's slot is, or -1; next is where it may well be.
func (h *half) find(k *key, next int) int {
	if uint(next) < uint(h.len) {
		if x := h.at(next); x.key == *k && x.s != nil {
			return next
		}
	}
	if n, ok := h.index[k.a]; ok && h.at(int(n)).key.b == k.b {
		return int(n)
	}
	return -1
}

func (h *half) at(n int) *slot { return &h.chunks[uint(n)/chunk][uint(n)%chunk] }

func (h *half) put(x slot) {
	if n, ok := h.index[x.key.a]; ok {
		*h.at(int(n)) = x
		return
	}
	if h.len%chunk == 0 {
		h.chunks = append(h.chunks, make([]slot, 0, chunk))
	}
	last := &h.chunks[len(h.chunks)-1]
	*last = append(*last, x)
	h.index[x.key.a] = uint32(h.len)
	h.len++
}

func newCache(limit int) *cache { return &cache{limit: limit, young: newHalf(0)} }

// find resolves the items it can and lists the others in b.missing.
func (c *cache) find(b *batch) (epoch uint64) {
	b.missing, b.promote = b.missing[:0], b.promote[:0]
	c.mu.RLock()
	at := -1
	for i := range b.items {
		it := &b.items[i]
		if it.bad != nil {
			continue
		}
		h := &c.young
		n := h.find(&it.key, at+1)
		if n >= 0 {
			at = n
		} else if h = &c.old; h.len > 0 {
			if n = h.find(&it.key, -1); n >= 0 {
				b.promote = append(b.promote, int32(i))
			}
		}
		if n < 0 {
			b.missing = append(b.missing, int32(i))
			continue
		}
		x := h.at(n)
		it.s, it.replica = x.s, x.replica
	}
	epoch = c.epoch
	c.mu.RUnlock()
	c.add(b, b.promote, epoch)
	return epoch
}

// add keeps the keys of some items, together since they will be asked for together,
// unless what they lead to was decided before a forget.
func (c *cache) add(b *batch, items []int32, epoch uint64) {
	if len(items) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	for _, i := range items {
		it := &b.items[i]
		if it.s == nil {
			continue
		}
		if c.young.len >= c.limit/2 {
			c.old, c.young = c.young, newHalf(len(c.young.index)/4)
		}
		c.young.put(slot{it.key, it.replica, it.s})
	}
}

// forget empties the cache.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old = newHalf(len(c.young.index)), half{}
	c.epoch++
}

// size is the number of keys.
func (c *cache) size() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.young.index) + len(c.old.index)
}

// remove forgets the keys of some series.
func (c *cache) remove(gone map[*series]struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range []half{c.young, c.old} {
		for n := range h.len {
			x := h.at(n)
			if _, is := gone[x.s]; is {
				delete(h.index, x.key.a)
				x.s = nil
			}
		}
	}
}
