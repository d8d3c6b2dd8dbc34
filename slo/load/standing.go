package load

import (
	"path/filepath"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/spec"
)

// Standing are the objectives in force once files were read again. A file with an
// error changes nothing: what it last gave stays in force, so that one broken file
// neither takes others down nor comes into force by half. All other files say what
// they say now; an objective that moved from a broken file to a good one is the good
// one's.
//
// before are the objectives in force until now, read and err what Files gave.
func Standing(before []*slo.Objective, read spec.Set, err error) []*slo.Objective {
	broken := BrokenFiles(err)
	stale := func(o *slo.Objective) bool {
		for _, name := range broken {
			if o.Source.File == name {
				return true
			}
			// A pattern that matched files and matches none now: its folder is gone, or is
			// being swapped.
			if ok, _ := filepath.Match(name, o.Source.File); ok {
				return true
			}
		}
		return false
	}
	held := map[string]bool{}
	for _, o := range before {
		if stale(o) {
			held[o.Source.File] = true
		}
	}
	var out []*slo.Objective
	taken := map[string]bool{}
	for _, o := range read.Objectives {
		if !held[o.Source.File] {
			out = append(out, o)
			taken[o.ID()] = true
		}
	}
	for _, o := range before {
		if held[o.Source.File] && !taken[o.ID()] {
			out = append(out, o)
		}
	}
	return out
}

// BrokenFiles are the files, and the patterns that match none, that errors of Files
// name, each once, in order.
func BrokenFiles(err error) []string {
	var names []string
	seen := map[string]bool{}
	for _, e := range slo.Errors(err) {
		if !seen[e.File] {
			seen[e.File] = true
			names = append(names, e.File)
		}
	}
	return names
}
