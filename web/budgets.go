package web

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/prometheus/prometheus/util/httputil"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web/guard"
)

// budgets serves /api/slo/v1/budgets: {"status":"success","data":{"budgets":[…],
// "next":"…"}}, filtered by service, slo, state and owner, paged by limit and
// after. It is written as it is made, so that 10,000 budgets cost no more memory
// than one.
func (h *Handler) budgets(w http.ResponseWriter, r *http.Request) {
	q, err := parseBudgetQuery(r.URL.Query())
	if err != nil {
		badQuery(w, err)
		return
	}
	page, next := q.apply(h.o.Budgets())
	httputil.CompressionHandler{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		// The client has gone if this fails; the status is out already.
		_ = h.writeBudgets(w, page, next)
	})}.ServeHTTP(w, r)
}

func (h *Handler) writeBudgets(w io.Writer, page []*slo.Status, next string) error {
	b := bufio.NewWriterSize(w, 32<<10)
	b.WriteString(`{"status":"success","data":{"budgets":[`)
	enc := json.NewEncoder(b)
	for i, s := range page {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(h.budgetToJSON(s)); err != nil {
			return err
		}
	}
	b.WriteString(`],"next":`)
	if err := enc.Encode(next); err != nil {
		return err
	}
	b.WriteString("}}\n")
	return b.Flush()
}

// succeed answers {"status":"success","data":…}.
func succeed(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(struct {
		Status string `json:"status"`
		Data   any    `json:"data"`
	}{"success", data})
}

func badQuery(w http.ResponseWriter, err error) {
	var q *queryError
	if errors.As(err, &q) {
		guard.Reject(w, http.StatusBadRequest, "bad_parameter", q.Error())
		return
	}
	guard.Reject(w, http.StatusInternalServerError, "internal", err.Error())
}
