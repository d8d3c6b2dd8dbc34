package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/alerting/receiver"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/testdata/proc"
)

// fullDisk is a store that cannot be written while it is full.
type fullDisk struct{ full atomic.Bool }

func (d *fullDisk) Load() (map[string]alerting.Record, error) { return nil, nil }

func (d *fullDisk) Save(map[string]alerting.Record, []string) error {
	if d.full.Load() {
		return errors.New("no space left on device")
	}
	return nil
}

// TestFault14_RefusedAndUnsavedAreTold: an alert that Alertmanager refuses, and a state
// that cannot be saved, are alerts themselves, which go out; both end with their cause.
func TestFault14_RefusedAndUnsavedAreTold(t *testing.T) {
	am := receiver.New(func(receiver.Notification) {})
	var picky atomic.Bool
	picky.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if picky.Load() && strings.Contains(string(body), "Bad") {
			http.Error(w, "Bad is refused", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		am.ServeHTTP(w, r)
	}))
	defer server.Close()
	cfg, err := ParseConfig("slowburn.yml", []byte("slo_files: [a.yml]\nalerting:\n  alertmanagers:\n    - static_configs: [{targets: ['"+strings.TrimPrefix(server.URL, "http://")+"']}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	disk := &fullDisk{}
	disk.full.Store(true)
	m, err := alerting.New(alerting.Options{Config: cfg.alerting(), Store: disk, Resend: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()
	defer func() { cancel(); <-ended }()

	host := newHostAlerts(&url.URL{Scheme: "http", Host: "here"}, deliveryChecks(m))
	bad := slo.Alert{Labels: labels.FromStrings(labels.AlertName, "Bad", "severity", "page"), State: slo.AlertFiring, FiredAt: time.Now().UnixMilli()}
	told := func(want ...string) func() error {
		return func() error {
			m.Set(append([]slo.Alert{bad}, host.level(time.Now())...))
			have := map[string]bool{}
			for _, a := range am.Alerts() {
				have[string(a.Labels[labels.AlertName])] = true
			}
			for _, name := range want {
				if !have[name] {
					return errors.New("not told: " + name)
				}
			}
			return nil
		}
	}
	proc.Until(t, 20*time.Second, "both are told", told(slo.AlertRefused, slo.AlertUnsaved))
	picky.Store(false)
	disk.full.Store(false)
	proc.Until(t, 20*time.Second, "the alert is taken", told("Bad"))
	proc.Until(t, 20*time.Second, "nothing is wrong any more", func() error {
		if level := host.level(time.Now()); len(level) > 0 {
			m.Set(append(level, bad))
			return errors.New(level[0].Labels.String())
		}
		return nil
	})
}

// TestFault16_HostAlertsAreNotOverWithARestart: what a check finds only in time, such as
// that an alert is refused, is not taken for over before.
func TestFault16_HostAlertsAreNotOverWithARestart(t *testing.T) {
	var refused atomic.Bool
	host := newHostAlerts(&url.URL{Scheme: "http", Host: "here"}, []hostCheck{{slo.AlertRefused, slo.SeverityPage, "", "", refused.Load}})
	alert := func(name, instance string, ended time.Time) slo.AlertDelivery {
		return slo.AlertDelivery{Ended: ended, Alert: slo.Alert{
			Labels: labels.FromStrings(labels.AlertName, name, "instance", instance), State: slo.AlertFiring, FiredAt: 5_000,
		}}
	}
	start := time.UnixMilli(100_000)
	starts := func(now time.Time) (have []int64) {
		for _, a := range host.level(now) {
			have = append(have, a.FiredAt)
		}
		return have
	}
	for name, c := range map[string]struct {
		before slo.AlertDelivery
		want   []int64
	}{
		"it fires":            {alert(slo.AlertRefused, "here", time.Time{}), []int64{5_000}},
		"it had ended":        {alert(slo.AlertRefused, "here", start), nil},
		"it is another's":     {alert(slo.AlertRefused, "there", time.Time{}), nil},
		"it is of the engine": {alert(slo.AlertBurn, "here", time.Time{}), nil},
	} {
		host.resume([]slo.AlertDelivery{c.before}, start)
		if have := starts(start.Add(time.Minute)); !slices.Equal(have, c.want) {
			t.Errorf("%s: want it to fire since %v, have %v", name, c.want, have)
		}
		if have := starts(start.Add(knows + time.Second)); len(have) > 0 {
			t.Errorf("%s: it fires on without a cause: %v", name, have)
		}
	}
	host.resume([]slo.AlertDelivery{alert(slo.AlertRefused, "here", time.Time{})}, start)
	refused.Store(true)
	if have := starts(start.Add(time.Second)); !slices.Equal(have, []int64{5_000}) {
		t.Errorf("found again: want it to fire since 5000, have %v", have)
	}
	refused.Store(false)
	if have := starts(start.Add(2 * time.Second)); len(have) > 0 {
		t.Errorf("over: it fires since %v", have)
	}
}

// TestHostAlertsAreShown: what is wrong with the machine stands among Prometheus's alerts
// and rules like everything else that fires.
func TestHostAlertsAreShown(t *testing.T) {
	config := filepath.Join(t.TempDir(), "slowburn.yml")
	if err := os.WriteFile(config, []byte("slo_files: [none*.yml]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := startServe(t, config, "--storage.min-free=1EB")
	for _, path := range []string{"/api/v1/alerts", "/api/v1/rules?rule_name[]=SLODiskLow&state=firing"} {
		proc.Until(t, time.Minute, "the full disk is told of", func() error {
			if _, body := r.ask(http.MethodGet, path); !strings.Contains(body, "SLODiskLow") || !strings.Contains(body, `"severity":"page"`) {
				return fmt.Errorf("%s answers %s", path, body)
			}
			return nil
		})
	}
}
