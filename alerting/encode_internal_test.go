package alerting

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// What we write is what Alertmanager's models read, whatever the text.
func TestEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.MapOf(rapid.String(), rapid.StringN(1, 20, -1))
		at := rapid.Int64Range(0, 4e12)
		var batch []notice
		want := models.PostableAlerts{}
		for range rapid.IntRange(0, 3).Draw(t, "alerts") {
			n := notice{
				labels: labels.FromMap(text.Draw(t, "labels")), annotations: labels.FromMap(text.Draw(t, "annotations")),
				startsAt: time.UnixMilli(at.Draw(t, "start")), endsAt: time.UnixMilli(at.Draw(t, "end")),
				generatorURL: "http://slowburn.example/?q=<&>\"", bare: rapid.Bool().Draw(t, "bare"),
			}
			batch = append(batch, n)
			p := &models.PostableAlert{
				StartsAt: strfmt.DateTime(n.startsAt), EndsAt: strfmt.DateTime(n.endsAt),
				Alert: models.Alert{Labels: n.labels.Map()},
			}
			if !n.bare {
				p.GeneratorURL = strfmt.URI(n.generatorURL)
				if !n.annotations.IsEmpty() {
					p.Annotations = n.annotations.Map()
				}
			}
			want = append(want, p)
		}
		body, err := encode(batch)
		if err != nil {
			t.Fatal(err)
		}
		var have models.PostableAlerts
		if err := json.Unmarshal(body, &have); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		same := cmp.Comparer(func(a, b strfmt.DateTime) bool { return time.Time(a).Equal(time.Time(b)) })
		if d := cmp.Diff(want, have, same); d != "" {
			t.Fatalf("want -, have +:\n%s", d)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	n := notice{
		labels:      labels.FromStrings("alertname", "SLOErrorBudgetBurn", "severity", "page", "slo", "availability", "service", "checkout", "window", "30d"),
		annotations: labels.FromStrings("summary", "checkout burns its error budget 14.4 times too fast", "runbook_url", "https://runbooks.example/availability"),
		startsAt:    time.Now(), endsAt: time.Now(),
	}
	batch := slices.Repeat([]notice{n}, 256)
	for b.Loop() {
		if _, err := encode(batch); err != nil {
			b.Fatal(err)
		}
	}
}

// foremost is sorting, cut short.
func TestForemost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []candidate
		for i, u := range rapid.SliceOf(rapid.IntRange(0, 3)).Draw(t, "urgency") {
			all = append(all, candidate{want{&item{seq: uint64(i)}, &delivery{failures: u % 2}}, urgency(u)})
		}
		n := rapid.IntRange(0, 300).Draw(t, "n")
		want := slices.SortedFunc(slices.Values(all), before)
		want = want[:min(n, len(want))]
		if have := foremost(all, n); !slices.Equal(want, have) {
			t.Fatalf("want %v, have %v", want, have)
		}
	})
}
