package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
)

// running is a `slowburn serve` in this process.
type running struct {
	t   *testing.T
	url string
	log *told
}

// startServe starts serve over a configuration and waits until it is ready.
func startServe(t *testing.T, config string, args ...string) *running {
	t.Helper()
	f := flagsOfServe(t, config, args...)
	r := &running{t: t, log: newTold()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runServe(ctx, f, f.logger(streams{r.log, r.log})) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	r.url = "http://" + r.log.until(t, `msg=listening address=(\S+)`, time.Minute)[1]
	r.log.until(t, `msg=ready`, time.Minute)
	return r
}

// flagsOfServe are those of one that serves a configuration at a free port.
func flagsOfServe(t *testing.T, config string, args ...string) *serveFlags {
	t.Helper()
	app := kingpin.New("slowburn", "")
	f := newServeFlags(app.Command("serve", ""))
	args = append([]string{"serve", "--config.file=" + config, "--storage.tsdb.path=" + t.TempDir(), "--web.listen-address=127.0.0.1:0", "--web.enable-lifecycle"}, args...)
	if _, err := app.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f
}

func (r *running) ask(method, path string) (status int, body string) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// standing are the objectives in force, and what is wrong with the files.
func (r *running) standing() (objectives, errs string) {
	r.t.Helper()
	_, body := r.ask(http.MethodGet, "/api/slo/v1/objectives")
	var got struct {
		Data struct {
			Objectives []struct{ ID string }
			Errors     []struct{ Error string }
		}
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		r.t.Fatalf("%v in %s", err, body)
	}
	for _, o := range got.Data.Objectives {
		objectives += o.ID + " "
	}
	for _, e := range got.Data.Errors {
		errs += e.Error + "\n"
	}
	return strings.TrimSpace(objectives), errs
}

// until waits until the objectives are those wanted.
func (r *running) until(want string) {
	r.t.Helper()
	have := ""
	for range 600 {
		if have, _ = r.standing(); have == want {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	r.t.Fatalf("want objectives %q, have %q; log:\n%s", want, have, r.log)
}

func (r *running) metric(name string) string {
	_, body := r.ask(http.MethodGet, "/metrics")
	if m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}

func sloFile(service, target string) string {
	return "version: slowburn/v1\nservice: " + service + "\nobjectives:\n  - {name: a, target: " + target +
		", sli: {events: {bad: errors_total, total: requests_total}}}\n"
}

func putFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFault13_BrokenFilesLeaveOthersRunning(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "slowburn.yml")
	putFile(t, config, "slo_files: [slos/*.yml]\n")
	putFile(t, filepath.Join(dir, "slos/shop.yml"), sloFile("shop", "99.9"))
	putFile(t, filepath.Join(dir, "slos/mail.yml"), sloFile("mail", "99.9"))
	r := startServe(t, config, "--no-config.watch")
	r.until("mail/a shop/a")

	putFile(t, filepath.Join(dir, "slos/shop.yml"), "version: slowburn/v1\nservice: shop\nobjectives: [}\n")
	putFile(t, filepath.Join(dir, "slos/mail.yml"), sloFile("post", "99.9"))
	if status, body := r.ask(http.MethodPost, "/-/reload"); status != http.StatusInternalServerError || !strings.Contains(body, "shop.yml:3:") {
		t.Errorf("want 500 with the place, have %d %s", status, body)
	}
	r.until("post/a shop/a")
	if _, errs := r.standing(); !strings.Contains(errs, "not valid YAML") {
		t.Errorf("want what is wrong shown, have %q", errs)
	}
	if ok, broken := r.metric("slowburn_config_last_reload_successful"), r.metric("slowburn_config_broken_files"); ok != "0" || broken != "1" {
		t.Errorf("want 0 and 1 broken file, have %s and %s", ok, broken)
	}
	r.log.until(t, `an SLO file is broken: what it gave before stays in force`, time.Minute)

	putFile(t, config, "slo_files: [slos/*.yml]\nslo_flies: 1\n")
	putFile(t, filepath.Join(dir, "slos/shop.yml"), sloFile("shop", "99"))
	if status, body := r.ask(http.MethodPost, "/-/reload"); status != http.StatusInternalServerError || !strings.Contains(body, `did you mean "slo_files"?`) {
		t.Errorf("want 500 with the place, have %d %s", status, body)
	}
	r.until("post/a shop/a")

	putFile(t, config, "slo_files: [slos/shop.yml]\n")
	if status, body := r.ask(http.MethodPost, "/-/reload"); status != http.StatusOK {
		t.Errorf("want 200, have %d %s", status, body)
	}
	r.until("shop/a")
	if ok, broken := r.metric("slowburn_config_last_reload_successful"), r.metric("slowburn_config_broken_files"); ok != "1" || broken != "0" {
		t.Errorf("want 1 and no broken file, have %s and %s", ok, broken)
	}
}

// A ConfigMap is a folder whose files are links through `..data`, which is swapped.
func TestReloadWhenAConfigMapIsSwapped(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "slowburn.yml")
	putFile(t, config, "slo_files: [slos/*.yml]\n")
	putFile(t, filepath.Join(dir, "slos/..1/shop.yml"), sloFile("shop", "99.9"))
	putFile(t, filepath.Join(dir, "slos/..2/shop.yml"), sloFile("store", "99.9"))
	link := func(old, name string) {
		t.Helper()
		if err := os.Symlink(old, filepath.Join(dir, "slos", name)); err != nil {
			t.Fatal(err)
		}
	}
	link("..1", "..data")
	link("..data/shop.yml", "shop.yml")
	r := startServe(t, config)
	r.until("shop/a")

	link("..2", "..data_tmp")
	if err := os.Rename(filepath.Join(dir, "slos/..data_tmp"), filepath.Join(dir, "slos/..data")); err != nil {
		t.Fatal(err)
	}
	r.until("store/a")

	putFile(t, filepath.Join(dir, "more/mail.yml"), sloFile("mail", "99.9"))
	putFile(t, config, "slo_files: [slos/*.yml, more/*.yml]\n")
	r.until("store/a mail/a")
	putFile(t, filepath.Join(dir, "more/post.yml"), sloFile("post", "99.9"))
	r.until("store/a mail/a post/a")
}

func TestStartWithBrokenFiles(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "slowburn.yml")
	putFile(t, config, "slo_files: [slos/*.yml]\n")
	putFile(t, filepath.Join(dir, "slos/shop.yml"), sloFile("shop", "much"))
	var h configHolder
	err := h.load(config, (&serveFlags{LogLevel: "info", LogFormat: "logfmt"}).logger(streams{io.Discard, io.Discard}))
	if err == nil || !strings.Contains(err.Error(), "shop.yml:4:23") {
		t.Errorf("want an error at its place: there is nothing left to run; have %v", err)
	}
	putFile(t, filepath.Join(dir, "slos/mail.yml"), sloFile("mail", "99.9"))
	r := startServe(t, config)
	r.until("mail/a")
	if _, errs := r.standing(); !strings.Contains(errs, "want a number") {
		t.Errorf("want what is wrong shown, have %q", errs)
	}
}
