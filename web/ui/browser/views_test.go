package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestPage runs through every view of a slowburn that watches 10,000 objectives, one
// that burns, segments named by an attacker and thousands of them, under a path.
func TestPage(t *testing.T) {
	chromium := Start(t)
	base := World(t)

	t.Run("Overview", func(t *testing.T) { overview(t, chromium, base) })
	t.Run("Objective", func(t *testing.T) { objective(t, chromium, base) })
	t.Run("Now", func(t *testing.T) { now(t, chromium, base) })
	t.Run("Releases", func(t *testing.T) { releases(t, chromium, base) })
	t.Run("Status", func(t *testing.T) { status(t, chromium, base) })
	t.Run("Fault23_HostileTextIsData", func(t *testing.T) { hostile(t, chromium, base) })
	t.Run("LongTexts", func(t *testing.T) { long(t, chromium, base) })
	t.Run("Phone", func(t *testing.T) { phone(t, chromium, base) })
	t.Run("Night", func(t *testing.T) { night(t, chromium, base) })
	t.Run("Keyboard", func(t *testing.T) { keyboard(t, chromium, base) })
	t.Run("APIAnswers503", func(t *testing.T) { unavailable(t, chromium, base) })
}

// objectivePath is the address of one objective's view.
func objectivePath(service, slo string) string {
	return "objective?" + url.Values{"service": {service}, "slo": {slo}}.Encode()
}

func overview(t *testing.T, chromium Chromium, base string) {
	p := chromium.Open(t, base, "", Desk)
	// What burns comes first, of ten thousand; few of them are drawn.
	p.See("shop/availability", "burning", "page", "10,005 objectives")
	if first := Eval[string](p, "document.querySelector('tbody tr:not(.gap)').innerText"); !strings.Contains(first, "shop/availability") {
		t.Errorf("want what burns first, have %q", first)
	}
	if n := Eval[int](p, "document.querySelectorAll('tbody tr').length"); n > 200 {
		t.Errorf("want rows in sight alone, have %d", n)
	}
	t.Logf("10,005 objectives: rows drawn %.0f ms after the page was asked for, of which the list took %.0f ms",
		Eval[float64](p, "performance.getEntriesByName('rows')[0]?.startTime ?? -1"),
		Eval[float64](p, "performance.getEntriesByType('resource').find(e => e.name.endsWith('summary')).duration"))
	p.Accessible()
	p.FitsWidth()
	p.Shot("overview")

	// The trend of rows in sight; there is data of a few minutes only.
	trend := chromium.Open(t, base, "?range=1h", Desk)
	trend.Until("document.querySelector('svg.spark path')?.getAttribute('d')")

	// The end of the list is there too.
	p.Scroll("main", 1e6)
	p.Until("document.querySelector('tbody tr:last-child:not(.gap)')")

	// Filters are in the address, and the address alone makes the same list.
	p = chromium.Open(t, base, "?q=service-042+objective-07&owner=team-0&state=partial", Desk)
	p.Until("document.querySelectorAll('tbody tr:not(.gap)').length === 1")
	p.See("service-042/objective-07")

	// Segments unfold, groups fold.
	p = chromium.Open(t, base, "?group=service&q=shop", Desk)
	p.Do(Click("button.fold[title='2000 segments']"))
	p.See("tenant=tenant-0100")
	p.Until("new URLSearchParams(location.search).get('open')?.includes('tenants')")
	p.Do(Click("tr.heading button"))
	p.Until("document.querySelectorAll('tbody tr').length === 1")
	p.Shot("overview-folded")
}

