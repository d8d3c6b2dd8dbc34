package promapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Federate serves the newest value, not older than 5 minutes, of every series
// that match[] selects, with its time, as text. Names are escaped as the scraper
// asked for; native histograms, which the text format cannot hold, are left out
// and counted.
func (a *API) Federate(w http.ResponseWriter, r *http.Request) {
	if !a.form(w, r) {
		return
	}
	sets, err := a.parser.ParseMetricSelectors(r.Form["match[]"])
	if err != nil {
		badParam(w, "match[]", err.Error())
		return
	}
	points, err := a.newest(r.Context(), sets)
	if err != nil {
		a.metrics.federateErrors.Inc()
		status := http.StatusInternalServerError
		if errors.Is(err, errTooMany) {
			status = http.StatusUnprocessableEntity
		}
		fail(w, status, "execution", "federate: "+err.Error())
		return
	}
	format := expfmt.NegotiateAccept(r.Header, expfmt.NewFormat(expfmt.TypeTextPlain))
	w.Header().Set("Content-Type", string(format))
	// The client has gone if this fails; the status is out already.
	_ = writeText(w, format, points, a.o.ExternalLabels())
}

// point is the newest value of one series.
type point struct {
	lset labels.Labels
	t    int64 // ms
	v    float64
}

var errTooMany = errors.New("match[] selects too many series")

func (a *API) newest(ctx context.Context, matchers [][]*labels.Matcher) ([]point, error) {
	maxt := a.o.Now().UnixMilli()
	mint := maxt - lookback.Milliseconds()
	q, err := a.o.Queryable.Querier(mint, maxt)
	if err != nil {
		return nil, fmt.Errorf("open querier: %w", err)
	}
	defer q.Close()
	hints := &storage.SelectHints{Start: mint, End: maxt}
	sets := make([]storage.SeriesSet, 0, len(matchers))
	for _, ms := range matchers {
		sets = append(sets, q.Select(ctx, true, hints, ms...))
	}
	set := storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge)
	var points []point
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		it = s.Iterator(it)
		p, ok := a.last(it, mint, maxt)
		if err := it.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", s.Labels(), err)
		}
		if !ok || !s.Labels().Has(labels.MetricName) {
			continue
		}
		if len(points) == a.o.Limits.MaxSeries {
			return nil, errTooMany
		}
		p.lset = s.Labels()
		points = append(points, p)
	}
	if err := set.Err(); err != nil {
		return nil, fmt.Errorf("select: %w", err)
	}
	slices.SortStableFunc(points, func(x, y point) int {
		return cmp.Compare(x.lset.Get(labels.MetricName), y.lset.Get(labels.MetricName))
	})
	return points, ctx.Err()
}

// last is the newest float in (mint, maxt], unless a stale marker follows it.
func (a *API) last(it chunkenc.Iterator, mint, maxt int64) (p point, ok bool) {
	histogram := false
	for kind := it.Seek(mint + 1); kind != chunkenc.ValNone; kind = it.Next() {
		t := it.AtT()
		if t > maxt {
			break
		}
		histogram = kind != chunkenc.ValFloat
		if histogram {
			continue
		}
		p.t, p.v = it.At()
		ok = !value.IsStaleNaN(p.v)
	}
	if histogram {
		a.metrics.federateSkipped.Inc()
		return p, false
	}
	return p, ok
}

// writeText writes points, sorted by name, as untyped families. Series without
// an instance get an empty one, so that the scraper's honor_labels leaves it so.
func writeText(w io.Writer, format expfmt.Format, points []point, external labels.Labels) error {
	enc := expfmt.NewEncoder(w, format)
	var family *dto.MetricFamily
	flush := func() error {
		if family == nil {
			return nil
		}
		return enc.Encode(family)
	}
	for _, p := range points {
		name := p.lset.Get(labels.MetricName)
		if family.GetName() != name {
			if err := flush(); err != nil {
				return err
			}
			family = &dto.MetricFamily{Name: &name, Type: dto.MetricType_UNTYPED.Enum()}
		}
		family.Metric = append(family.Metric, &dto.Metric{
			Label: pairs(p.lset, external), TimestampMs: &p.t, Untyped: &dto.Untyped{Value: &p.v},
		})
	}
	return flush()
}

func pairs(lset, external labels.Labels) []*dto.LabelPair {
	b := labels.NewBuilder(lset)
	external.Range(func(l labels.Label) {
		if !lset.Has(l.Name) {
			b.Set(l.Name, l.Value)
		}
	})
	b.Del(labels.MetricName)
	full := b.Labels()
	list := make([]*dto.LabelPair, 0, full.Len()+1)
	full.Range(func(l labels.Label) { list = append(list, &dto.LabelPair{Name: &l.Name, Value: &l.Value}) })
	if !full.Has(model.InstanceLabel) {
		name, none := model.InstanceLabel, ""
		list = append(list, &dto.LabelPair{Name: &name, Value: &none})
	}
	return list
}
