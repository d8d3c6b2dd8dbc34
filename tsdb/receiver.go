package tsdb

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Receiver takes remote write 1.0 and 2.0. It is an http.Handler.
type Receiver struct {
	opts    ReceiverOptions
	metrics *receiverMetrics
	gate    gate
	clock   clock
	cache   *cache
	meta    metadataStore
	sweepAt atomic.Int64 // monotonic ns
	keepAll atomic.Bool

	mu      sync.Mutex
	sources map[string]*source
	elected map[string]Elected // as the last process left it, by electionKey
}

// NewReceiver returns a receiver in front of opts.Store.
func NewReceiver(opts ReceiverOptions) (*Receiver, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	r := &Receiver{
		opts:    opts,
		gate:    gate{limit: opts.Limits.InFlight},
		clock:   clock{now: opts.Now, mono: opts.Monotonic},
		cache:   newCache(opts.Limits.Cache),
		meta:    metadataStore{families: map[string]MetricMetadata{}},
		sources: map[string]*source{},
	}
	r.clock.look()
	r.keepAll.Store(opts.Keep == KeepAll)
	r.metrics = newReceiverMetrics(r, opts.Metrics)
	if opts.Elections != nil {
		var err error
		if r.elected, err = opts.Elections.Load(); err != nil {
			opts.Logger.Error("who was elected among replicas is not known: the first to send is", "err", err)
		}
	}
	return r, nil
}

// ServeHTTP answers one remote-write request.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	begin := time.Now()
	v2, err := negotiate(req)
	code := 0
	if err == nil {
		code, err = r.serve(w, req, v2)
	}
	if err != nil {
		code = r.refuse(w, err)
	}
	r.metrics.request(v2, code, time.Since(begin))
}

// serve handles a request whose head is right.
func (r *Receiver) serve(w http.ResponseWriter, req *http.Request, v2 bool) (int, error) {
	if err := r.opts.Store.Writable(); err != nil {
		return 0, err
	}
	lease := lease{gate: &r.gate, limit: r.opts.Limits.Request}
	defer lease.free()
	b := batches.Get().(*batch)
	defer b.free()
	b.v2, b.lease = v2, &lease
	if err := b.read(req, &r.opts.Limits); err != nil {
		return 0, err
	}
	if err := b.decode(&r.opts.Limits); err != nil {
		return 0, err
	}
	r.sweep()
	var v verdict
	now := r.clock.look()
	epoch := r.resolve(req.Context(), b, &v)
	r.store(req.Context(), b, &v, now)
	r.cache.add(b, b.missing, epoch)
	r.meta.take(b)
	if total := len(b.samples) + len(b.hists); r.clock.excuses(v.counts[reasonFuture], total) {
		v.counts[reasonClockSkew], v.counts[reasonFuture] = v.counts[reasonFuture], 0
	}
	r.metrics.batch(b, &v)
	return v.answer(w, v2), nil
}

// refuse answers a request that is refused as a whole.
func (r *Receiver) refuse(w http.ResponseWriter, err error) int {
	var whole *refusal
	code := http.StatusInternalServerError
	switch {
	case errors.As(err, &whole):
		code = whole.code
	case errors.Is(err, errMalformed):
		code = http.StatusBadRequest
	case errors.Is(err, errTooLarge):
		code = http.StatusRequestEntityTooLarge
	case errors.Is(err, errBusy), reasonOf(err).temporary():
		code = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", retryAfter)
	}
	r.opts.Logger.Debug("remote-write request refused", "code", code, "err", err)
	http.Error(w, err.Error(), code)
	return code
}

// resolve finds every item's series, and refuses those whose labels are not right. The
// keys of b.missing are to be cached, if epoch still lasts then.
func (r *Receiver) resolve(ctx context.Context, b *batch, v *verdict) (epoch uint64) {
	epoch = r.cache.find(b)
	r.introduceAll(ctx, b)
	for i := range b.items {
		it := &b.items[i]
		if it.bad == nil {
			continue
		}
		if it.reason == 0 {
			it.reason = reasonInvalidLabels
			if why := reasonOf(it.bad); why != reasonOther {
				it.reason = why
			}
		}
		v.drop(it.reason, int(it.s1-it.s0), int(it.h1-it.h0), it.bad.Error)
		it.s = nil
	}
	return epoch
}

