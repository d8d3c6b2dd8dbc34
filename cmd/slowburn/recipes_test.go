package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/crypto/bcrypt"
)

// TestRecipes runs what deploy/release ships against a slowburn: the shell steps of the
// GitHub workflow, Argo's request and conditions, Flagger's webhooks; first while the
// budget is whole, then when it is gone.
func TestRecipes(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("PASSWORD"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(users, []byte("basic_auth_users:\n  flagger: "+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startSteering(t, "--web.config.file="+users)
	s.play(75*time.Second, 100, 0)
	s.decides("pass")
	s.github(t, true)
	s.argo(t, "pass")
	s.flagger(t, http.StatusOK)

	s.play(16*time.Second, 100, 1000)
	s.decides("fail")
	s.github(t, false)
	s.argo(t, "fail")
	s.flagger(t, http.StatusPreconditionFailed)
}

// decides waits until the gate does so.
func (s *steering) decides(want string) {
	s.t.Helper()
	exit := map[string]int{"pass": 0, "fail": 1}[want]
	out := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var have int
		if have, out = s.cli("ci", "gate", "--service=feed", "--change-type=rollout"); have == exit {
			return
		}
	}
	s.t.Fatalf("want the gate to %s, have %s", want, out)
}

func readRecipe(t *testing.T, name string, to any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy/release", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, to); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// github runs the workflow's steps with the shell GitHub gives them.
func (s *steering) github(t *testing.T, passes bool) {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("the workflow is not run: %v", err)
			return
		}
	}
	var w struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Run string }
		}
	}
	readRecipe(t, "github-actions.yml", &w)
	for _, step := range w.Jobs["release"].Steps {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "SLOWBURN_SERVER="+s.url, "SERVICE=feed", "CHANGE_TYPE=rollout", "VERSION=v7", "TOKEN=0123456789-secret-of-ci")
		out, err := cmd.CombinedOutput()
		cancel()
		if (err == nil) != passes {
			t.Errorf("step %s: want it to pass: %t, have %v: %s", step.Name, passes, err, out)
		}
		if err != nil {
			return // GitHub runs no more steps
		}
	}
}

// argo asks as the web provider does and judges by the template's conditions.
func (s *steering) argo(t *testing.T, want string) {
	t.Helper()
	var a struct {
		Spec struct {
			Metrics []struct {
				SuccessCondition string `yaml:"successCondition"`
				FailureCondition string `yaml:"failureCondition"`
				Provider         struct {
					Web struct {
						URL      string
						Headers  []struct{ Key, Value string }
						JSONPath string `yaml:"jsonPath"`
					}
				}
			}
		}
	}
	readRecipe(t, "argo-rollouts.yml", &a)
	args := strings.NewReplacer("{{args.service}}", "feed", "{{args.change-type}}", "rollout", "{{args.authorization}}", "Bearer 0123456789-secret-of-ci",
		"http://slowburn.monitoring:9797", s.url)
	m := a.Spec.Metrics[0]
	req, err := http.NewRequest(http.MethodGet, args.Replace(m.Provider.Web.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range m.Provider.Web.Headers {
		req.Header.Set(h.Key, args.Replace(h.Value))
	}
	status, body := send(t, req)
	var data any
	if err := json.Unmarshal([]byte(body), &data); err != nil || status != http.StatusOK {
		t.Fatalf("argo: %d %s: %v", status, body, err)
	}
	path, ok := strings.CutPrefix(strings.Trim(m.Provider.Web.JSONPath, "{}"), "$.")
	for _, key := range strings.Split(path, ".") {
		next, isMap := data.(map[string]any)
		ok = ok && isMap
		data = next[key]
	}
	condition := map[string]string{"pass": m.SuccessCondition, "fail": m.FailureCondition}[want]
	if !ok || data != want || condition != `result == "`+want+`"` {
		t.Errorf("argo: want %s by %q, have %v at %s", want, condition, data, m.Provider.Web.JSONPath)
	}
}

// flagger posts what Flagger does and looks at the status alone.
func (s *steering) flagger(t *testing.T, want int) {
	t.Helper()
	var c struct {
		Metadata struct{ Name string }
		Spec     struct {
			Analysis struct {
				Webhooks []struct {
					Name, URL string
					Metadata  map[string]string
				}
			}
		}
	}
	readRecipe(t, "flagger.yml", &c)
	if len(c.Spec.Analysis.Webhooks) == 0 {
		t.Fatal("flagger: no webhooks")
	}
	for _, hook := range c.Spec.Analysis.Webhooks {
		u, err := url.Parse(hook.URL)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = strings.TrimPrefix(s.url, "http://")
		body, err := json.Marshal(map[string]any{"name": c.Metadata.Name, "namespace": "shop", "phase": "Progressing", "checksum": "1", "metadata": hook.Metadata})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodPost, u.String(), strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if have, text := send(t, req); have != want {
			t.Errorf("flagger, %s: want %d, have %d %s", hook.Name, want, have, text)
		}
	}
}

// send sends a request and reads the answer.
func send(t *testing.T, req *http.Request) (status int, body string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
