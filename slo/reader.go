package slo

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo/document"
)

// reader turns one document into objectives.
type reader struct {
	file  string
	doc   *document.Document
	opts  Options
	found []candidate
	// findings are those of the objective that is being read.
	findings []Finding
}

// candidate is an objective that is good in itself.
type candidate struct {
	objective *Objective
	name      document.Node
	findings  []Finding
}

// foreign are formats we know of and do not read.
var foreign = []struct{ prefix, tool string }{
	{"sloth.slok.dev/", "Sloth's Kubernetes resources: for now give Sloth's own files, version: prometheus/v1"},
	{"pyrra.dev/", "Pyrra's files"},
	{"openslo.com/", "OpenSLO files"},
	{"openslo/", "OpenSLO files"},
}

// read tells the format from the document itself and reads it.
func (r *reader) read() {
	root := r.doc.Root()
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
		v.Errorf("apiVersion %q is not known: want \"version: %s\" or \"version: %s\"", v.String(), FormatNative, FormatSloth)
		return
	}
	if len(r.doc.Problems()) > 0 && !m.Has("version") {
		return
	}
	v := m.Require("version")
	switch Format(v.String()) {
	case FormatNative:
		r.native(m)
	case FormatSloth:
		r.sloth(m)
	case "":
	default:
		v.Errorf("version %q is not known: want %s or, for Sloth's files, %s", v.String(), FormatNative, FormatSloth)
	}
}

// objective reads one objective with f. It is found only if f left no problem.
func (r *reader) objective(n document.Node, f func(m *document.Mapping, o *Objective)) {
	before := len(r.doc.Problems())
	r.findings = nil
	if n.IsZero() {
		n.Errorf("an empty objective: remove the dash, or write the objective after it")
		return
	}
	m := n.Mapping()
	name := m.Require("name")
	o := &Objective{Name: r.name(name, "objective name")}
	o.Source.File = r.file
	o.Source.Line, o.Source.Column = n.Place()
	f(m, o)
	m.Done()
	if len(r.doc.Problems()) == before && len(o.SLI.Terms) == 0 && o.SLI.Query == nil {
		m.Get("sli").Errorf("the SLI counts nothing: give it events")
	}
	if len(r.doc.Problems()) == before {
		r.lint(m, o)
		r.found = append(r.found, candidate{o, name, r.findings})
	}
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)

// name reads a name that is safe in labels, URLs and IDs.
func (r *reader) name(n document.Node, what string) string {
	s, ok := n.Text()
	switch {
	case !ok:
	case s == "":
		n.Errorf("%s is empty", what)
	case len(s) > 128:
		n.Errorf("%s is longer than 128 characters", what)
	case !namePattern.MatchString(s):
		n.Errorf("%s %q: want letters, digits, \"-\", \"_\" and \".\", beginning and ending with a letter or digit", what, s)
	}
	return s
}

// percent reads a percentage as a ratio: 99.95 is 0.9995 exactly as a person
// would write it, not 99.95/100, whose last digit may differ.
func (r *reader) percent(n document.Node) (float64, bool) {
	_, text, ok := n.Number()
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(text+"e-2", 64)
	if err != nil { // written with an exponent, or in hexadecimal
		v, _, _ = n.Number()
		v /= 100
	}
	return v, true
}

// duration reads a duration in Prometheus's syntax; missing is 0.
func (r *reader) duration(n document.Node) time.Duration {
	if n.IsZero() {
		return 0
	}
	d, err := ParseDuration(n.String())
	if err != nil {
		n.Errorf("%v: want a duration such as 5m", err)
	}
	return d
}

// labels reads label names and values. set names those that slowburn itself sets,
// with what to write instead.
func (r *reader) labels(n document.Node, set map[string]string) map[string]string {
	for _, e := range n.Mapping().Entries() {
		instead, taken := set[e.Name]
		switch {
		case !model.LabelName(e.Name).IsValidLegacy():
			e.Key.Errorf("%q is not a label name: want letters, digits and \"_\", not beginning with a digit", e.Name)
		case strings.HasPrefix(e.Name, "__"):
			e.Key.Errorf("label names that begin with \"__\" are Prometheus's own")
		case taken:
			e.Key.Errorf("label %q cannot be set here: %s", e.Name, instead)
		}
	}
	return n.StringMap()
}

// groups reads the labels that make one budget each, sorted.
func (r *reader) groups(n document.Node) []string {
	var by []string
	for _, v := range n.OneOrMore() {
		name := v.String()
		switch {
		case !model.LabelName(name).IsValidLegacy() || strings.HasPrefix(name, "__"):
			v.Errorf("%q is not a label name", name)
		case name == "le":
			v.Errorf("\"le\" tells a histogram's buckets apart, not users: it cannot make budgets")
		case slices.Contains(by, name):
			v.Errorf("label %q stands twice", name)
		}
		by = append(by, name)
	}
	slices.Sort(by)
	return by
}

func (r *reader) url(n document.Node) string {
	s := n.String()
	if s == "" {
		return ""
	}
	if u, err := url.Parse(s); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		n.Errorf("%q is not an address: want https://…", s)
	}
	return s
}

func (r *reader) finding(level Level, check string, p document.Problem) {
	r.findings = append(r.findings, Finding{Level: level, Check: check, Error: newError(r.file, p)})
}

func percentText(ratio float64) string {
	return strconv.FormatFloat(ratio*100, 'g', 10, 64)
}
