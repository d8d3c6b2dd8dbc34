package load

import (
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/native"
	"github.com/slowburn/slowburn/slo/sloth"
	"github.com/slowburn/slowburn/slo/spec"
)

// foreign are formats we know of and do not read.
var foreign = []struct{ prefix, tool string }{
	{"sloth.slok.dev/", "Sloth's Kubernetes resources: for now give Sloth's own files, version: prometheus/v1"},
	{"pyrra.dev/", "Pyrra's files"},
	{"openslo.com/", "OpenSLO files"},
	{"openslo/", "OpenSLO files"},
}

// read tells the format from the document itself and reads it.
func read(r *spec.Reader) {
	root := r.Doc.Root()
	if root.IsZero() {
		return
	}
	m := root.Mapping()
	if m.Has("apiVersion") {
		v := m.Get("apiVersion")
		for _, f := range foreign {
			if strings.HasPrefix(v.String(), f.prefix) {
				v.Errorf("apiVersion %s is not supported yet (%s)", v.String(), f.tool)
				return
			}
		}
		v.Errorf("apiVersion %q is not known: want \"version: %s\" or \"version: %s\"", v.String(), slo.FormatNative, slo.FormatSloth)
		return
	}
	if len(r.Doc.Problems()) > 0 && !m.Has("version") {
		return
	}
	v := m.Require("version")
	switch slo.Format(v.String()) {
	case slo.FormatNative:
		native.Read(r, m)
	case slo.FormatSloth:
		sloth.Read(r, m)
	case "":
	default:
		v.Errorf("version %q is not known: want %s or, for Sloth's files, %s", v.String(), slo.FormatNative, slo.FormatSloth)
	}
}
