package web_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web"
)

// tags parses the page as a browser does and returns its text and every element
// with its attributes.
func tags(t *testing.T, page string) (text string, elements []html.Token) {
	t.Helper()
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				t.Fatal(z.Err())
			}
			return b.String(), elements
		case html.TextToken:
			b.WriteString(z.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			elements = append(elements, z.Token())
		}
	}
}

// TestFault23_HostileTextIsData puts HTML into labels, names, reasons and
// configuration errors: it must come out as text.
func TestFault23_HostileTextIsData(t *testing.T) {
	hostile := *checkout
	hostile.Name, hostile.Service, hostile.Owner = evil, evil, evil
	f := newFixture(t, func(o *web.Options) {
		o.Budgets = func() []slo.Status {
			s := statuses()
			s[1].Objective, s[1].Reason, s[1].Labels = &hostile, evil, hostile.BudgetLabels(labels.EmptyLabels())
			s[1].Alerts[0].Labels = labels.FromStrings("alertname", evil, "severity", evil)
			return s
		}
		o.Errors = func() []*slo.Error {
			return []*slo.Error{{Position: slo.Position{File: evil + ".yml", Line: 1, Column: 2}, Msg: evil, Excerpt: evil}}
		}
	})
	for _, path := range []string{"/", "/objective?service=search"} {
		status, page := f.ask(t, http.MethodGet, path, nil)
		if status != http.StatusOK {
			t.Fatalf("%s: have %d %s", path, status, page)
		}
		text, elements := tags(t, page)
		if !strings.Contains(text, evil) {
			t.Errorf("%s: the hostile label is not shown as text", path)
		}
		for _, e := range elements {
			if e.Data == "script" || e.Data == "img" || e.Data == "style" {
				t.Errorf("%s: element %s", path, e)
			}
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(a.Val, "javascript:") {
					t.Errorf("%s: attribute %s in %s", path, a.Key, e)
				}
			}
		}
	}
}

func TestPageShowsEveryBudgetWorstFirst(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		o.Errors = func() []*slo.Error {
			return []*slo.Error{{Position: slo.Position{File: "slos/broken.yml", Line: 7, Column: 3}, Msg: "unknown key"}}
		}
	})
	_, page := f.ask(t, http.MethodGet, "/", nil)
	text, _ := tags(t, page)
	at := 0
	for _, want := range []string{
		"2 budgets, 2 alerts firing", "slos/broken.yml:7:3: unknown key", "all 2", "burning 1",
		"checkout/availability", "burning", "99.95 %", "40.0 %", "of 30d, 200 events", "1h/5m", "20 and 40", "of 14.4, page",
		"90.0 %", "payments", "SLOErrorBudgetBurn firing (page)", "2027-01-15T08:00:00Z",
		"search/latency", "region=", "ok", "99 %", "100.0 %", "50.0 %", "discovery",
	} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("want %q next, have %s", want, text[at:])
		}
		at += i + len(want)
	}
	_, page = f.ask(t, http.MethodGet, "/?state=ok", nil)
	if text, _ = tags(t, page); strings.Contains(text, "checkout/availability") || !strings.Contains(text, "search/latency") {
		t.Errorf("state=ok: have %s", text)
	}
}

// TestPageLinksAreTrue follows the PromQL links of the page.
func TestPageLinksAreTrue(t *testing.T) {
	f := newFixture(t, nil)
	_, page := f.ask(t, http.MethodGet, "/", nil)
	_, elements := tags(t, page)
	followed := 0
	for _, e := range elements {
		for _, a := range e.Attr {
			if a.Key == "href" && strings.HasPrefix(a.Val, "api/v1/query?") {
				followed++
				if status, body := f.ask(t, http.MethodGet, "/"+a.Val, nil); status != http.StatusOK {
					t.Errorf("%s: have %d %s", a.Val, status, body)
				}
			}
		}
	}
	if followed != 3 {
		t.Errorf("want 3 queries linked, have %d", followed)
	}
}

func TestPageOfManyBudgetsIsPaged(t *testing.T) {
	f := newFixture(t, func(o *web.Options) { o.Budgets = func() []slo.Status { return many(10_000) } })
	start := time.Now()
	_, page := f.ask(t, http.MethodGet, "/", nil)
	t.Logf("page of 10,000 budgets: %v, %d KiB", time.Since(start), len(page)>>10)
	if n := strings.Count(page, "<tr>"); n != 201 || !strings.Contains(page, "from=200") {
		t.Errorf("want 200 rows and a next page, have %d", n)
	}
	if len(page) > 1<<20 {
		t.Errorf("want under 1 MiB, have %d", len(page))
	}
}

// many is n budgets of one objective.
func many(n int) []slo.Status {
	list := make([]slo.Status, n)
	for i := range list {
		s := statuses()[1]
		s.Groups = labels.FromStrings("tenant", fmt.Sprintf("t%05d", n-i))
		s.Labels = s.Objective.BudgetLabels(s.Groups)
		list[i] = s
	}
	return list
}
