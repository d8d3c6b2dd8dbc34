package load_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// folder is a folder of SLO files whose objectives stand as they stand in serve.
type folder struct {
	t        *testing.T
	dir      string
	patterns []string
	standing []*slo.Objective
}

func (f *folder) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) remove(name string) {
	f.t.Helper()
	if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
		f.t.Fatal(err)
	}
}

// reload reads the files again and says what stands: "service/name target".
func (f *folder) reload() (standing, broken []string) {
	set, err := load.Files(f.patterns, spec.Options{})
	f.standing = load.Standing(f.standing, set, err)
	for _, o := range f.standing {
		standing = append(standing, o.String())
	}
	for _, name := range load.BrokenFiles(err) {
		broken = append(broken, filepath.Base(name))
	}
	slices.Sort(standing)
	return standing, broken
}

func (f *folder) want(what string, standing, broken []string) {
	f.t.Helper()
	haveStanding, haveBroken := f.reload()
	if !cmp.Equal(standing, haveStanding) {
		f.t.Errorf("%s: objectives: %s", what, cmp.Diff(standing, haveStanding))
	}
	if !cmp.Equal(broken, haveBroken) {
		f.t.Errorf("%s: broken files: %s", what, cmp.Diff(broken, haveBroken))
	}
}

const twoOfShop = `
version: slowburn/v1
service: shop
objectives:
  - {name: a, target: 99, sli: {events: {bad: errors_total, total: requests_total}}}
  - {name: b, target: TARGET, sli: {events: {bad: errors_total, total: requests_total}}}
`

const oneOfMail = `
version: slowburn/v1
service: mail
objectives:
  - {name: a, target: TARGET, sli: {events: {bad: errors_total, total: requests_total}}}
`

func with(text, target string) string { return strings.ReplaceAll(text, "TARGET", target) }

func TestABrokenFileKeepsWhatItLastGave(t *testing.T) {
	f := &folder{t: t, dir: t.TempDir()}
	f.patterns = []string{filepath.Join(f.dir, "*.yml")}
	f.write("shop.yml", with(twoOfShop, "99.5"))
	f.write("mail.yml", with(oneOfMail, "99"))
	f.want("at start", []string{"mail/a (target 0.99)", "shop/a (target 0.99)", "shop/b (target 0.995)"}, nil)

	f.write("shop.yml", with(twoOfShop, "high"))
	f.write("mail.yml", with(oneOfMail, "95"))
	f.want("one broken, the other changed", []string{"mail/a (target 0.95)", "shop/a (target 0.99)", "shop/b (target 0.995)"}, []string{"shop.yml"})

	f.remove("mail.yml")
	f.want("a file removed beside a broken one", []string{"shop/a (target 0.99)", "shop/b (target 0.995)"}, []string{"shop.yml"})

	f.write("moved.yml", with(twoOfShop, "90"))
	f.want("its objectives moved to a good file", []string{"shop/a (target 0.99)", "shop/b (target 0.9)"}, []string{"shop.yml"})

	f.remove("moved.yml")
	f.remove("shop.yml")
	f.want("no file left at all", []string{"shop/a (target 0.99)", "shop/b (target 0.9)"}, []string{"*.yml"})

	f.write("mail.yml", with(oneOfMail, "99"))
	f.want("mended", []string{"mail/a (target 0.99)"}, nil)
}

func TestTwoFilesThatDefineOneObjective(t *testing.T) {
	f := &folder{t: t, dir: t.TempDir()}
	f.patterns = []string{filepath.Join(f.dir, "*.yml")}
	f.write("b.yml", with(twoOfShop, "99.5"))
	f.want("at start", []string{"shop/a (target 0.99)", "shop/b (target 0.995)"}, nil)
	// A copy that is read before it: the file it was in is the broken one now.
	f.write("a.yml", with(twoOfShop, "99.9"))
	f.want("a copy", []string{"shop/a (target 0.99)", "shop/b (target 0.999)"}, []string{"b.yml"})
}
