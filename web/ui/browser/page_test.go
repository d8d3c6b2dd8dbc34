package browser_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to show something on a busy machine.
const patience = time.Minute

// Page is a tab. What the browser complains about while it is open fails the test.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// Screen is what a page is shown on.
type Screen struct {
	Width, Height int64 // CSS pixels
	// Phone says that it is touched, Dark that its owner prefers dark.
	Phone, Dark bool
}

// The screens of the tests.
var (
	Desk  = Screen{Width: 1360, Height: 900}
	Phone = Screen{Width: 390, Height: 844, Phone: true}
	Night = Screen{Width: 1360, Height: 900, Dark: true}
)

// Open opens an address under base, which ends with a slash, on a screen.
func (c Chromium) Open(t testing.TB, base, path string, s Screen) *Page {
	t.Helper()
	ctx, done := chromedp.NewContext(c.ctx)
	t.Cleanup(done)
	p := &Page{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	call(p, log.Enable, cdp.Empty{})
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.Width, Height: s.Height, DeviceScaleFactor: 1, Mobile: s.Phone})
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchWidth})
	p.Do(chromedp.Navigate(base + path))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.complaints {
			t.Errorf("%s: the browser says: %s", path, c)
		}
	})
	return p
}

// call gives the tab a command of the protocol.
func call[P, R any](p *Page, cmd cdp.Command[P, R], params P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, cmd, params); err != nil {
		p.t.Fatalf("%s: %v", cmd.Method, err)
	}
}

// listen notes what no page of ours may cause.
func (p *Page) listen(event any) {
	complaint := ""
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		complaint = "dialog: " + e.Message
		// Not from here: this is the loop that would read the answer.
		go func() {
			_, _ = chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	case *runtime.EventExceptionThrown:
		complaint = "exception: " + exceptionText(e.ExceptionDetails)
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			complaint = "policy: " + e.Entry.Text
		}
	}
	if complaint != "" {
		p.mu.Lock()
		p.complaints = append(p.complaints, complaint)
		p.mu.Unlock()
	}
}

func exceptionText(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

// Action is what a reader does.
type Action = chromedp.Action[chromedp.Void]

// Do runs actions.
func (p *Page) Do(actions ...Action) {
	p.t.Helper()
	ctx, done := context.WithTimeout(p.ctx, patience)
	defer done()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("drive the browser: %v", err)
	}
}

// Eval is what an expression, which may be a promise, comes to.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return run(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func run[T any](p *Page, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, done := context.WithTimeout(p.ctx, patience)
	defer done()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatalf("drive the browser: %v", err)
	}
	return v
}

// Text is all that a reader can read.
func (p *Page) Text() string { p.t.Helper(); return Eval[string](p, "document.body.innerText") }

// Until waits until an expression is true.
func (p *Page) Until(expression string) {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if Eval[bool](p, "!!("+expression+")") {
			return
		}
		if time.Now().After(end) {
			p.Shot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
			p.t.Fatalf("want %s, have\n%s", expression, p.Text())
		}
	}
}

// See waits until the page shows all of the texts.
func (p *Page) See(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.Until(fmt.Sprintf("document.body.innerText.includes(%q)", text))
	}
}

// Click clicks on the first element that a selector finds, once there is one.
func Click(selector string) Action { return chromedp.Click(chromedp.CSS(selector)) }

// Focus gives it the focus.
func Focus(selector string) Action { return chromedp.Focus(chromedp.CSS(selector)) }

// Scroll scrolls an element down by so many pixels.
func (p *Page) Scroll(selector string, by int) {
	p.t.Helper()
	Eval[int](p, fmt.Sprintf("document.querySelector(%q).scrollBy(0, %d), 0", selector, by))
}

// Back goes back in the tab's history.
func Back() Action { return chromedp.NavigateBack() }

// Key presses a key, such as "/" or kb.ArrowDown.
func (p *Page) Key(key string) { p.t.Helper(); p.Do(chromedp.KeyEvent(key)) }

// Shot writes a picture of the screen to bin/screenshots.
func (p *Page) Shot(name string) { p.t.Helper(); p.ShotIn("bin/screenshots", name) }

// ShotIn writes one to a folder of the repository.
func (p *Page) ShotIn(dir, name string) {
	p.t.Helper()
	png := run(p, chromedp.CaptureScreenshot())
	dir = filepath.Join(root, dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// FitsWidth fails if the page is wider than its screen, or was in any frame, and
// names what is.
func (p *Page) FitsWidth() {
	p.t.Helper()
	if wide := Eval[string](p, "widest()"); wide != "" {
		p.t.Error(wide)
	}
}

// watchWidth looks at each frame before it is shown: what is too wide for a moment
// only is seen as well, on a quick machine and on a slow one.
const watchWidth = `(() => {
	let over = 0, text = ''
	const look = () => {
		const main = document.getElementById('main')
		const now = Math.max(document.documentElement.scrollWidth, main ? main.scrollWidth : 0) - innerWidth
		if (now <= over) return
		over = now
		const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth)
		text = location.href.slice(0, 200) + ' is ' + now + ' px wider than the screen: ' +
			wide.map(e => '\n\t' + e.tagName + '.' + e.className + ' ends at ' + Math.round(e.getBoundingClientRect().right) + ' px: ' + (e.innerText ?? '').slice(0, 60)).join('')
	}
	const each = () => { look(); requestAnimationFrame(each) }
	document.addEventListener('DOMContentLoaded', each)
	window.widest = () => (look(), text)
})()`
