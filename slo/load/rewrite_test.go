package load_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/native"
	"github.com/slowburn/slowburn/slo/spec"
)

// kept is what must outlive rewriting: all but where the objective stands, and why
// a query is one.
func kept(o *slo.Objective) *slo.Objective {
	c := o.Clone()
	c.Source = slo.Position{}
	c.SLI = slo.SLI{}
	return c
}

// TestRewrittenObjectivesAreTheSame: of every example in the repository, reading what Write made of files in any format
// gives objectives of the same meaning, target, windows, alerts, labels and names.
func TestRewrittenObjectivesAreTheSame(t *testing.T) {
	t.Chdir("../../testdata/formats")
	opts := spec.Options{SlothPeriod: slo.Rolling(28 * 24 * time.Hour)}
	all := ""
	for _, files := range []string{"sloth/*.yml", "pyrra/*.yml", "openslo/*.yml", "../slo/sloth-*.yml", "../../deploy/slos/*-sloth.yml"} {
		was, err := load.Files([]string{files}, opts)
		if err != nil || len(was.Objectives) == 0 {
			t.Fatal(files, err)
		}
		text, err := native.Write(was.Objectives)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
		is, err := load.Text("rewritten.yml", text, spec.Options{})
		if err != nil {
			t.Fatalf("%s: %v\n%s", files, err, text)
		}
		have := map[string]*slo.Objective{}
		for _, o := range is.Objectives {
			have[o.ID()] = o
		}
		for _, o := range was.Objectives {
			r := have[o.ID()]
			if r == nil {
				t.Errorf("%s is gone", o.ID())
				continue
			}
			if o.Meaning() != r.Meaning() {
				t.Errorf("%s: want meaning %s\nhave %s", o.ID(), o.Meaning(), r.Meaning())
			}
			if diff := cmp.Diff(kept(o), kept(r), cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); diff != "" {
				t.Errorf("%s: %s", o.ID(), diff)
			}
		}
	}
	golden(t, "rewritten.golden", all)
}
