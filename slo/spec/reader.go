package spec

import (
	"cmp"
	"slices"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/lint"
)

// Reader turns one document into objectives.
type Reader struct {
	File string
	Doc  *document.Document
	Options
	found []Candidate
	// findings are those of the objective that is being read.
	findings []slo.Finding
	// members are where the objective that is being read names its members.
	members []document.Node
	// parent reads the document of the objective, if this is another one.
	parent *Reader
}

// Candidate is an objective that is good in itself.
type Candidate struct {
	Objective *slo.Objective
	Name      document.Node
	// Members are where a composite names its members, in their order.
	Members  []document.Node
	Findings []slo.Finding
}

// Objective reads one objective with f. It is found only if f left no problem.
func (r *Reader) Objective(n document.Node, f func(m *document.Mapping, o *slo.Objective)) {
	if n.IsZero() {
		n.Errorf("an empty objective: remove the dash, or write the objective after it")
		return
	}
	before := len(r.Doc.Problems())
	m := n.Mapping()
	r.named(before, m, m.Require("name"), func(o *slo.Objective) {
		f(m, o)
		m.Done()
	})
}

// Named is Objective where the name stands elsewhere than in the objective's own
// mapping m.
func (r *Reader) Named(m *document.Mapping, name document.Node, f func(o *slo.Objective)) {
	r.named(len(r.Doc.Problems()), m, name, f)
}

func (r *Reader) named(before int, m *document.Mapping, name document.Node, f func(o *slo.Objective)) {
	o := &slo.Objective{Name: r.Name(name, "objective name"), Traffic: slo.TrafficReal}
	o.Source.File = r.File
	o.Source.Line, o.Source.Column = m.Node().Place()
	f(o)
	if len(r.Doc.Problems()) == before && len(o.SLI.Terms) == 0 && o.SLI.Query == nil && !o.SLI.Composite() {
		m.Get("sli").Errorf("the SLI counts nothing: give it events")
	}
	findings, members := r.findings, r.members
	r.findings, r.members = nil, nil
	if len(r.Doc.Problems()) > before {
		return
	}
	lint.Objective(m, o, func(level slo.Level, check string, p document.Problem) {
		findings = append(findings, r.finding(level, check, p))
	})
	r.found = append(r.found, Candidate{o, name, members, findings})
}

// Refers notes where the objective that is being read names another one.
func (r *Reader) Refers(name document.Node) { r.members = append(r.members, name) }

// Drop forgets what was found: without a sound header no objective means what its
// writer meant.
func (r *Reader) Drop() { r.found = nil }

// Found are the good objectives, from top to bottom.
func (r *Reader) Found() []Candidate { return r.found }

// Findings are those that belong to no objective.
func (r *Reader) Findings() []slo.Finding { return r.findings }

// On is the reader for a part of the objective that stands in another document:
// what is said about it names that document, and belongs to the objective.
func (r *Reader) On(other *Reader) *Reader {
	return &Reader{File: other.File, Doc: other.Doc, Options: r.Options, parent: r}
}

// Finding says something about the objective that is being read.
func (r *Reader) Finding(level slo.Level, check string, p document.Problem) {
	f := r.finding(level, check, p)
	for r.parent != nil {
		r = r.parent
	}
	r.findings = append(r.findings, f)
}

func (r *Reader) finding(level slo.Level, check string, p document.Problem) slo.Finding {
	return slo.Finding{Level: level, Check: check, Error: NewError(r.File, p)}
}

// Errors are the document's problems, from top to bottom.
func (r *Reader) Errors() []error {
	problems := slices.Clone(r.Doc.Problems())
	slices.SortStableFunc(problems, func(a, b document.Problem) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	errs := make([]error, 0, len(problems))
	for _, p := range problems {
		errs = append(errs, NewError(r.File, p))
	}
	return errs
}

// NewError is a problem in a file.
func NewError(file string, p document.Problem) *slo.Error {
	return &slo.Error{Position: slo.Position{File: file, Line: p.Line, Column: p.Column}, Msg: p.Msg, Excerpt: p.Excerpt}
}