// introduceAll finds or makes the series that the cache does not know.
func (r *Receiver) introduceAll(ctx context.Context, b *batch) {
	if len(b.missing) == 0 {
		return
	}
	// It only asks what the TSDB holds; that is not known while nothing is taken.
	app, _, err := r.opts.Store.begin(ctx)
	if err == nil {
		defer app.Rollback()
	}
	for _, i := range b.missing {
		if it := &b.items[i]; it.bad == nil {
			it.bad = r.introduce(b, it, app)
		}
	}
}

// introduce finds or makes the series of an item.
func (r *Receiver) introduce(b *batch, it *item, app *appender) error {
	id, err := r.identify(b, it)
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errBusy):
		it.reason = reasonUnavailable
		return err
	case errors.Is(err, errSources):
		it.reason = reasonSourceLimit
		return err
	case err != nil:
		return err
	}
	src := id.source
	src.mu.Lock()
	it.replica = src.election.number(id.replica)
	it.s = r.obtain(src, id.lset, app)
	src.mu.Unlock()
	if it.s != src.unneeded && b.v2 {
		r.meta.takeV2(b, it, id.lset.Get(labels.MetricName))
	}
	return nil
}

// store writes the batch, source by source.
func (r *Receiver) store(ctx context.Context, b *batch, v *verdict, now time.Time) {
	b.sources, b.heads, b.tails = b.sources[:0], b.heads[:0], b.tails[:0] // of the chains
	last := -1
	for i := range b.items {
		it := &b.items[i]
		if it.s == nil {
			continue
		}
		if last < 0 || b.sources[last] != it.s.src {
			if last = slices.Index(b.sources, it.s.src); last < 0 {
				last = len(b.sources)
				b.sources = append(b.sources, it.s.src)
				b.heads, b.tails = append(b.heads, int32(i)), append(b.tails, int32(i))
				continue
			}
		}
		b.items[b.tails[last]].next = int32(i)
		b.tails[last] = int32(i)
	}
	for n, src := range b.sources {
		w := writer{r: r, b: b, src: src, v: v, now: now, ahead: now.Add(maxAhead).UnixMilli()}
		w.write(ctx, b.heads[n])
	}
}

// Rebind asks Bind anew about every series and keeps KeepSLO or KeepAll from now on,
// as after a reload. Series that nobody needs any more are forgotten; the sink has
// done so itself.
func (r *Receiver) Rebind(keep string) {
	r.keepAll.Store(keep == KeepAll)
	r.cache.forget()
	for _, src := range r.allSources() {
		src.mu.Lock()
		r.prune(src, func(s *series) bool {
			s.sink = 0
			if r.opts.Bind != nil {
				s.sink = r.opts.Bind(s.lset, true)
			}
			return r.unneeded(s)
		})
		src.mu.Unlock()
	}
}

// unneeded says whether nobody wants the series' samples kept.
func (r *Receiver) unneeded(s *series) bool {
	return s.sink == 0 && !r.keepAll.Load() && (r.opts.Also == nil || !r.opts.Also(s.lset))
}

// ClockSkewed says whether the wall clock, ours or a sender's, is not trusted now:
// it jumped, or most of what arrives lies in the future.
func (r *Receiver) ClockSkewed() bool { return r.clock.skewed() }

const sweepEvery = 15 * time.Second

// sweep forgets the series that the head has dropped.
func (r *Receiver) sweep() {
	now := int64(r.opts.Monotonic())
	due := r.sweepAt.Load()
	if now < due || !r.sweepAt.CompareAndSwap(due, now+int64(sweepEvery)) {
		return
	}
	refs := r.opts.Store.head.takeDropped()
	if len(refs) == 0 {
		return
	}
	dropped := make(map[storage.SeriesRef]struct{}, len(refs))
	for _, ref := range refs {
		dropped[ref] = struct{}{}
	}
	gone := map[*series]struct{}{}
	for _, src := range r.allSources() {
		src.mu.Lock()
		r.prune(src, func(s *series) bool {
			_, is := dropped[s.ref]
			if is {
				gone[s] = struct{}{}
			}
			return is
		})
		src.mu.Unlock()
	}
	r.cache.remove(gone)
}
