package deploy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"
)

// TestContainerStartsSlowburnWithFlagsItKnows asks slowburn for help with the arguments
// that the Dockerfile and compose file give it, and looks that what is copied is there.
// Neither is built here: that takes a container engine.
func TestContainerStartsSlowburnWithFlagsItKnows(t *testing.T) {
	var compose struct {
		Services map[string]struct {
			Command []string
			Volumes []string
			Build   struct{ Context, Dockerfile string }
			Rest    map[string]any `yaml:",inline"`
		}
		Rest map[string]any `yaml:",inline"`
	}
	if err := yaml.Unmarshal(read(t, "container/compose.yml"), &compose); err != nil {
		t.Fatal(err)
	}
	s := compose.Services["slowburn"]
	slowburn(t, append(s.Command, "--help")...)
	for _, path := range append(slices.Clone(s.Volumes), filepath.Join(s.Build.Context, s.Build.Dockerfile)+":") {
		if from, _, _ := strings.Cut(path, ":"); strings.HasPrefix(from, ".") {
			if _, err := os.Stat(filepath.Join("container", from)); err != nil {
				t.Errorf("compose.yml: %v", err)
			}
		}
	}

	for line := range strings.Lines(string(read(t, "container/Dockerfile"))) {
		if text, ok := strings.CutPrefix(line, "CMD "); ok {
			var args []string
			if err := json.Unmarshal([]byte(text), &args); err != nil {
				t.Fatalf("Dockerfile: %s: %v", line, err)
			}
			slowburn(t, append(args, "--help")...)
		}
		if text, ok := strings.CutPrefix(line, "COPY web"); ok {
			for _, from := range strings.Fields("web" + text)[:1] {
				if _, err := os.Stat(filepath.Join("..", from)); err != nil {
					t.Errorf("Dockerfile: %v", err)
				}
			}
		}
	}
}

// TestKubernetes holds the manifests together: selectors find the pods, mounts have
// volumes and these their sources, slowburn knows its flags and checks its files.
func TestKubernetes(t *testing.T) {
	type named struct{ Name string }
	type object struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   named
		Data       map[string]string
		StringData map[string]string `yaml:"stringData"`
		Spec       struct {
			Selector any
			Template struct {
				Metadata struct{ Labels map[string]string }
				Spec     struct {
					Containers []struct {
						Args         []string
						Ports        []struct{ Name string }
						VolumeMounts []struct {
							Name      string
							MountPath string `yaml:"mountPath"`
						} `yaml:"volumeMounts"`
						Readiness struct {
							HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
						} `yaml:"readinessProbe"`
					}
					Volumes []struct {
						Name      string
						ConfigMap named `yaml:"configMap"`
						Secret    struct {
							Name string `yaml:"secretName"`
						}
					}
				}
			}
			Claims []struct{ Metadata named } `yaml:"volumeClaimTemplates"`
		}
	}
	objects := map[string]object{}
	for _, doc := range bytes.Split(read(t, "kubernetes/slowburn.yml"), []byte("\n---\n")) {
		var o object
		if err := yaml.Unmarshal(doc, &o); err != nil {
			t.Fatal(err)
		}
		if o.APIVersion == "" || o.Kind == "" || o.Metadata.Name == "" {
			t.Errorf("no object: %s", doc)
		}
		objects[o.Kind+"/"+o.Metadata.Name] = o
	}

	set := objects["StatefulSet/slowburn"]
	pod := set.Spec.Template.Spec
	if len(pod.Containers) != 1 {
		t.Fatalf("want one container, have %d", len(pod.Containers))
	}
	c := pod.Containers[0]
	slowburn(t, append(c.Args, "--help")...)
	if c.Readiness.HTTPGet.Path != "/-/ready" || len(c.Ports) != 1 || c.Readiness.HTTPGet.Port != c.Ports[0].Name {
		t.Errorf("readiness: have %+v of %+v", c.Readiness, c.Ports)
	}
	selector, _ := objects["Service/slowburn"].Spec.Selector.(map[any]any)
	for k, v := range selector {
		if set.Spec.Template.Metadata.Labels[k.(string)] != v {
			t.Errorf("the service selects %v=%v, pods have %v", k, v, set.Spec.Template.Metadata.Labels)
		}
	}
	if len(selector) == 0 {
		t.Error("the service selects nothing")
	}

	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
		if name := v.ConfigMap.Name; name != "" && objects["ConfigMap/"+name].Data == nil {
			t.Errorf("volume %s: no ConfigMap %s", v.Name, name)
		}
		if name := v.Secret.Name; name != "" && objects["Secret/"+name].StringData == nil {
			t.Errorf("volume %s: no Secret %s", v.Name, name)
		}
	}
	for _, claim := range set.Spec.Claims {
		volumes[claim.Metadata.Name] = true
	}
	for _, m := range c.VolumeMounts {
		if !volumes[m.Name] {
			t.Errorf("mount %s: no such volume", m.MountPath)
		}
	}

	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "/etc/slowburn/slos", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, text := range objects["ConfigMap/slowburn-slos"].Data {
		put(name, text)
	}
	if have, want := slowburn(t, "check", "--strict", put("config.yaml", objects["ConfigMap/slowburn"].Data["slowburn.yml"])), "1 objective, 0 errors, 0 warnings\n"; have != want {
		t.Errorf("check: want %q, have %q", want, have)
	}
	for name, secret := range objects["Secret/slowburn-tokens"].StringData {
		if len(secret) < 16 {
			t.Errorf("token %s would be refused: it has %d characters", name, len(secret))
		}
	}
}
