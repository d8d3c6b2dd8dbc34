package slo

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slowburn/slowburn/slo/document"
)

// Options are what SLO files may leave unsaid.
type Options struct {
	// Tiers are those objectives may name; nil is DefaultTiers.
	Tiers map[string]Tier
	// DefaultTier is that of an objective that names none; empty is "standard".
	DefaultTier string
	// DefaultWindow is that of a native objective that names none, and the period
	// of every Sloth objective; zero is 30 d.
	DefaultWindow Window
}

func (o Options) withDefaults() Options {
	if o.Tiers == nil {
		o.Tiers = DefaultTiers()
	}
	if o.DefaultTier == "" {
		o.DefaultTier = "standard"
	}
	if o.DefaultWindow.Length == 0 {
		o.DefaultWindow = Rolling(30 * day)
	}
	return o
}

// Set is what SLO files gave.
type Set struct {
	// Objectives are the good ones, files in order, each from top to bottom.
	Objectives []*Objective
	// Findings are what lint has to say about them.
	Findings []Finding
	// Files are those that were read, in order.
	Files []string
}

// Load reads the SLO files that the patterns (as of filepath.Glob) match. It
// returns the good objectives and, joined, an *Error for everything that is not:
// a broken file, document or objective leaves the others standing. Two objectives
// of one ID are an error at the second.
func Load(patterns []string, opts Options) (Set, error) {
	l := &loading{opts: opts.withDefaults(), seen: map[string]Position{}}
	for _, name := range l.expand(patterns) {
		if data, err := readFile(name); err != nil {
			l.errs = append(l.errs, err)
		} else {
			l.parse(name, data)
		}
	}
	return l.set, errors.Join(l.errs...)
}

// Parse reads one SLO file, as Load does. name is what its errors call it.
func Parse(name string, data []byte, opts Options) (Set, error) {
	l := &loading{opts: opts.withDefaults(), seen: map[string]Position{}}
	l.parse(name, data)
	return l.set, errors.Join(l.errs...)
}

// loading is the state of one Load.
type loading struct {
	opts Options
	set  Set
	errs []error
	// seen are the places of the objectives so far, by ID.
	seen map[string]Position
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
			l.errs = append(l.errs, &Error{Position: Position{File: pattern}, Msg: "not a file pattern: a bracket is not closed"})
		case len(matches) == 0:
			l.errs = append(l.errs, &Error{Position: Position{File: pattern}, Msg: "the pattern matches no file"})
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
		return nil, &Error{Position: Position{File: name}, Msg: fmt.Sprintf(format, args...)}
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

func (l *loading) parse(name string, data []byte) {
	l.set.Files = append(l.set.Files, name)
	docs, problem := document.Parse(data)
	if problem != nil {
		l.errs = append(l.errs, newError(name, *problem))
		return
	}
	if len(docs) == 0 {
		l.errs = append(l.errs, &Error{Position: Position{File: name}, Msg: fmt.Sprintf("the file is empty: an SLO file begins with \"version: %s\"", FormatNative)})
		return
	}
	for _, d := range docs {
		r := &reader{file: name, doc: d, opts: l.opts}
		r.read()
		l.take(r)
	}
}

// take adds what a document gave, in the order of its places.
func (l *loading) take(r *reader) {
	for _, c := range r.found {
		if first, dup := l.seen[c.objective.ID()]; dup {
			c.name.Errorf("objective %s is already defined at %s: rename one", c.objective.ID(), first)
			continue
		}
		l.seen[c.objective.ID()] = c.objective.Source
		l.set.Objectives = append(l.set.Objectives, c.objective)
		l.set.Findings = append(l.set.Findings, c.findings...)
	}
	problems := slices.Clone(r.doc.Problems())
	slices.SortStableFunc(problems, func(a, b document.Problem) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	for _, p := range problems {
		l.errs = append(l.errs, newError(r.file, p))
	}
}

func newError(file string, p document.Problem) *Error {
	return &Error{Position: Position{File: file, Line: p.Line, Column: p.Column}, Msg: p.Msg, Excerpt: p.Excerpt}
}
