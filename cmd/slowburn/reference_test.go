package main

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

const reference = "../../docs/reference/"

// TestReferenceFlags writes docs/reference/flags.md from the flags themselves.
func TestReferenceFlags(t *testing.T) {
	app := kingpin.New("slowburn", "")
	register(app)
	var b strings.Builder
	b.WriteString("# Commands and flags\n\nWritten from the code by `make golden`. `slowburn COMMAND --help` says the same.\n")
	var write func(c *kingpin.CmdModel)
	write = func(c *kingpin.CmdModel) {
		if len(c.Commands) == 0 {
			fmt.Fprintf(&b, "\n## slowburn %s\n\n%s\n", c.FullCommand, c.Help)
			args(&b, c)
			flags(&b, c)
		}
		for _, sub := range c.Commands {
			write(sub)
		}
	}
	for _, c := range app.Model().Commands {
		if c.Name != "help" {
			write(c)
		}
	}
	golden(t, reference+"flags.md", b.String())
}

func args(b *strings.Builder, c *kingpin.CmdModel) {
	for _, a := range c.Args {
		fmt.Fprintf(b, "\n`<%s>`: %s\n", a.Name, a.Help)
	}
}

func flags(b *strings.Builder, c *kingpin.CmdModel) {
	head := "\n| flag | default | meaning |\n|---|---|---|\n"
	for _, f := range c.Flags {
		if f.Hidden {
			continue
		}
		b.WriteString(head)
		head = ""
		def := strings.Join(f.Default, ", ")
		if def != "" {
			def = "`" + def + "`"
		}
		name := "--" + f.Name
		if !f.IsBoolFlag() && f.PlaceHolder != "" {
			name += "=" + f.PlaceHolder
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, def, strings.ReplaceAll(f.Help, "|", `\|`))
	}
}

// golden compares a file with what it should be, or rewrites it.
func golden(t *testing.T, file, want string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("%s is behind the code; `make golden` writes it again (-code +file):\n%s", file, diff)
	}
}

// rows are the first n cells of the table rows of a page that begin with a name in
// backquotes.
func rows(t *testing.T, page string, n int) [][]string {
	t.Helper()
	text, err := os.ReadFile(reference + page)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		if len(cells) <= n || cells[len(cells)-1] == "" {
			t.Errorf("%s: a row without a meaning: %s", page, line)
			continue
		}
		out = append(out, cells[:n])
	}
	return out
}

// TestReferenceHTTP holds docs/reference/http.md against the route table.
func TestReferenceHTTP(t *testing.T) {
	d := &demo{f: &demoFlags{Listen: "127.0.0.1:0", History: model.Duration(time.Hour), Speed: 1}, out: streams{newTold(), newTold()}, clock: newDemoClock(1), dir: t.TempDir()}
	if err := d.open(); err != nil {
		t.Fatal(err)
	}
	defer d.server.close()
	for _, l := range append([]net.Listener{d.at}, d.servers...) {
		defer l.Close()
	}
	var want, have []string
	for _, r := range d.server.web.Routes() {
		want = append(want, fmt.Sprint(strings.TrimSuffix(r.Path, "{$}"), " ", strings.Join(r.Methods, ", "), " ", r.Scope))
	}
	for _, r := range rows(t, "http.md", 3) {
		have = append(have, strings.Join(r, " "))
	}
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("docs/reference/http.md differs from the routes (-routes +page):\n%s", diff)
	}
}

var ownMetric = regexp.MustCompile(`^slowburn_`)

// checkReferenceMetrics holds docs/reference/metrics.md against a running slowburn's
// own page.
func checkReferenceMetrics(t *testing.T, served map[string]bool) {
	t.Helper()
	listed := map[string]bool{}
	for _, r := range rows(t, "metrics.md", 1) {
		name, later := strings.CutSuffix(r[0], "` †")
		listed[name] = true
		if !served[name] && !later {
			t.Errorf("docs/reference/metrics.md has %s, which is not served", name)
		}
	}
	for name := range served {
		if ownMetric.MatchString(name) && !listed[name] {
			t.Errorf("docs/reference/metrics.md lacks %s", name)
		}
	}
}
