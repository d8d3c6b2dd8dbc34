package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v2"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// schema is as much of JSON Schema as ours uses.
type schema struct {
	Ref                  string             `json:"$ref"`
	Defs                 map[string]*schema `json:"$defs"`
	Type                 any                `json:"type"`
	Const                any                `json:"const"`
	Enum                 []any              `json:"enum"`
	Pattern              string             `json:"pattern"`
	Properties           map[string]*schema `json:"properties"`
	AdditionalProperties json.RawMessage    `json:"additionalProperties"`
	Required             []string           `json:"required"`
	MaxProperties        *int               `json:"maxProperties"`
	Items                *schema            `json:"items"`
	OneOf                []*schema          `json:"oneOf"`
	ExclusiveMaximum     *float64           `json:"exclusiveMaximum"`
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	var s schema
	decode(t, sloSchema, &s)
	return &s
}

// check says what of a value does not fit, with the path to it.
func (s *schema) check(root *schema, path string, v any) []string {
	if s.Ref != "" {
		return root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")].check(root, path, v)
	}
	bad := func(format string, args ...any) []string {
		return []string{path + ": " + fmt.Sprintf(format, args...)}
	}
	if len(s.OneOf) > 0 {
		fits := 0
		for _, o := range s.OneOf {
			if len(o.check(root, path, v)) == 0 {
				fits++
			}
		}
		if fits != 1 {
			return bad("fits %d of oneOf", fits)
		}
		return nil
	}
	if s.Type != nil && !slices.Contains(strings.Fields(strings.Trim(fmt.Sprint(s.Type), "[]")), kindOf(v)) {
		return bad("want %v, have %s", s.Type, kindOf(v))
	}
	if s.Const != nil && s.Const != v || s.Enum != nil && !slices.Contains(s.Enum, v) {
		return bad("%v is not allowed", v)
	}
	if text, ok := v.(string); ok && s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text) {
		return bad("%q does not match %s", text, s.Pattern)
	}
	var out []string
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			out = append(out, s.Items.check(root, fmt.Sprintf("%s[%d]", path, i), e)...)
		}
	case map[string]any:
		for _, k := range s.Required {
			if _, ok := v[k]; !ok {
				out = append(out, bad("%s is missing", k)...)
			}
		}
		if s.MaxProperties != nil && len(v) > *s.MaxProperties {
			out = append(out, bad("too many keys")...)
		}
		for k, e := range v {
			out = append(out, s.property(k).check(root, path+"."+k, e)...)
		}
	}
	return out
}

// property is the schema of a key's value; one that fits nothing for unknown keys.
func (s *schema) property(key string) *schema {
	if p := s.Properties[key]; p != nil {
		return p
	}
	var more schema
	if json.Unmarshal(s.AdditionalProperties, &more) == nil {
		return &more
	}
	if s.AdditionalProperties == nil {
		return &schema{}
	}
	return &schema{Enum: []any{"an unknown key"}}
}

func kindOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case nil:
		return "null"
	}
	return "number"
}

// plainYAML is a document as JSON would have it.
func plainYAML(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := map[string]any{}
		for k, e := range v {
			out[fmt.Sprint(k)] = plainYAML(e)
		}
		return out
	case []any:
		for i := range v {
			v[i] = plainYAML(v[i])
		}
	}
	return v
}

func TestShippedExamplesFitTheSchema(t *testing.T) {
	root, found := readSchema(t), 0
	for _, pattern := range []string{"../../deploy/slos/*.yml", "../../testdata/slo/*.yml", "../../docs/reference/slo-files.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("want files at %s, have %v, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			docs := []string{string(text)}
			if strings.HasSuffix(file, ".md") {
				docs = docs[:0]
				for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
					docs = append(docs, m[1])
				}
			}
			for _, doc := range docs {
				var v any
				if err := yaml.Unmarshal([]byte(doc), &v); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				m, _ := plainYAML(v).(map[string]any)
				if m["version"] != string(slo.FormatNative) {
					continue
				}
				found++
				for _, problem := range root.check(root, file, m) {
					t.Error(problem)
				}
			}
		}
	}
	if found < 5 {
		t.Errorf("want the shipped examples, have %d", found)
	}
}