func objective(t *testing.T, chromium Chromium, base string) {
	p := chromium.Open(t, base, objectivePath("shop", "availability"), Desk)
	p.See("Budget left of 30d", "A segment burns:", "fires since", "Blame", "natively: counted as samples arrive", "shop.yml:", "Runbook")
	// The segments are ranked by blame: us has nearly all of it.
	p.Until("document.querySelector('table.segments tbody tr')?.innerText.includes('region=us')")
	p.Until("document.querySelectorAll('.plot canvas').length === 3")
	// Minutes of data are shown in an hour, not as a month that is empty.
	p.See("of 30d, last")
	p.Until("document.querySelector('.ranges [aria-pressed=true]')?.innerText === '1h'")
	p.Accessible()
	p.FitsWidth()
	p.Shot("objective")

	// A segment has an address of its own.
	p.Do(Click("table.segments tbody tr a"))
	p.See("whole objective")
	p.Until("document.querySelector('h1')?.innerText.includes('region=us')")
	p.Until("new URLSearchParams(location.search).get('segment') === 'shop/availability/region/us'")

	// One that counts nothing says why.
	p = chromium.Open(t, base, objectivePath("shop", "forgotten"), Desk)
	p.See("no-data", "nobody_sends_this_total")
	p.Accessible()
	p.Shot("objective-no-data")

	// Thousands of segments are a list like any other.
	p = chromium.Open(t, base, objectivePath("shop", "tenants")+"&range=1h", Desk)
	p.See("2000, by their share")
	if n := Eval[int](p, "document.querySelectorAll('table.segments tbody tr').length"); n > 200 {
		t.Errorf("want rows in sight alone, have %d", n)
	}
	p.Until("document.querySelector('.ranges [aria-pressed=true]')?.innerText === '1h'")

	// A composite leads to its members.
	p = chromium.Open(t, base, objectivePath("shop", "journey"), Desk)
	p.See("weighted mean of what its members did", "Member, 75.0 %")
	p.Accessible()
	p.Shot("objective-composite")
	p.Do(Click("section.definition a"))
	p.Until("document.querySelector('h1')?.innerText === 'shop/availability'")

	p = chromium.Open(t, base, objectivePath("shop", "never-was"), Desk)
	p.See("There is no objective shop/never-was")
}

func now(t *testing.T, chromium Chromium, base string) {
	p := chromium.Open(t, base, "now", Desk)
	p.See("shop/availability", "region=us", "of the budget per hour", "Runbook", "Decides", "has not acknowledged")
	p.Accessible()
	p.FitsWidth()
	p.Shot("now")
}

func releases(t *testing.T, chromium Chromium, base string) {
	p := chromium.Open(t, base, "releases?service=shop", Desk)
	p.Until("document.querySelector('h1')?.innerText === 'Releases'")
	p.Until("/May shop be released|keeps no releases/.test(document.body.innerText)")
	p.Accessible()
	p.FitsWidth()
	p.Shot("releases")
}

func status(t *testing.T, chromium Chromium, base string) {
	p := chromium.Open(t, base, "status", Desk)
	p.See("10005 objectives, no error", "browser", "Samples received", "does not answer", "Memory per budget", "Limits")
	p.Accessible()
	p.FitsWidth()
	p.Shot("status")
}

// hostile opens every view whose texts an attacker wrote. Page's own checks say
// whether any of it ran or was refused; here it must be read as text.
func hostile(t *testing.T, chromium Chromium, base string) {
	for _, path := range []string{
		"?q=shop&open=" + url.QueryEscape(`["shop","availability"]`), objectivePath("shop", "availability"), "now",
		objectivePath("shop", "availability") + "&segment=" + url.QueryEscape("shop/availability/region/"+url.QueryEscape(HostileImage)),
	} {
		p := chromium.Open(t, base, path, Desk)
		p.See(HostileImage)
		if n := Eval[int](p, "document.querySelectorAll('img, #app script, #app style, [onerror], [style*=\"url\"]').length"); n != 0 {
			t.Errorf("%s: have %d elements that no view makes", path, n)
		}
		p.FitsWidth()
	}
	p := chromium.Open(t, base, "?q="+url.QueryEscape(HostileScript)+"&owner="+url.QueryEscape(HostileImage)+"&sort=%3Cb%3E", Desk)
	p.See("No objective matches")
	p.Shot("hostile")
}

