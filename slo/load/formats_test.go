package load_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// shown is all that matters of an objective, for people to review.
func shown(o *slo.Objective) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  target %.10g over %s", o.ID(), o.Target, o.Windows[0])
	if o.Owner != "" {
		fmt.Fprintf(&b, ", owner %s", o.Owner)
	}
	fmt.Fprintf(&b, "\n  %s\n", terms(o.SLI))
	if s := o.SLI.Slice; s.Ratio {
		fmt.Fprintf(&b, "  slices of %s, as bad as their share\n", s.Length)
	} else if s.Length > 0 {
		fmt.Fprintf(&b, "  slices of %s, bad above %g\n", s.Length, s.MaxBad)
	}
	for _, r := range o.Rules {
		fmt.Fprintf(&b, "  %s %s %s", r.ID(), r.AlertName, r.Severity)
		for _, p := range r.Pairs {
			fmt.Fprintf(&b, " %s/%s>%.6g", slo.FormatDuration(p.Long), slo.FormatDuration(p.Short), p.Factor)
		}
		if r.For > 0 {
			fmt.Fprintf(&b, " for %s", slo.FormatDuration(r.For))
		}
		fmt.Fprintf(&b, " %v\n", r.Labels)
	}
	if a := o.Absent; a != nil {
		fmt.Fprintf(&b, "  absent %s %s for %s %v\n", a.AlertName, a.Severity, slo.FormatDuration(a.For), a.Labels)
	}
	return b.String()
}

// TestOtherFormatsGolden: how files as they are written in production are read, how
// each query is counted, and everything that is said about it.
func TestOtherFormatsGolden(t *testing.T) {
	t.Chdir("../../testdata/formats")
	for _, format := range []string{"sloth", "pyrra", "openslo"} {
		set, err := load.Files([]string{format + "/*.yml"}, spec.Options{SlothPeriod: slo.Rolling(28 * 24 * time.Hour)})
		if err != nil {
			t.Errorf("%s: %v", format, err)
		}
		var b strings.Builder
		for _, o := range set.Objectives {
			b.WriteString(shown(o))
		}
		for _, f := range set.Findings {
			fmt.Fprintln(&b, f)
		}
		golden(t, format+".golden", b.String())
	}
}

func golden(t *testing.T, name, have string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(have), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), have); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// TestMostOfSlothIsCountedNatively: three quarters, as production files go.
func TestMostOfSlothIsCountedNatively(t *testing.T) {
	set, err := load.Files([]string{"../../testdata/formats/sloth/*.yml"}, spec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	native := 0
	for _, o := range set.Objectives {
		if o.SLI.Query == nil {
			native++
		}
	}
	if 4*native < 3*len(set.Objectives) {
		t.Errorf("want three of four counted natively, have %d of %d", native, len(set.Objectives))
	}
}
