package receiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"
)

// maxBody bounds one request, bytes.
const maxBody = 16 << 20

// ServeHTTP answers the alerts and status of API v2.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(w, req) }

func (r *Receiver) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/alerts", r.post)
	mux.HandleFunc("GET /api/v2/alerts", r.get)
	mux.HandleFunc("GET /api/v2/status", r.status)
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "OK") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "OK") })
	return mux
}

// post takes a batch: valid alerts are kept even where others are refused, and
// only then is the answer 400, as with Alertmanager.
func (r *Receiver) post(w http.ResponseWriter, req *http.Request) {
	var posted models.PostableAlerts
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, maxBody)).Decode(&posted); err != nil {
		code := http.StatusBadRequest
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			code = http.StatusRequestEntityTooLarge
		}
		answer(w, code, fmt.Sprintf("decode alerts: %v", err))
		return
	}
	if err := posted.Validate(strfmt.Default); err != nil {
		answer(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	now := time.Now()
	var errs error
	for _, p := range posted {
		a := fromPosted(p, now)
		if err := a.Validate(); err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		r.put(a, now)
	}
	if errs != nil {
		answer(w, http.StatusBadRequest, errs.Error())
		return
	}
	w.WriteHeader(http.StatusOK)
}

func fromPosted(p *models.PostableAlert, now time.Time) *alert.Alert {
	a := &alert.Alert{Alert: model.Alert{
		Labels: labelSet(p.Labels), Annotations: labelSet(p.Annotations),
		StartsAt: time.Time(p.StartsAt), EndsAt: time.Time(p.EndsAt),
		GeneratorURL: string(p.GeneratorURL),
	}, UpdatedAt: now}
	if a.StartsAt.IsZero() {
		a.StartsAt = now
		if !a.EndsAt.IsZero() {
			a.StartsAt = a.EndsAt
		}
	}
	if a.EndsAt.IsZero() {
		a.Timeout = true
		a.EndsAt = now.Add(resolveTimeout)
	}
	return a
}

func labelSet(in models.LabelSet) model.LabelSet {
	out := make(model.LabelSet, len(in))
	for name, value := range in {
		if value != "" {
			out[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	return out
}

// get lists the alerts that fire and match the filters.
func (r *Receiver) get(w http.ResponseWriter, req *http.Request) {
	all := models.GettableAlerts{}
	for _, a := range r.Alerts() {
		if !matches(req.URL.Query()["filter"], a.Labels) {
			continue
		}
		var (
			fp       = a.Fingerprint().String()
			start    = strfmt.DateTime(a.StartsAt)
			end      = strfmt.DateTime(a.EndsAt)
			updated  = strfmt.DateTime(a.UpdatedAt)
			state    = models.AlertStatusStateActive
			receiver = "builtin"
		)
		all = append(all, &models.GettableAlert{
			Alert:       models.Alert{Labels: toPosted(a.Labels), GeneratorURL: strfmt.URI(a.GeneratorURL)},
			Annotations: toPosted(a.Annotations),
			Fingerprint: &fp, StartsAt: &start, EndsAt: &end, UpdatedAt: &updated,
			Receivers: []*models.ReceiverReference{{Name: &receiver}},
			Status: &models.AlertStatus{
				State: &state, SilencedBy: []string{}, InhibitedBy: []string{}, MutedBy: []string{},
			},
		})
	}
	answer(w, http.StatusOK, all)
}

// matches understands filters of the form name="value" only.
func matches(filters []string, ls model.LabelSet) bool {
	for _, f := range filters {
		var found bool
		for name, value := range ls {
			found = found || f == fmt.Sprintf("%s=%q", name, string(value))
		}
		if !found {
			return false
		}
	}
	return true
}

func toPosted(in model.LabelSet) models.LabelSet {
	out := make(models.LabelSet, len(in))
	for name, value := range in {
		out[string(name)] = string(value)
	}
	return out
}

// status says little but the start time, by which senders notice a restart.
func (r *Receiver) status(w http.ResponseWriter, _ *http.Request) {
	uptime := strfmt.DateTime(r.started)
	empty, disabled := "", models.ClusterStatusStatusDisabled
	version := "slowburn built-in"
	answer(w, http.StatusOK, models.AlertmanagerStatus{
		Uptime:  &uptime,
		Config:  &models.AlertmanagerConfig{Original: &empty},
		Cluster: &models.ClusterStatus{Status: &disabled, Peers: []*models.PeerStatus{}},
		VersionInfo: &models.VersionInfo{
			Version: &version, Revision: &empty, Branch: &empty, BuildUser: &empty, BuildDate: &empty, GoVersion: &empty,
		},
	})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the client left; nobody to tell
}