// long opens the views in which a text of 10 kB could push everything else away, and
// waits for what comes last in each.
func long(t *testing.T, chromium Chromium, base string) {
	for _, screen := range []Screen{Desk, Phone} {
		for path, last := range map[string]string{
			"?q=wordy": wordyName, objectivePath("wordy", wordyName): tenKB("selector"), "releases?service=wordy": "May override",
		} {
			p := chromium.Open(t, base, path, screen)
			p.See("wordy", last)
			p.FitsWidth()
			if high := Eval[int](p, "Math.max(...[...document.querySelectorAll('h1, header.title, tbody tr')].map(e => e.offsetHeight))"); high > 900 {
				t.Errorf("%s: one text is %d px high", path, high)
			}
		}
	}
}

func phone(t *testing.T, chromium Chromium, base string) {
	for name, path := range map[string]string{
		"overview": "", "objective": objectivePath("shop", "availability"), "now": "now", "releases": "releases?service=shop", "status": "status",
	} {
		p := chromium.Open(t, base, path, Phone)
		p.Until("document.querySelector('h1') && document.querySelector('.plot canvas, tbody, .card, select') && !document.body.innerText.includes('Loading…')")
		p.Accessible()
		p.FitsWidth()
		p.Shot("phone-" + name)
	}
}

func night(t *testing.T, chromium Chromium, base string) {
	for name, path := range map[string]string{"overview": "", "objective": objectivePath("shop", "availability"), "now": "now"} {
		p := chromium.Open(t, base, path, Night)
		p.See("availability")
		p.Until("document.querySelector('.plot canvas, svg.spark, .card') && !document.body.innerText.includes('Loading…')")
		p.Accessible()
		p.Shot("night-" + name)
	}
}

// keyboard finds an objective and opens it without a mouse.
func keyboard(t *testing.T, chromium Chromium, base string) {
	p := chromium.Open(t, base, "", Desk)
	p.See("shop/availability")
	p.Key(kb.Tab)
	if first := Eval[string](p, "document.activeElement.innerText"); first != "Skip to content" {
		t.Errorf("want Tab to begin at the skip link, have %q", first)
	}
	p.Key("/")
	p.Key("forgotten")
	p.Until("document.querySelectorAll('tbody tr').length === 1")
	if !Eval[bool](p, "document.activeElement.matches('input[type=search]')") {
		t.Error("want the search to keep the focus while one types")
	}
	p.Do(Focus("thead button"))
	p.Key(kb.ArrowDown)
	p.Until("document.activeElement.innerText === 'shop/forgotten'")
	p.Key(kb.Enter)
	p.Until("location.pathname.endsWith('/objective')")
	p.See("nobody_sends_this_total")
	p.Do(Back())
	p.Until("document.querySelectorAll('tbody tr').length === 1")
}

// unavailable lets the API answer 503 in the middle: what was shown stays, the page
// says so, and goes on by itself when the API does.
func unavailable(t *testing.T, chromium Chromium, base string) {
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	var down atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() && strings.Contains(r.URL.Path, "/api/") {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"status":"error","code":"unavailable","error":"memory is short: queries wait"}`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	p := chromium.Open(t, server.URL+target.Path, "?q=shop", Desk)
	p.See("shop/availability")
	down.Store(true)
	p.See("No answer for the list of objectives (503).", "memory is short: queries wait", "the last answer")
	if !strings.Contains(p.Text(), "shop/availability") {
		t.Error("want what was shown to stay")
	}
	p.Accessible()
	p.Shot("unavailable")
	p.Do(Click("header.frame nav a[href=status]")) // Still usable.
	p.See("No answer for the status (503).")
	down.Store(false)
	p.Until("!document.body.innerText.includes('No answer') && document.body.innerText.includes('Samples received')")

	// So it is in every other view.
	for path, shown := range map[string]string{
		objectivePath("shop", "availability"): "Budget left of 30d", "now": "of the budget per hour", "releases?service=shop": "May override",
	} {
		p := chromium.Open(t, server.URL+target.Path, path, Desk)
		p.See(shown)
		down.Store(true)
		p.See("(503)", "memory is short: queries wait", shown)
		p.Accessible()
		p.Do(Click("header.frame nav a[href='./']"))
		p.Until("location.pathname.endsWith('/')")
		down.Store(false)
	}
}
