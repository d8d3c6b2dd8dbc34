package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// queries reads the past by instant queries of range selectors, metric{…}[6h]: those
// answer the samples as they are stored, which query_range does not.
type queries struct {
	client  *http.Client
	base    *url.URL
	timeout time.Duration
}

// answers says whether the server evaluates PromQL.
func (q *queries) answers(ctx context.Context) error {
	return getJSON(ctx, q.client, q.base, "/api/v1/query", url.Values{"query": {"vector(1)"}}, nil)
}

// Querier reads what lies in [mint, maxt], ms.
func (q *queries) Querier(mint, maxt int64) (storage.Querier, error) {
	return &rangeQuerier{Querier: storage.NoopQuerier(), q: q, mint: mint, maxt: maxt}, nil
}

type rangeQuerier struct {
	storage.Querier
	q          *queries
	mint, maxt int64
}

// Select asks for all samples of the series, which lie in memory then.
func (q *rangeQuerier) Select(ctx context.Context, _ bool, _ *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	ctx, cancel := context.WithTimeout(ctx, q.q.timeout)
	defer cancel()
	var answer struct {
		Type   string               `json:"resultType"`
		Result []model.SampleStream `json:"result"`
	}
	// A range is left-open.
	err := getJSON(ctx, q.q.client, q.q.base, "/api/v1/query", url.Values{
		"query": {fmt.Sprintf("%s[%dms]", selectorText(ms), q.maxt-q.mint+1)},
		"time":  {strconv.FormatFloat(float64(q.maxt)/1000, 'f', 3, 64)},
	}, &answer)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	set := &streamSet{at: -1}
	for _, s := range answer.Result {
		if len(s.Histograms) > 0 {
			return storage.ErrSeriesSet(fmt.Errorf("%s is a native histogram, which cannot be read by queries: switch on remote read at the server", s.Metric))
		}
		set.streams = append(set.streams, newStream(s))
	}
	return set
}

func newStream(s model.SampleStream) storage.Series {
	b := labels.NewScratchBuilder(len(s.Metric))
	for k, v := range s.Metric {
		b.Add(string(k), string(v))
	}
	b.Sort()
	samples := make([]chunks.Sample, len(s.Values))
	for i, v := range s.Values {
		samples[i] = sample{t: int64(v.Timestamp), v: float64(v.Value)}
	}
	return storage.NewListSeries(b.Labels(), samples)
}

// streamSet is what one query answered.
type streamSet struct {
	streams []storage.Series
	at      int
}

func (s *streamSet) Next() bool                      { s.at++; return s.at < len(s.streams) }
func (s *streamSet) At() storage.Series              { return s.streams[s.at] }
func (*streamSet) Err() error                        { return nil }
func (*streamSet) Warnings() annotations.Annotations { return nil }

// attempts are how often a request is tried that failed on the way or at the server.
const attempts = 3

// getJSON posts to Prometheus's API and decodes the data of its answer into to.
func getJSON(ctx context.Context, client *http.Client, base *url.URL, path string, form url.Values, to any) error {
	var err error
	for i := range attempts {
		if i > 0 {
			select {
			case <-time.After(time.Duration(i) * time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		var again bool
		if again, err = postForm(ctx, client, base, path, form, to); err == nil || !again {
			return err
		}
	}
	return err
}

func postForm(ctx context.Context, client *http.Client, base *url.URL, path string, form url.Values, to any) (again bool, err error) {
	u := *base
	u.Path = strings.TrimRight(base.Path, "/") + path
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return false, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := client.Do(req)
	if err != nil {
		return ctx.Err() == nil, err
	}
	defer drain(resp.Body)
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		cut := errors.Is(err, io.ErrUnexpectedEOF) && ctx.Err() == nil
		return cut || resp.StatusCode >= 500, fmt.Errorf("%s answered %s, which is not Prometheus's API: %w", u.Redacted(), resp.Status, err)
	}
	if answer.Status != "success" {
		return resp.StatusCode >= 500, fmt.Errorf("%s answered %s: %s", u.Redacted(), resp.Status, answer.Error)
	}
	if to == nil {
		return false, nil
	}
	return false, json.Unmarshal(answer.Data, to)
}
