package document

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// ErrorfAt records a problem at a byte offset of the value's text, such as the
// character of a query at which it stops making sense.
func (n Node) ErrorfAt(offset int, format string, args ...any) {
	if n.doc == nil {
		return
	}
	line, col := n.locate(offset)
	n.doc.record(n.doc.src.problem(line, col, fmt.Sprintf(format, args...)))
}

// locate finds the place of an offset of a scalar's value in the text it was
// written as. Where the two differ too much (folded texts, escapes by number) it
// answers with the value's first character.
func (n Node) locate(offset int) (line, column int) {
	line, column = n.place()
	text, _, ok := n.scalar()
	if !ok || offset < 0 || offset > len(text) {
		return line, column
	}
	switch v := n.resolve().(type) {
	case *ast.LiteralNode:
		return n.locateBlock(v, text, offset)
	case *ast.StringNode:
		line, column = n.doc.line+v.Token.Position.Line, max(1, v.Token.Position.Column)
		raw := []rune(n.doc.src.lines[line-1])
		if column > len(raw) {
			return line, column
		}
		at := unquote(string(raw[column-1:]), v.Token.Type, offset)
		if at < 0 {
			return line, column
		}
		return line, column + at
	}
	return line, column
}

// unquote is how many characters of the written text stand before the offset-th
// byte of its value, or -1 if that lies beyond the line.
func unquote(raw string, kind token.Type, offset int) int {
	var quote, escape byte
	switch kind {
	case token.SingleQuoteType:
		quote, escape = '\'', '\''
	case token.DoubleQuoteType:
		quote, escape = '"', '\\'
	}
	i := 0
	if quote != 0 {
		i = 1
	}
	for ; offset > 0; offset-- {
		if i >= len(raw) {
			return -1
		}
		if escape != 0 && raw[i] == escape {
			i++
		}
		i++
	}
	return utf8.RuneCountInString(raw[:min(i, len(raw))])
}

// locateBlock handles `|` and `>`: the value's lines are the text's, less the
// indentation. A folded text has lost its line breaks, so there the character is
// found by counting the characters that are not blank.
func (n Node) locateBlock(v *ast.LiteralNode, text string, offset int) (line, column int) {
	lines := n.doc.src.lines
	first := n.doc.line + v.Start.Position.Line // index of the line after the header
	want := 0
	for _, r := range text[:offset] {
		if !blankRune(r) {
			want++
		}
	}
	for i := first; i < len(lines); i++ {
		col := 0
		for _, r := range lines[i] {
			col++
			if blankRune(r) {
				continue
			}
			if want == 0 {
				return i + 1, col
			}
			want--
		}
		if i+1 < len(lines) && marker(lines[i+1]) {
			break
		}
	}
	// Past the end: the last character of the value.
	end := strings.TrimRightFunc(text, blankRune)
	if offset > 0 && len(end) > 0 && offset > len(end)-1 {
		return n.locateBlock(v, text, len(end)-1)
	}
	return n.place()
}

func blankRune(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }
