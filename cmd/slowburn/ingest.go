package main

import (
	"github.com/slowburn/slowburn/tsdb"
	"github.com/slowburn/slowburn/tsdb/state"
)

// newReceiver takes remote write into the raw TSDB, and what objectives read on to
// the engine.
func newReceiver(c *core, cfg *Config, s *server) (*tsdb.Receiver, error) {
	in := cfg.Ingest
	return tsdb.NewReceiver(tsdb.ReceiverOptions{
		Store: c.raw, Sink: c.engine, Bind: c.engine.Bind, Unbind: c.engine.Unbind,
		Counter: c.engine.Counter, Switched: c.engine.Switched,
		Keep: in.keep(), Also: s.keptBesides, SourceLabels: in.SourceLabels, ReplicaLabels: in.ReplicaLabels,
		Failover: in.Failover, Elections: state.NewBucket[tsdb.Elected](s.state, "elections"),
		Limits: tsdb.Limits{
			Body: in.Limits.Body, Decoded: in.Limits.Decoded, Request: in.Limits.Request,
			Labels: in.Limits.LabelsPerSeries, Name: in.Limits.LabelName, Value: in.Limits.LabelValue,
			Series: in.Limits.SeriesPerRequest,
		},
		Metrics: s.metrics, Logger: s.log.With("component", "ingest"),
	})
}

// keep is the setting as the receiver knows it.
func (in *Ingest) keep() string {
	if in.KeepAll {
		return tsdb.KeepAll
	}
	return tsdb.KeepSLO
}
