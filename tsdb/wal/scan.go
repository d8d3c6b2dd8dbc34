package wal

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/wlog"
)

// A SampleFunc takes one sample. st is the start timestamp, 0 if unknown; one of
// v, h, fh is set. Histograms may be kept.
type SampleFunc = func(lset labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) error

// Names looks up the labels of a series that the log does not name: false if nobody
// knows them.
type Names = func(ref chunks.HeadSeriesRef) (labels.Labels, bool)

// Scan calls fn for every sample in the WAL of the TSDB in dir behind pos, in the order
// in which they were committed, out-of-order samples included. Position 0 means all the
// WAL holds, its checkpoint first; a position that has been cut off is an error. It
// stops at an error of fn and returns it. lost counts the samples of series that neither the WAL nor names knows.
func Scan(dir string, pos int64, names Names, log *slog.Logger, fn SampleFunc) (lost int, err error) {
	segment, offset, err := splitPosition(pos)
	if err != nil {
		return 0, err
	}
	dir = walDir(dir)
	first, last, err := wlog.Segments(dir)
	if err != nil {
		return 0, fmt.Errorf("list WAL segments: %w", err)
	}
	checkpoint, covers, err := wlog.LastCheckpoint(dir)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return 0, fmt.Errorf("find WAL checkpoint: %w", err)
	}
	if err != nil {
		checkpoint, covers = "", -1
	}
	if pos > 0 && (segment <= covers || segment < first) {
		return 0, fmt.Errorf("the WAL no longer reaches back to segment %d, the first kept is %d", segment, max(first, covers+1))
	}
	s := &scan{others: names, dec: record.NewDecoder(labels.NewSymbolTable(), log), fn: fn, known: map[chunks.HeadSeriesRef]labels.Labels{}}
	if pos == 0 {
		segment = max(first, covers+1)
		if checkpoint != "" {
			if err := s.checkpoint(checkpoint); err != nil {
				return s.lost, err
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
			return s.lost, err
		}
	}
	return s.lost, nil
}

// scan decodes records and resolves the references in them.
type scan struct {
	others  Names
	dec     record.Decoder
	fn      SampleFunc
	known   map[chunks.HeadSeriesRef]labels.Labels
	earlier func(each func(rec []byte) error) error // reads what lies before the scan
	lost    int

	series  []record.RefSeries
	samples []record.RefSample
}

func (s *scan) checkpoint(dir string) error {
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
func (s *scan) segment(name string, from int64) error {
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
func (s *scan) record(rec []byte, give bool) error {
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

func (s *scan) names(rec []byte) error {
	var err error
	if s.series, err = s.dec.Series(rec, s.series[:0]); err != nil {
		return fmt.Errorf("decode WAL series: %w", err)
	}
	for _, x := range s.series {
		s.known[x.Ref] = x.Labels.Copy()
	}
	return nil
}

func (s *scan) give(ref chunks.HeadSeriesRef, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) error {
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

// find looks a series up that no record of the scan has named: where others know it,
// else in all of the WAL, since one series may have had several references.
func (s *scan) find(ref chunks.HeadSeriesRef) labels.Labels {
	if lset, ok := s.others(ref); ok {
		return lset
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
