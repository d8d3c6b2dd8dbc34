package tsdb

import (
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/wlog"
)

// ErrPositionGone is returned by Since for a position in a part of the WAL that
// has been cut off. What is left of it can be read from position 0.
var ErrPositionGone = errors.New("the WAL no longer reaches back to this position")

// A SampleFunc takes one sample. st is the start timestamp, 0 if unknown; one of
// v, h, fh is set. Histograms may be kept.
type SampleFunc = func(lset labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) error

// Since calls fn for every sample in the WAL behind pos, in the order in which
// they were committed, out-of-order samples included. Position 0 means all the WAL
// holds, its checkpoint first. It stops at an error of fn and returns it.
func (d *DB) Since(pos int64, fn SampleFunc) error {
	segment, offset, err := splitPosition(pos)
	if err != nil {
		return err
	}
	inner, err := d.hold()
	if err != nil {
		return err
	}
	defer d.release()
	dir := walDir(d.dir)
	first, last, err := wlog.Segments(dir)
	if err != nil {
		return fmt.Errorf("list WAL segments: %w", err)
	}
	checkpoint, covers, err := wlog.LastCheckpoint(dir)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return fmt.Errorf("find WAL checkpoint: %w", err)
	}
	if err != nil {
		checkpoint, covers = "", -1
	}
	if pos > 0 && (segment <= covers || segment < first) {
		return fmt.Errorf("%w: segment %d, first kept is %d", ErrPositionGone, segment, max(first, covers+1))
	}
	s := &walScan{head: inner.Head(), dec: record.NewDecoder(labels.NewSymbolTable(), d.log), fn: fn, known: map[chunks.HeadSeriesRef]labels.Labels{}}
	if pos == 0 {
		segment = max(first, covers+1)
		if checkpoint != "" {
			if err := s.checkpoint(checkpoint); err != nil {
				return err
			}
		}
	}
	s.earlier = func(each func([]byte) error) error {
		return readAll(dir, checkpoint, covers, segment, each)
	}
	for i := max(0, segment); i <= last; i++ {
		from := int64(0)
		if i == segment {
			from = offset
		}
		if err := s.segment(wlog.SegmentName(dir, i), from); err != nil {
			return err
		}
	}
	if s.lost > 0 {
		d.log.Warn("samples in the WAL belong to series that it no longer names", "samples", s.lost)
	}
	return nil
}

// walScan decodes records and resolves the references in them.
type walScan struct {
	head    *promtsdb.Head
	dec     record.Decoder
	fn      SampleFunc
	known   map[chunks.HeadSeriesRef]labels.Labels
	earlier func(each func(rec []byte) error) error // reads what lies before the scan
	lost    int

	series  []record.RefSeries
	samples []record.RefSample
}

func (s *walScan) checkpoint(dir string) error {
	r, err := wlog.NewSegmentsReader(dir)
	if err != nil {
		return fmt.Errorf("open WAL checkpoint: %w", err)
	}
	defer r.Close()
	rd := wlog.NewReader(r)
	for rd.Next() {
		if err := s.record(rd.Record(), true); err != nil {
			return err
		}
	}
	return rd.Err()
}

// segment reads one segment. Records that end at or before from only name series.
func (s *walScan) segment(name string, from int64) error {
	return readSegment(name, func(rec []byte, end int64) error { return s.record(rec, end > from) })
}

// readSegment calls fn for each record and the offset it ends at. A torn end is
// the end.
func readSegment(name string, fn func(rec []byte, end int64) error) error {
	seg, err := wlog.OpenReadSegment(name)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open WAL segment: %w", err)
	}
	sr := wlog.NewSegmentBufReader(seg)
	defer sr.Close()
	rd := wlog.NewReader(sr)
	for rd.Next() {
		if err := fn(rd.Record(), rd.Offset()); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the checkpoint and the segments before upTo.
func readAll(dir, checkpoint string, covers, upTo int, each func(rec []byte) error) error {
	if checkpoint != "" {
		first, last, err := wlog.Segments(checkpoint)
		if err != nil {
			return fmt.Errorf("list WAL checkpoint: %w", err)
		}
		for i := first; i <= last && i >= 0; i++ {
			if err := readSegment(wlog.SegmentName(checkpoint, i), func(rec []byte, _ int64) error { return each(rec) }); err != nil {
				return err
			}
		}
	}
	for i := covers + 1; i < upTo; i++ {
		if err := readSegment(wlog.SegmentName(dir, i), func(rec []byte, _ int64) error { return each(rec) }); err != nil {
			return err
		}
	}
	return nil
}

// record takes the series of one record and, if give, hands out its samples.
func (s *walScan) record(rec []byte, give bool) error {
	var err error
	switch typ := s.dec.Type(rec); typ {
	case record.Series:
		return s.names(rec)
	case record.Samples, record.SamplesV2:
		if !give {
			return nil
		}
		if s.samples, err = s.dec.Samples(rec, s.samples[:0]); err != nil {
			return fmt.Errorf("decode WAL samples: %w", err)
		}
		for _, x := range s.samples {
			if err := s.give(x.Ref, x.ST, x.T, x.V, nil, nil); err != nil {
				return err
			}
		}
	case record.HistogramSamples, record.HistogramSamplesV2, record.CustomBucketsHistogramSamples:
		if !give {
			return nil
		}
		xs, err := s.dec.HistogramSamples(rec, nil)
		if err != nil {
			return fmt.Errorf("decode WAL histograms: %w", err)
		}
		for _, x := range xs {
			if err := s.give(x.Ref, x.ST, x.T, 0, x.H, nil); err != nil {
				return err
			}
		}
	case record.FloatHistogramSamples, record.FloatHistogramSamplesV2, record.CustomBucketsFloatHistogramSamples:
		if !give {
			return nil
		}
		xs, err := s.dec.FloatHistogramSamples(rec, nil)
		if err != nil {
			return fmt.Errorf("decode WAL float histograms: %w", err)
		}
		for _, x := range xs {
			if err := s.give(x.Ref, x.ST, x.T, 0, nil, x.FH); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *walScan) names(rec []byte) error {
	var err error
	if s.series, err = s.dec.Series(rec, s.series[:0]); err != nil {
		return fmt.Errorf("decode WAL series: %w", err)
	}
	for _, x := range s.series {
		s.known[x.Ref] = x.Labels.Copy()
	}
	return nil
}

func (s *walScan) give(ref chunks.HeadSeriesRef, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) error {
	lset, ok := s.known[ref]
	if !ok {
		lset = s.find(ref)
		s.known[ref] = lset
	}
	if lset.IsEmpty() {
		s.lost++
		return nil
	}
	return s.fn(lset, st, t, v, h, fh)
}

// find looks a series up that no record of the scan has named: in the head, else
// in all of the WAL, since one series may have had several references.
func (s *walScan) find(ref chunks.HeadSeriesRef) labels.Labels {
	if ix, err := s.head.Index(); err == nil {
		defer ix.Close()
		b := labels.NewScratchBuilder(0)
		if ix.Series(storage.SeriesRef(ref), &b, nil) == nil {
			return b.Labels()
		}
	}
	if s.earlier != nil {
		now := s.known
		s.known = map[chunks.HeadSeriesRef]labels.Labels{}
		_ = s.earlier(func(rec []byte) error {
			if s.dec.Type(rec) == record.Series {
				return s.names(rec)
			}
			return nil
		})
		for r, l := range now {
			s.known[r] = l
		}
		s.earlier = nil
	}
	return s.known[ref]
}
