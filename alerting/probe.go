package alerting

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// probeEvery is how often an Alertmanager that is owed nothing is looked at. It
// keeps its alerts in memory: one that restarted between two resends has lost
// them, and is told again within 15 s only if somebody notices.
const probeEvery = 8 * time.Second

// probe reads the Alertmanager's start time, and counts all it acknowledged as
// forgotten if that has changed. An answer of any kind is an answer: some that
// speak the API for alerts have no status page.
func (t *target) probe(ctx context.Context) error {
	to, ok := strings.CutSuffix(t.url, "/alerts")
	if !ok {
		return nil
	}
	t.table.mu.Lock()
	client, timeout := t.set.client, t.set.timeout
	t.table.mu.Unlock()
	started, date, err := startTime(ctx, client, to+"/status", timeout)
	if err != nil {
		return err
	}
	if err := t.readClock(date); err != nil {
		return err
	}
	t.table.mu.Lock()
	defer t.table.mu.Unlock()
	now := time.Now()
	if t.started != "" && started != "" && t.started != started {
		t.m.log.Info("alertmanager restarted, sending all alerts again", "alertmanager", t.key)
		t.lost = now
	}
	if started != "" {
		t.started = started
	}
	t.answers(now)
	return nil
}

// startTime is when the Alertmanager was started, and when it said so, by its own clock.
func startTime(ctx context.Context, client *http.Client, url string, timeout time.Duration) (started string, date time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", date, fmt.Errorf("build request: %w", anonymous(err))
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := client.Do(req)
	if err != nil {
		return "", date, anonymous(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 500 {
		return "", date, fmt.Errorf("status page: %w", unwell(resp.StatusCode))
	}
	var status struct {
		Uptime string `json:"uptime"` // the start time, in spite of its name
	}
	if resp.StatusCode/100 == 2 {
		// The answer holds the whole configuration; a damaged one just has no time.
		_ = json.NewDecoder(io.LimitReader(resp.Body, 4<<20)).Decode(&status)
	}
	return status.Uptime, dateOf(resp), nil
}
