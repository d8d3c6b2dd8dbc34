package promapi

import (
	"net/http"
	"strconv"
	"time"

	v1 "github.com/prometheus/prometheus/web/api/v1"

	"github.com/slowburn/slowburn/slo"
)

// Alerts serves alerts: all that are pending or firing.
func (a *API) Alerts(w http.ResponseWriter, _ *http.Request) {
	list := []*v1.Alert{}
	alerts := a.o.Alerts()
	for i := range alerts {
		if alerts[i].State != slo.AlertResolved {
			list = append(list, alert(&alerts[i]))
		}
	}
	succeed(w, v1.AlertDiscovery{Alerts: list})
}

func alert(a *slo.Alert) *v1.Alert {
	at := time.UnixMilli(a.ActiveAt).UTC()
	return &v1.Alert{
		Labels: a.Labels, Annotations: a.Annotations, State: string(a.State), ActiveAt: &at,
		Value: strconv.FormatFloat(a.Value, 'e', -1, 64),
	}
}
