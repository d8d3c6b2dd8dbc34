package receiver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
	"go.uber.org/goleak"

	"github.com/slowburn/slowburn/alerting/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func post(r *receiver.Receiver, body string) (code int, answer string) {
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest("POST", "/api/v2/alerts", strings.NewReader(body)))
	return rec.Code, rec.Body.String()
}

func one(name string, start, end time.Time) string {
	return fmt.Sprintf(`[{"labels":{"alertname":%q,"empty":""},"startsAt":%q,"endsAt":%q}]`,
		name, start.Format(time.RFC3339Nano), end.Format(time.RFC3339Nano))
}

func TestTellsBeginAndEndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		r := receiver.New(func(n receiver.Notification) {
			told = append(told, fmt.Sprintf("%s %s", n.Status, n.Alert.Labels["alertname"]))
		})
		start := time.Now()
		for range 5 {
			post(r, one("A", start, time.Now().Add(4*time.Minute)))
			time.Sleep(time.Minute)
		}
		for range 3 {
			post(r, one("A", start, time.Now()))
		}
		post(r, one("Never", start, time.Now()))
		post(r, one("A", time.Now(), time.Now().Add(time.Minute)))
		want := "firing A; resolved A; firing A"
		if have := strings.Join(told, "; "); have != want {
			t.Errorf("want %q, have %q", want, have)
		}
	})
}

func TestEndsWhatIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan string, 9)
		r := receiver.New(func(n receiver.Notification) { told <- fmt.Sprint(n.Status, " ", time.Now().Unix()) })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		began := time.Now().Unix()
		post(r, `[{"labels":{"alertname":"A"}}]`)
		time.Sleep(6 * time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for _, want := range []string{fmt.Sprint("firing ", began), fmt.Sprint("resolved ", began+300)} {
			if have := <-told; have != want {
				t.Errorf("want %q, have %q", want, have)
			}
		}
	})
}

// As with Alertmanager, the valid alerts of a refused batch are kept.
func TestKeepsTheValid(t *testing.T) {
	r := receiver.New(nil)
	for body, want := range map[string]int{
		`[{"labels":{"alertname":"A"}},{"labels":{}},{"labels":{"alertname":"B"}}]`:                        400,
		`[{"labels":{"alertname":"C"},"startsAt":"2030-01-01T00:00:00Z","endsAt":"2029-01-01T00:00:00Z"}]`: 400,
		`[{"labels":{"alertname":"D"},"generatorURL":"::no::"}]`:                                           422,
		`{"not":"a list"}`:                      400,
		`[` + strings.Repeat(" ", 17<<20) + `]`: 413,
		`[]`:                                    200,
	} {
		if code, answer := post(r, body); code != want {
			t.Errorf("%.60s: want %d, have %d %s", body, want, code, answer)
		}
	}
	if n := len(r.Alerts()); n != 2 {
		t.Errorf("want the 2 valid alerts, have %d", n)
	}
}

func TestListsAndStatus(t *testing.T) {
	r := receiver.New(nil)
	post(r, `[{"labels":{"alertname":"A","slo":"x"}},{"labels":{"alertname":"B"}}]`)
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest("GET", `/api/v2/alerts?filter=alertname%3D%22A%22`, nil))
	var got models.GettableAlerts
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Labels["alertname"] != "A" || got.Validate(nil) != nil {
		t.Errorf("have %s", rec.Body)
	}
	rec = httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest("GET", "/api/v2/status", nil))
	var status models.AlertmanagerStatus
	if err := json.Unmarshal(rec.Body.Bytes(), &status); err != nil {
		t.Fatal(err)
	}
	if err := status.Validate(nil); err != nil {
		t.Error(err)
	}
}
