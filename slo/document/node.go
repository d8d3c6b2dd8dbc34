package document

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Node is a value at its place. The zero Node is a value that is not there: its
// methods answer with zero values and complain about nothing, so that readers
// need not ask at every step.
type Node struct {
	doc *Document
	n   ast.Node
	// key is the mapping key the value stands under, for messages.
	key *ast.MappingValueNode
}

// IsZero says that there is no value: the key is missing, or null.
func (n Node) IsZero() bool {
	if n.n == nil {
		return true
	}
	_, null := n.resolve().(*ast.NullNode)
	return null
}

// Line and column of the value, from 1, in the whole text.
func (n Node) place() (line, column int) {
	if n.n == nil {
		return 0, 0
	}
	tk := n.n.GetToken()
	switch v := n.n.(type) {
	case *ast.MappingNode:
		// The token of a block mapping is its first colon.
		if len(v.Values) > 0 && !v.IsFlowStyle {
			tk = v.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		tk = v.Key.GetToken()
	case *ast.NullNode:
		if n.key != nil {
			tk = n.key.Key.GetToken()
		}
	}
	return n.doc.line + tk.Position.Line, max(1, tk.Position.Column)
}

// Place is the line and column of the value, from 1; 0 for the zero Node.
func (n Node) Place() (line, column int) { return n.place() }

// Problem describes a problem at the value without recording it.
func (n Node) Problem(format string, args ...any) Problem {
	if n.doc == nil {
		return Problem{Msg: fmt.Sprintf(format, args...)}
	}
	line, col := n.place()
	return n.doc.src.problem(line, col, fmt.Sprintf(format, args...))
}

// Errorf records a problem at the value.
func (n Node) Errorf(format string, args ...any) {
	if n.doc != nil {
		n.doc.record(n.Problem(format, args...))
	}
}

// resolve follows anchors, aliases and tags to the value itself.
func (n Node) resolve() ast.Node {
	v := n.n
	for range maxDepth {
		switch w := v.(type) {
		case *ast.AnchorNode:
			v = w.Value
		case *ast.TagNode:
			v = w.Value
		case *ast.AliasNode:
			v = n.doc.anchors[w.Value.GetToken().Value]
		default:
			return v
		}
		if v == nil {
			return nil
		}
	}
	return nil
}

// visit says whether the value may be read: its tag is a known one, its alias
// leads somewhere, and the document has not been read beyond all measure through
// aliases ("billion laughs").
func (n Node) visit(size int) bool {
	if n.IsZero() && n.n == nil {
		return false
	}
	if n.doc.visits < 0 {
		return false
	}
	if n.doc.visits -= 1 + size; n.doc.visits < 0 {
		n.Errorf("the document's aliases blow it up beyond measure: write the values out")
		return false
	}
	for v := n.n; ; {
		switch w := v.(type) {
		case *ast.TagNode:
			switch w.GetToken().Value {
			case "!!str", "!!int", "!!float", "!!bool", "!!map", "!!seq", "!!null":
			default:
				n.Errorf("tag %s is not known here: leave it out", w.GetToken().Value)
				return false
			}
			v = w.Value
		case *ast.AnchorNode:
			v = w.Value
		case *ast.AliasNode:
			name := w.Value.GetToken().Value
			if n.doc.anchors[name] == nil {
				n.Errorf("alias *%s has no anchor &%s before it", name, name)
				return false
			}
			return true
		default:
			return v != nil
		}
	}
}

// scalar is the text of a scalar value and whether it is a quoted or block text.
func (n Node) scalar() (text string, quoted, ok bool) {
	switch v := n.resolve().(type) {
	case *ast.StringNode:
		t := v.GetToken().Type
		return v.Value, t == token.DoubleQuoteType || t == token.SingleQuoteType, true
	case *ast.LiteralNode:
		return v.Value.Value, true, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return v.GetToken().Value, false, true
	}
	return "", false, false
}

// String is a text; numbers and booleans are taken as they are written.
func (n Node) String() string {
	text, _ := n.Text()
	return text
}

// IsText says whether the value is a scalar.
func (n Node) IsText() bool {
	_, _, ok := n.scalar()
	return ok
}

// Text is String, and whether there is a text at all.
func (n Node) Text() (text string, ok bool) {
	if n.IsZero() || !n.visit(0) {
		return "", false
	}
	text, _, ok = n.scalar()
	if !ok {
		n.Errorf("want a text, have %s", n.Kind())
	}
	return text, ok
}

// Number is a number and its text as written. ok is false if there is none.
func (n Node) Number() (v float64, text string, ok bool) {
	if n.IsZero() || !n.visit(0) {
		return 0, "", false
	}
	text, quoted, scalar := n.scalar()
	text = strings.TrimSpace(text)
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case quoted && err == nil:
		n.Errorf("want a number, have %s: remove the quotes", n.Kind())
		return 0, "", false
	case !scalar || quoted || err != nil:
		n.Errorf("want a number, have %s", n.Kind())
		return 0, "", false
	}
	return v, text, true
}

// Bool is true or false; missing is false.
func (n Node) Bool() bool {
	if n.IsZero() || !n.visit(0) {
		return false
	}
	b, ok := n.resolve().(*ast.BoolNode)
	if !ok {
		n.Errorf("want true or false, have %s", n.Kind())
		return false
	}
	return b.Value
}

// List are the values of a sequence.
func (n Node) List() []Node {
	if n.IsZero() {
		return nil
	}
	seq, ok := n.resolve().(*ast.SequenceNode)
	size := 0
	if ok {
		size = len(seq.Values)
	}
	if !n.visit(size) {
		return nil
	}
	if !ok {
		n.Errorf("want a list, have %s", n.Kind())
		return nil
	}
	out := make([]Node, 0, size)
	for _, v := range seq.Values {
		if v != nil {
			out = append(out, Node{doc: n.doc, n: v})
		}
	}
	return out
}

// OneOrMore are the values of a sequence, or the value itself.
func (n Node) OneOrMore() []Node {
	if n.IsZero() {
		return nil
	}
	if _, ok := n.resolve().(*ast.SequenceNode); ok {
		return n.List()
	}
	return []Node{n}
}

// Strings are the texts of a sequence, or the one text the value is.
func (n Node) Strings() []string {
	var out []string
	for _, v := range n.OneOrMore() {
		out = append(out, v.String())
	}
	return out
}

// Kind says what a value is, in words for a message.
func (n Node) Kind() string {
	switch v := n.resolve().(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping (keys and values)"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "the boolean " + v.GetToken().Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + v.GetToken().Value
	}
	text, _, _ := n.scalar()
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return fmt.Sprintf("the text %q", text)
}
