package openslo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// kinds of v1 that an SLO refers to.
var kinds = []string{"Service", "DataSource", "SLI", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"}

// Library holds what documents refer to, by kind and name.
type Library struct{ resources map[string]resource }

// resource is one document, with the reader of it for what is wrong there.
type resource struct {
	*spec.Reader
	name       document.Node
	meta, spec document.Node
}

// NewLibrary is an empty one.
func NewLibrary() *Library { return &Library{resources: map[string]resource{}} }

// inKubernetes is v1 under the name of a group, as operators define it.
const inKubernetes = "openslo.com/v1"

// Is says whether a document is OpenSLO's.
func Is(m *document.Mapping) bool {
	v := m.Get("apiVersion").String()
	return v == string(slo.FormatOpenSLO) || v == string(slo.FormatOpenSLOAlpha) || v == inKubernetes
}

// Add keeps a document that others may refer to. It is false for SLOs.
func (l *Library) Add(doc *spec.Reader, m *document.Mapping) bool {
	m.Get("apiVersion")
	kindNode := m.Require("kind")
	kind := kindNode.String()
	if kind == "Datasource" { // an operator's spelling
		kind = "DataSource"
	}
	switch {
	case kind == "SLO":
		return false
	case kind == "":
		return true
	case !slices.Contains(kinds, kind):
		kindNode.Errorf("kind %s is none of OpenSLO's: want SLO or one of %s", kind, strings.Join(kinds, ", "))
		return true
	}
	res := resource{Reader: doc, meta: m.Require("metadata"), spec: m.Get("spec")}
	res.name = res.meta.Mapping().Require("name")
	m.Get("status")
	m.Done()
	key := kind + "/" + res.name.String()
	if first, dup := l.resources[key]; dup {
		line, _ := first.name.Place()
		res.name.Errorf("%s %s is already defined at %s:%d: rename one", kind, res.name, first.File, line)
		return true
	}
	l.resources[key] = res
	return true
}

// find is what a reference leads to.
func (l *Library) find(kind string, ref document.Node) (resource, bool) {
	res, ok := l.resources[kind+"/"+ref.String()]
	return res, ok
}

// missing says what a reference that leads nowhere may have meant. elsewhere: no file
// defines anything of the kind, so others do, beside which the SLO's files are not read.
func (l *Library) missing(kind string, ref document.Node) (what string, elsewhere bool) {
	var names []string
	for key := range l.resources {
		if name, is := strings.CutPrefix(key, kind+"/"); is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	hint := "no file defines one"
	if near := document.Nearest(ref.String(), names); near != "" {
		hint = "did you mean \"" + near + "\"?"
	} else if len(names) > 0 {
		hint = "there are " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s %q is not in any of the files: %s", kind, ref, hint), len(names) == 0
}