// The examples' first line names the schema beside them.
func TestTheShippedSchema(t *testing.T) {
	golden(t, "../../deploy/slos/slowburn.schema.json", string(sloSchema))
}

func TestTheSchemaRefuses(t *testing.T) {
	root := readSchema(t)
	for _, text := range []string{
		"{version: slowburn/v2, service: a, objectives: []}",
		"{version: slowburn/v1, service: a, objectives: [{name: a, targget: 99, sli: {probe: {metric: up}}}]}",
		"{version: slowburn/v1, service: a, objectives: [{name: a, target: 99, sli: {probe: {metric: up}, query: {}}}]}",
		"{version: slowburn/v1, service: a, objectives: [{name: a, target: '99', sli: {probe: {metric: up}}}]}",
		"{version: slowburn/v1, service: a, window: fortnight, objectives: []}",
	} {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if len(root.check(root, "", plainYAML(v))) == 0 {
			t.Errorf("want it refused: %s", text)
		}
	}
}

// Every key the reader knows is in the schema, and no other: the reader lists its
// keys when it is given an unknown one.
func TestSchemaKeysAreTheReaders(t *testing.T) {
	root := readSchema(t)
	const head = "version: slowburn/v1\nservice: a\n"
	one := func(sli string) string { return head + "objectives: [{name: a, target: 99, sli: " + sli + "}]\n" }
	for name, text := range map[string]string{
		"":          head + "zzzzzzzzzz: 1\nobjectives: [{name: a, target: 99, sli: {probe: {metric: x}}}]\n",
		"objective": head + "objectives: [{name: a, target: 99, zzzzzzzzzz: 1, sli: {probe: {metric: x}}}]\n",
		"segment":   head + "objectives: [{name: a, target: 99, by: b, segments: [{match: {b: c}, target: 9, zzzzzzzzzz: 1}], sli: {probe: {metric: x}}}]\n",
		"severity":  head + "objectives: [{name: a, target: 99, alerting: {page: {zzzzzzzzzz: 1}}, sli: {probe: {metric: x}}}]\n",
		"sli":       one("{zzzzzzzzzz: 1, probe: {metric: x}}"),
		"events":    one("{events: {bad: b, total: t, zzzzzzzzzz: 1}}"),
		"latency":   one("{latency: {histogram: h, threshold: 1s, zzzzzzzzzz: 1}}"),
		"probe":     one("{probe: {metric: x, zzzzzzzzzz: 1}}"),
		"slices":    one("{slices: {events: {bad: b, total: t}, max_bad: 5%, zzzzzzzzzz: 1}}"),
		"query":     one("{query: {bad: 'rate(b[{{.window}}])', total: 'rate(t[{{.window}}])', zzzzzzzzzz: 1}}"),
		"member":    one("{composite: [{objective: a, zzzzzzzzzz: 1}, {objective: b}]}"),
		"line":      one("{latency: {histogram: h, thresholds: [{threshold: 1s, zzzzzzzzzz: 1}]}}"),
	} {
		s := root
		if name != "" {
			s = root.Defs[name]
		}
		_, err := load.Text("a.yml", []byte(text), spec.Options{})
		var have []string
		for _, e := range slo.Errors(err) {
			if _, keys, ok := strings.Cut(e.Msg, `unknown key "zzzzzzzzzz": want one of `); ok {
				have = strings.Split(keys, ", ")
			}
		}
		slices.Sort(have)
		if name == "latency" { // known only where they stand
			have = append(have, "thresholds")
		}
		if want := slices.Sorted(maps.Keys(s.Properties)); !cmp.Equal(want, have) {
			t.Errorf("%q: keys of schema (-) and reader (+): %s", name, cmp.Diff(want, have))
		}
	}
}
