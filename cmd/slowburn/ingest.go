package main

import (
	"context"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promremote "github.com/prometheus/prometheus/storage/remote"
)

type devReceiver struct{ http.Handler }

func (devReceiver) Rebind() {}

type devApp struct {
	c  *core
	mu *sync.Mutex
}

func (d devApp) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &devAppender{d: d, raw: d.c.raw.AppenderV2(ctx), sink: d.c.engine.AppenderV2(ctx)}
}

type devAppender struct {
	d         devApp
	raw, sink storage.AppenderV2
}

func (a *devAppender) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	b := a.d.c.engine.Bind(ls)
	if b == 0 {
		return 1, nil
	}
	if _, err := a.raw.Append(0, ls, st, t, v, h, fh, o); err != nil {
		return 0, err
	}
	return a.sink.Append(b, ls, st, t, v, h, fh, o)
}
func (a *devAppender) Commit() error {
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	if err := a.raw.Commit(); err != nil {
		return err
	}
	return a.sink.Commit()
}
func (a *devAppender) Rollback() error { a.raw.Rollback(); return a.sink.Rollback() }

func newReceiver(c *core, cfg *Config, s *server) (devReceiver, error) {
	return devReceiver{promremote.NewWriteHandler(s.log, s.registry, devApp{c, &sync.Mutex{}}, remote.MessageTypes{remote.WriteV1MessageType, remote.WriteV2MessageType}, false, false)}, nil
}
