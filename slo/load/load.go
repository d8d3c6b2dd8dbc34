package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// Files reads the SLO files that the patterns (as of filepath.Glob) match. It
// returns the good objectives and, joined, an *Error for everything that is not:
// a broken file, document or objective leaves the others standing. Two objectives
// of one ID are an error at the second.
func Files(patterns []string, opts spec.Options) (spec.Set, error) {
	l := &loading{opts: opts.WithDefaults(), seen: map[string]slo.Position{}, said: map[string]bool{}}
	for _, name := range l.expand(patterns) {
		if data, err := readFile(name); err != nil {
			l.parts = append(l.parts, part{err: err})
		} else {
			l.parse(name, data)
		}
	}
	return l.finish()
}

// Text reads one SLO file, as Files does. name is what its errors call it.
func Text(name string, data []byte, opts spec.Options) (spec.Set, error) {
	l := &loading{opts: opts.WithDefaults(), seen: map[string]slo.Position{}, said: map[string]bool{}}
	l.parse(name, data)
	return l.finish()
}

// loading is the state of one reading.
type loading struct {
	opts spec.Options
	set  spec.Set
	errs []error
	// seen are the places of the objectives so far, by ID.
	seen map[string]slo.Position
	// said are the findings so far.
	said map[string]bool
	// composites are those of the objectives that are made of others.
	composites []spec.Candidate
	// parts are what the files gave so far, in order.
	parts []part
}

// part is a document with a reader of its own, or why there is none.
type part struct {
	*spec.Reader
	err error
}

// expand lists the files the patterns match, each once, patterns in order.
func (l *loading) expand(patterns []string) []string {
	var names []string
	for _, pattern := range patterns {
		if !strings.ContainsAny(pattern, `*?[\`) {
			names = append(names, pattern)
			continue
		}
		matches, err := filepath.Glob(pattern)
		switch {
		case err != nil:
			l.errs = append(l.errs, &slo.Error{Position: slo.Position{File: pattern}, Msg: "not a file pattern: a bracket is not closed"})
		case len(matches) == 0:
			l.errs = append(l.errs, &slo.Error{Position: slo.Position{File: pattern}, Msg: "the pattern matches no file"})
		}
		names = append(names, matches...)
	}
	var out []string
	for _, n := range names {
		if n = filepath.Clean(n); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// readFile reads a regular file of bearable size: a pattern must not make us read
// a device or a pipe for ever.
func readFile(name string) ([]byte, error) {
	bad := func(format string, args ...any) ([]byte, error) {
		return nil, &slo.Error{Position: slo.Position{File: name}, Msg: fmt.Sprintf(format, args...)}
	}
	info, err := os.Stat(name)
	if err != nil {
		return bad("cannot be read: %v", reason(err))
	}
	switch {
	case info.IsDir():
		return bad("is a directory: name its files, such as %s", filepath.Join(name, "*.yml"))
	case !info.Mode().IsRegular():
		return bad("is not a regular file")
	case info.Size() > document.MaxText:
		return bad("the file is longer than %d MiB: split it", document.MaxText>>20)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return bad("cannot be read: %v", reason(err))
	}
	return data, nil
}

// reason drops from a file error what its place says already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// parse splits a file into documents. They are read once all files are there, as
// some name things that stand in others.
func (l *loading) parse(name string, data []byte) {
	l.set.Files = append(l.set.Files, name)
	docs, problem := document.Parse(data)
	if problem != nil {
		l.parts = append(l.parts, part{err: spec.NewError(name, *problem)})
		return
	}
	if len(docs) == 0 {
		l.parts = append(l.parts, part{err: &slo.Error{Position: slo.Position{File: name}, Msg: fmt.Sprintf("the file is empty: an SLO file begins with \"version: %s\"", slo.FormatNative)}})
		return
	}
	for _, d := range docs {
		for _, item := range d.Items() {
			l.parts = append(l.parts, part{Reader: &spec.Reader{File: name, Doc: item, Options: l.opts}})
		}
	}
}

// finish reads the documents.
func (l *loading) finish() (spec.Set, error) {
	f := newFormats()
	var all, rest []*spec.Reader
	for _, p := range l.parts {
		if p.Reader == nil {
			continue
		}
		all = append(all, p.Reader)
		if !f.declare(p.Reader) {
			rest = append(rest, p.Reader)
		}
	}
	for _, r := range rest {
		f.read(r)
	}
	f.passOver(all)
	for _, p := range l.parts {
		if p.Reader != nil {
			l.take(p.Reader)
		}
	}
	l.compose()
	for _, p := range l.parts {
		if p.Reader != nil {
			l.errs = append(l.errs, p.Errors()...)
		} else {
			l.errs = append(l.errs, p.err)
		}
	}
	return l.set, errors.Join(l.errs...)
}

// take adds what a document gave, in the order of its places.
func (l *loading) take(r *spec.Reader) {
	for _, c := range r.Found() {
		if first, dup := l.seen[c.Objective.ID()]; dup {
			c.Name.Errorf("objective %s is already defined at %s: rename one", c.Objective.ID(), first)
			continue
		}
		l.seen[c.Objective.ID()] = c.Objective.Source
		l.set.Objectives = append(l.set.Objectives, c.Objective)
		if len(c.Members) > 0 {
			l.composites = append(l.composites, c)
		}
		l.find(c.Findings)
	}
	l.find(r.Findings())
}

// find adds findings, each once: objectives may share what is said about.
func (l *loading) find(findings []slo.Finding) {
	for _, f := range findings {
		key := f.String()
		if !l.said[key] {
			l.said[key] = true
			l.set.Findings = append(l.set.Findings, f)
		}
	}
}
