package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo/document"
)

// parse reads the only document of a text.
func parse(t *testing.T, text string) *document.Document {
	t.Helper()
	docs, problem := document.Parse([]byte(text))
	if problem != nil || len(docs) != 1 {
		t.Fatalf("want one document, have %d and %v", len(docs), problem)
	}
	return docs[0]
}

// told are the problems as "line:column message".
func told(d *document.Document) []string {
	var out []string
	for _, p := range d.Problems() {
		out = append(out, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Msg))
	}
	return out
}

func TestABrokenDocumentLeavesTheOthersStanding(t *testing.T) {
	docs, problem := document.Parse([]byte("\ufeff# head\r\n---\r\na: 1\r\n---\r\na: [\r\n...\r\n--- # third\r\nb: |\r\n  --- no marker\r\n"))
	if problem != nil || len(docs) != 3 {
		t.Fatalf("want 3 documents, have %d and %v", len(docs), problem)
	}
	if want, have := "1", docs[0].Root().Mapping().Get("a").String(); want != have {
		t.Errorf("want %q, have %q", want, have)
	}
	if want, have := []string{`5:4 not valid YAML: the closing "]" is missing`}, told(docs[1]); !cmp.Equal(want, have) {
		t.Error(cmp.Diff(want, have))
	}
	if want, have := "--- no marker\n", docs[2].Root().Mapping().Get("b").String(); want != have {
		t.Errorf("want %q, have %q", want, have)
	}
}

func TestMappingTellsUnknownAndDoubleKeys(t *testing.T) {
	d := parse(t, "base: &b {zone: eu, tier: x}\nthing:\n  <<: *b\n  tier: y\n  targget: 1\n  tier: z\n  colour: red\n")
	m := d.Root().Mapping()
	m.Get("base")
	thing := m.Get("thing").Mapping()
	if want, have := "eu y", thing.Get("zone").String()+" "+thing.Get("tier").String(); want != have {
		t.Errorf("want %q, have %q", want, have)
	}
	thing.Get("target")
	thing.Done()
	m.Done()
	want := []string{
		`6:3 key "tier" is given twice, first on line 4: remove one`,
		`5:3 unknown key "targget": did you mean "target"?`,
		`7:3 unknown key "colour": want one of zone, tier, target`,
	}
	if have := told(d); !cmp.Equal(want, have) {
		t.Error(cmp.Diff(want, have))
	}
}

func TestWrongTypes(t *testing.T) {
	d := parse(t, "a: [1]\nb: x\nc: 'yes'\nd: {x: 1}\ne: \"5\"\nf:\n  - *nope\ng: !secret x\n")
	m := d.Root().Mapping()
	_ = m.Get("a").String()
	m.Get("b").Number()
	m.Get("c").Bool()
	m.Get("d").List()
	m.Get("e").Number()
	m.Get("f").Strings()
	_ = m.Get("g").String()
	m.Require("h")
	want := []string{
		`1:4 want a text, have a list`,
		`2:4 want a number, have the text "x"`,
		`3:4 want true or false, have the text "yes"`,
		`4:4 want a list, have a mapping (keys and values)`,
		`5:4 want a number, have the text "5": remove the quotes`,
		`7:5 alias *nope has no anchor &nope before it`,
		`8:4 tag !secret is not known here: leave it out`,
		`1:1 "h" is missing`,
	}
	if have := told(d); !cmp.Equal(want, have) {
		t.Error(cmp.Diff(want, have))
	}
}

func TestErrorfAtFindsTheCharacter(t *testing.T) {
	for _, text := range []string{
		"q: sum(HERE)\n",
		"q: 'it''s HERE'\n",
		"q: \"a{b=\\\"c\\\"} HERE\"\n",
		"q: |\n  sum(\n    HERE\n  )\n",
		"q: >-\n  folded\n  text HERE\n",
		"x: 1\n---\nä: ö\nq: ü HERE\n",
	} {
		docs, _ := document.Parse([]byte(text))
		d := docs[len(docs)-1]
		n := d.Root().Mapping().Get("q")
		n.ErrorfAt(strings.Index(n.String(), "HERE"), "here")
		p := d.Problems()[0]
		line := []rune(strings.Split(text, "\n")[p.Line-1])
		if have := string(line[p.Column-1:]); !strings.HasPrefix(have, "HERE") {
			t.Errorf("%q: want the place of HERE, have %d:%d %q", text, p.Line, p.Column, have)
		}
		if lines := strings.Split(p.Excerpt, "\n"); strings.Index(lines[len(lines)-2], "^") != strings.Index(lines[len(lines)-3], "HERE")-strings.Count(lines[len(lines)-3][:strings.Index(lines[len(lines)-3], "HERE")], "ü") {
			t.Errorf("marker is not under the place:\n%s", p.Excerpt)
		}
	}
}

func TestHostileTextsCostLittle(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	d := parse(t, bomb.String())
	var walk func(n document.Node)
	walk = func(n document.Node) {
		if len(d.Problems()) == 0 {
			for _, v := range n.OneOrMore() {
				if v.Kind() != "a list" {
					_ = v.String()
				} else {
					walk(v)
				}
			}
		}
	}
	walk(d.Root().Mapping().Get("a29"))
	if have := told(d); len(have) == 0 || !strings.Contains(have[0], "blow it up beyond measure") {
		t.Errorf("want the bomb refused, have %v", have)
	}
	for _, text := range []string{
		"a: " + strings.Repeat("[", 1<<17),
		"a: " + strings.Repeat("{a: ", 1<<16),
		strings.Repeat("- ", 1<<17),
		strings.Repeat("? ", 1<<17),
		strings.Repeat("[\n", 1<<17),
		"a: &a *a\nb: *b\n",
	} {
		if d := parse(t, text); len(d.Problems()) != 1 {
			t.Errorf("%.20q…: want one problem, have %v", text, told(d))
		}
	}
	if _, problem := document.Parse([]byte("a: \x00")); problem == nil || problem.Column != 4 {
		t.Errorf("want a control character refused at column 4, have %v", problem)
	}
	if _, problem := document.Parse(make([]byte, document.MaxText+1)); problem == nil {
		t.Error("want a text beyond measure refused")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a: 1\n---\nb: [*x]\n")
	f.Add("a: &x {<<: *x, b: |\n  c}\n")
	f.Add("? [a]\n: !!str 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		docs, _ := document.Parse([]byte(text))
		for _, d := range docs {
			visit(d.Root(), 0)
			for _, p := range d.Problems() {
				if p.Msg == "" {
					t.Errorf("a problem without words at %d:%d", p.Line, p.Column)
				}
			}
		}
	})
}

func visit(n document.Node, depth int) {
	if n.IsZero() || depth > 8 {
		return
	}
	switch n.Kind() {
	case "a list":
		for _, v := range n.List() {
			visit(v, depth+1)
		}
	case "a mapping (keys and values)":
		m := n.Mapping()
		for _, e := range m.Entries() {
			visit(e.Value, depth+1)
		}
		m.Done()
	default:
		n.ErrorfAt(len(n.String())/2, "half of %s", n)
	}
}
