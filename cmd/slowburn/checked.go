package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/spec"
)

// checked is what a check found.
type checked struct {
	objectives []*slo.Objective
	items      []item
	files      []string
}

// item is one thing found.
type item struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Level   string `json:"level"` // error, warning, info
	Check   string `json:"check,omitempty"`
	Message string `json:"message"`

	excerpt string
}

func (c *checked) add(set spec.Set, err error) {
	c.objectives = append(c.objectives, set.Objectives...)
	c.files = append(c.files, set.Files...)
	for _, e := range slo.Errors(err) {
		c.items = append(c.items, newItem(e, "error", ""))
	}
	for _, f := range set.Findings {
		c.items = append(c.items, newItem(f.Error, string(f.Level), f.Check))
	}
}

// warn adds what is said about an objective as a whole.
func (c *checked) warn(o *slo.Objective, level slo.Level, check, format string, args ...any) {
	e := &slo.Error{Position: o.Source, Msg: o.ID() + ": " + fmt.Sprintf(format, args...)}
	c.items = append(c.items, newItem(e, string(level), check))
}

// sort puts items in the order of their places.
func (c *checked) sort() {
	slices.SortStableFunc(c.items, func(a, b item) int {
		return cmp.Or(slices.Index(c.files, a.File)-slices.Index(c.files, b.File), a.Line-b.Line, a.Column-b.Column)
	})
}

func newItem(e *slo.Error, level, check string) item {
	return item{e.File, e.Line, e.Column, level, check, e.Msg, e.Excerpt}
}

func (c *checked) count(level string) int {
	n := 0
	for _, i := range c.items {
		if i.Level == level {
			n++
		}
	}
	return n
}

func (c *checked) failed(strict bool) bool {
	return c.count("error") > 0 || strict && c.count("warning") > 0
}

func (c *checked) print(s streams, format string) error {
	switch format {
	case "json":
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		return enc.Encode(append([]item{}, c.items...)) // [] and never null
	case "github":
		for _, i := range c.items {
			level := strings.NewReplacer("info", "notice").Replace(i.Level)
			fmt.Fprintf(s.out, "::%s file=%s,line=%d,col=%d::%s\n", level, escape(i.File, ":,"), i.Line, i.Column, escape(i.Message, ""))
		}
		return nil
	}
	for _, i := range c.items {
		p := slo.Position{File: i.File, Line: i.Line, Column: i.Column}
		fmt.Fprintf(s.out, "%s: %s: %s\n%s", p, i.Level, i.Message, i.excerpt)
	}
	_, err := fmt.Fprintf(s.out, "%s, %s, %s\n", plural(len(c.objectives), "objective"), plural(c.count("error"), "error"), plural(c.count("warning"), "warning"))
	return err
}

// escape writes text as GitHub's workflow commands want it.
func escape(s, more string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '%' || r == '\r' || r == '\n' || strings.ContainsRune(more, r) {
			fmt.Fprintf(&b, "%%%02X", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
