package promapi

import (
	"context"
	"net/http"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// Exemplars answers [] where upstream answers 204 without a body: to a query
// that selects no series. Grafana's probe is one, and takes 204 for "not
// supported".
func (a *API) Exemplars(w http.ResponseWriter, r *http.Request) {
	if !a.form(w, r) {
		return
	}
	expr, err := a.parser.ParseExpr(r.FormValue("query"))
	if err == nil && len(parser.ExtractSelectors(expr)) == 0 {
		succeed(w, []exemplar.QueryResult{})
		return
	}
	a.upstream.ServeHTTP(w, r)
}

// noExemplars stores none.
type noExemplars struct{}

func (noExemplars) ExemplarQuerier(context.Context) (storage.ExemplarQuerier, error) {
	return noExemplars{}, nil
}

func (noExemplars) Select(_, _ int64, _ ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	return []exemplar.QueryResult{}, nil
}
