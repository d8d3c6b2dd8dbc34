package document

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// Document is one YAML document of a text.
type Document struct {
	src *source
	// line is how many lines of the text precede the document.
	line    int
	body    ast.Node
	anchors map[string]ast.Node
	// visits counts down what may still be read, aliases included.
	visits   int
	problems []Problem
}

// Parse splits text into its documents and parses each; those that hold only
// blanks and comments are left out. A document that does not parse has its
// problem and an empty root. The problem of the text as a whole, if it is none
// that can be split, comes instead of documents.
func Parse(text []byte) ([]*Document, *Problem) {
	if len(text) > MaxText {
		return nil, &Problem{Msg: fmt.Sprintf("the file is longer than %d MiB: split it", MaxText>>20)}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	src := &source{lines: strings.Split(string(text), "\n")}
	for i, line := range src.lines {
		if col := badByte(line); col > 0 {
			p := src.problem(i+1, col, "not text: a YAML file holds UTF-8 without control characters")
			return nil, &p
		}
	}
	var docs []*Document
	start := 0
	for i := 0; i <= len(src.lines); i++ {
		if i < len(src.lines) && !marker(src.lines[i]) {
			continue
		}
		if chunk := src.lines[start:i]; !blank(chunk) {
			d := &Document{src: src, line: start}
			d.parse(strings.Join(chunk, "\n"))
			docs = append(docs, d)
		}
		start = i
	}
	return docs, nil
}

// marker tells the lines that begin or end a document. YAML forbids them inside
// one, even within a quoted or block text.
func marker(line string) bool {
	for _, m := range []string{"---", "..."} {
		if rest, ok := strings.CutPrefix(line, m); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			return true
		}
	}
	return false
}

// blank says whether the lines hold nothing but comments, directives and markers.
func blank(lines []string) bool {
	for i, line := range lines {
		if i == 0 && marker(line) {
			line = line[3:]
		}
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && !(line[0] == '%' && lines[i][0] == '%') {
			return false
		}
	}
	return true
}

// badByte is the column of the first character that YAML does not allow, or 0.
func badByte(line string) int {
	for i, r := range line {
		if (r < ' ' && r != '\t') || r == 0x7f || (r == utf8.RuneError && !strings.HasPrefix(line[i:], "\ufffd")) {
			return utf8.RuneCountInString(line[:i]) + 1
		}
	}
	return 0
}

func (d *Document) parse(chunk string) {
	if marker(chunk[:min(len(chunk), strings.IndexByte(chunk+"\n", '\n'))]) {
		chunk = "   " + chunk[3:]
	}
	// The parser is young: what it cannot take must not take the program down.
	defer func() {
		if r := recover(); r != nil {
			d.body = nil
			d.add(d.line+1, 1, fmt.Sprintf("this document cannot be read as YAML (%v)", r))
		}
	}()
	tokens := lexer.Tokenize(chunk)
	if tk := tooDeep(tokens); tk != nil {
		d.add(d.line+tk.Position.Line, tk.Position.Column, "nested too deeply")
		return
	}
	d.visits = 16*len(tokens) + 10_000
	// Keys given twice are told by Mapping, with both places.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			d.body = doc.Body
			break
		}
	}
	if d.body != nil {
		d.anchors = map[string]ast.Node{}
		ast.Walk(anchors(d.anchors), d.body)
	}
}

// anchors collects the values aliases may stand for.
type anchors map[string]ast.Node

func (a anchors) Visit(n ast.Node) ast.Visitor {
	if n, ok := n.(*ast.AnchorNode); ok && n.Name != nil {
		a[n.Name.GetToken().Value] = n.Value
	}
	return a
}

// hints explain the parser's commonest messages.
var hints = []struct{ sign, hint string }{
	{"found character '\t'", "a tab: YAML wants spaces for indentation"},
	{"mapping value is not allowed", "a value that holds \": \" must be put in quotes, and keys of one mapping must stand in one column"},
	{"could not find flow map content", "a value that begins with \"{\" must be put in quotes"},
	{"could not find end character of double-quoted", "the closing quote is missing"},
	{"could not find end character of single-quoted", "the closing quote is missing"},
	{"map key-value is pre-defined", "something stands after the closing quote: quotes inside a quoted value must be of the other kind"},
	{"value is not allowed in this context", "this line's indentation fits no line above it"},
	{"',' or '}' must be specified", "a comma or the closing \"}\" is missing"},
	{"',' or ']' must be specified", "a comma or the closing \"]\" is missing"},
	{"end token ']' not found", "the closing \"]\" is missing"},
	{"end token '}' not found", "the closing \"}\" is missing"},
}

func (d *Document) syntax(err error) {
	line, col, msg := 1, 1, err.Error()
	var y yaml.Error
	if errors.As(err, &y) {
		msg = y.GetMessage()
		if tk := y.GetToken(); tk != nil && tk.Position != nil {
			line, col = tk.Position.Line, max(1, tk.Position.Column)
		}
	}
	msg, _, _ = strings.Cut(msg, "\n")
	for _, h := range hints {
		if strings.Contains(msg, h.sign) {
			msg = h.hint
			break
		}
	}
	d.add(d.line+line, col, "not valid YAML: "+msg)
}

func (d *Document) add(line, col int, msg string) {
	d.record(d.src.problem(line, col, msg))
}

// record adds a problem, once: values may be read several times.
func (d *Document) record(p Problem) {
	for i := max(0, len(d.problems)-32); i < len(d.problems); i++ {
		if d.problems[i] == p {
			return
		}
	}
	d.problems = append(d.problems, p)
}

// ErrorAt records a problem at a place of the whole text, for readers that know
// it from elsewhere.
func (d *Document) ErrorAt(line, column int, format string, args ...any) {
	d.add(line, column, fmt.Sprintf(format, args...))
}

// Line is the text's line of that number, from 1; empty beyond its end.
func (d *Document) Line(line int) string {
	if line < 1 || line > len(d.src.lines) {
		return ""
	}
	return d.src.lines[line-1]
}

// Problems are those found so far, in the order in which they were found.
func (d *Document) Problems() []Problem { return d.problems }

// Root is the document's value; the zero Node if it does not parse.
func (d *Document) Root() Node {
	if d.body == nil {
		return Node{}
	}
	return Node{doc: d, n: d.body}
}
