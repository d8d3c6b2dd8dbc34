package replay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"go.yaml.in/yaml/v2"
)

// Remote is the past as a server with Prometheus's HTTP API keeps it.
type Remote struct {
	storage.Queryable
	// Reads says that it answers remote read. If not, Why says what it answered and
	// range selectors are queried: the same samples, in more bytes, without stale
	// markers and native histograms.
	Reads bool
	Why   error
	// Span is how much of the past to ask for at a time.
	Span time.Duration
	// External are the server's external labels as far as it tells: those its own
	// remote write adds.
	External labels.Labels

	client *http.Client
	read   *http.Client
}

// OpenRemote finds out how to read from the server at base.
func OpenRemote(ctx context.Context, base *url.URL, auth promconfig.HTTPClientConfig, timeout time.Duration) (*Remote, error) {
	client, err := promconfig.NewClientFromConfig(auth, "slowburn_history")
	if err != nil {
		return nil, fmt.Errorf("read HTTP client configuration: %w", err)
	}
	r := &Remote{client: client, Span: 24 * time.Hour}
	readURL := *base
	readURL.Path = strings.TrimRight(base.Path, "/") + "/api/v1/read"
	reader, err := remote.NewReadClient("slowburn_history", &remote.ClientConfig{
		URL: &promconfig.URL{URL: &readURL}, Timeout: model.Duration(timeout),
		HTTPClientConfig: auth, ChunkedReadLimit: config.DefaultChunkedReadLimit,
	})
	if err != nil {
		return nil, fmt.Errorf("read HTTP client configuration: %w", err)
	}
	if c, ok := reader.(*remote.Client); ok {
		r.read = c.Client
	}
	r.External = externalLabels(ctx, client, base)
	r.Queryable = remote.NewSampleAndChunkQueryableClient(reader, labels.EmptyLabels(), nil, true, nil)
	if r.Why = answersRead(ctx, reader); r.Why == nil {
		r.Reads = true
		return r, nil
	}
	api := &queries{client: client, base: base, timeout: timeout}
	if err := api.answers(ctx); err != nil {
		r.Close()
		return nil, fmt.Errorf("%s answers neither remote read (%w) nor queries: %w; is it the address of a Prometheus, without /api/v1?", base.Redacted(), r.Why, err)
	}
	r.Queryable, r.Span = api, 6*time.Hour
	return r, nil
}

// Close lets go of connections.
func (r *Remote) Close() error {
	for _, c := range []*http.Client{r.client, r.read} {
		if c != nil {
			c.CloseIdleConnections()
		}
	}
	return nil
}

// answersRead asks for nothing at all by remote read.
func answersRead(ctx context.Context, c remote.ReadClient) error {
	none := labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, "slowburn_no_such_metric")
	q, err := remote.ToQuery(0, 1, []*labels.Matcher{none}, nil)
	if err != nil {
		return err
	}
	set, err := c.ReadMultiple(ctx, []*prompb.Query{q}, false)
	if err != nil {
		return err
	}
	for set.Next() {
		continue
	}
	return set.Err()
}

// externalLabels reads global.external_labels off the server's configuration. Who
// does not show it has none.
func externalLabels(ctx context.Context, client *http.Client, base *url.URL) labels.Labels {
	var answer struct {
		YAML string `json:"yaml"`
	}
	if err := getJSON(ctx, client, base, "/api/v1/status/config", nil, &answer); err != nil {
		return labels.EmptyLabels()
	}
	var c struct {
		Global struct {
			ExternalLabels map[string]string `yaml:"external_labels"`
		} `yaml:"global"`
	}
	if yaml.Unmarshal([]byte(answer.YAML), &c) != nil {
		return labels.EmptyLabels()
	}
	return labels.FromMap(c.Global.ExternalLabels)
}

// drain lets the connection be used again.
func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 1<<20))
	_ = body.Close()
}
