package load

import (
	"slices"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/native"
	"github.com/slowburn/slowburn/slo/openslo"
	"github.com/slowburn/slowburn/slo/pyrra"
	"github.com/slowburn/slowburn/slo/sloth"
	"github.com/slowburn/slowburn/slo/spec"
)

// formats are what documents of one reading share across files.
type formats struct {
	windows sloth.Windows
	pyrra   pyrra.Names
	library *openslo.Library
	// foreign are documents for Kubernetes that are of no format that is read.
	foreign map[*spec.Reader]bool
}

func newFormats() *formats {
	return &formats{windows: sloth.Windows{}, pyrra: pyrra.Names{}, library: openslo.NewLibrary(), foreign: map[*spec.Reader]bool{}}
}

// declare reads documents that others refer to. taken is false for all others.
func (f *formats) declare(r *spec.Reader) (taken bool) {
	root := r.Doc.Root()
	if root.IsZero() {
		return true
	}
	m := root.Mapping().PassOver()
	switch {
	case sloth.IsWindows(m):
		f.windows.Read(r, m)
	case openslo.Is(m):
		return f.library.Add(r, m)
	default:
		return false
	}
	return true
}

// read tells the format from the document itself and reads it.
func (f *formats) read(r *spec.Reader) {
	m := r.Doc.Root().Mapping().PassOver()
	if m.Has("apiVersion") {
		f.resource(r, m)
		return
	}
	if !m.Has("version") {
		if len(r.Doc.Problems()) == 0 {
			m.Node().Errorf("\"version\" is missing: slowburn's own files begin with \"version: %s\", others with their version or apiVersion", slo.FormatNative)
		}
		return
	}
	v := m.Require("version")
	switch slo.Format(v.String()) {
	case slo.FormatNative:
		native.Read(r, m)
	case slo.FormatSloth:
		sloth.Read(r, m, f.windows)
	case "":
	default:
		v.Errorf("version %q is not known: want %s or, for Sloth's files, %s", v.String(), slo.FormatNative, slo.FormatSloth)
	}
}

// resource reads a document of the shape of Kubernetes's.
func (f *formats) resource(r *spec.Reader, m *document.Mapping) {
	v := m.Get("apiVersion")
	switch version := v.String(); {
	case version == string(slo.FormatSlothCRD):
		sloth.ReadResource(r, m, f.windows)
	case version == string(slo.FormatPyrra), version == "v1alpha1" && m.Get("kind").String() == "ServiceLevelObjective":
		if version == "v1alpha1" {
			r.Finding(slo.LevelInfo, "assumed", v.Problem("apiVersion v1alpha1 is taken for %s", slo.FormatPyrra))
		}
		pyrra.Read(r, m, f.pyrra)
	case openslo.Is(m):
		f.library.Read(r, m)
	case m.Get("kind").String() == "List":
		v.Errorf("a List without items")
	case !slices.Contains(kinds, m.Get("kind").String()):
		f.foreign[r] = true
	default:
		unknown(v)
	}
}

// kinds are those that SLOs are told in: of any other version they are a mistake.
var kinds = []string{"", "PrometheusServiceLevel", "AlertWindows", "ServiceLevelObjective", "SLO", "SLI", "AlertPolicy"}

// passOver leaves out foreign documents that stand in one file with others, such as the
// Namespace that SLOs live in. A file that holds nothing else is a mistake.
func (f *formats) passOver(all []*spec.Reader) {
	ours := map[string]bool{}
	for _, r := range all {
		if !f.foreign[r] {
			ours[r.File] = true
		}
	}
	for r := range f.foreign {
		m := r.Doc.Root().Mapping()
		if v := m.Get("apiVersion"); ours[r.File] {
			r.Finding(slo.LevelInfo, "ignored", v.Problem("kind %s is no SLO: the document is passed over", m.Get("kind")))
		} else {
			unknown(v)
		}
	}
}

// unknown records that a version is none that is read.
func unknown(v document.Node) {
	v.Errorf("apiVersion %q is not known: want %s (Sloth), %s (Pyrra), %s or %s; slowburn's own files begin with \"version: %s\"",
		v, slo.FormatSlothCRD, slo.FormatPyrra, slo.FormatOpenSLO, slo.FormatOpenSLOAlpha, slo.FormatNative)
}
