package promapi

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

// Bounds of a query's text. Upstream checks types and prints expressions in time
// and memory that grow with the square of their depth: 128 KiB of "1+1+…" or of
// parentheses would cost seconds and gigabytes before any limit of the engine
// applies. Real queries, generated ones included, stay far below.
const (
	maxTokens = 10_000
	maxDepth  = 200
)

// errMonstrous is a query that is refused for its text alone.
type errMonstrous struct{ what string }

func (e errMonstrous) Error() string { return "query refused: " + e.what }

// limitedParser is upstream's parser behind a look at the text's size.
type limitedParser struct{ parser.Parser }

func (p limitedParser) ParseExpr(input string) (parser.Expr, error) {
	if err := checkText(input); err != nil {
		return nil, err
	}
	return p.Parser.ParseExpr(input)
}

// checkText counts tokens and nesting by upstream's lexer, so that brackets in
// strings and comments do not count.
func checkText(input string) error {
	lexer := parser.Lex(input)
	var item parser.Item
	depth := 0
	for n := 0; ; n++ {
		lexer.NextItem(&item)
		switch item.Typ {
		case parser.EOF, parser.ERROR:
			// The parser says better what is wrong.
			return nil
		case parser.LEFT_PAREN:
			depth++
		case parser.RIGHT_PAREN:
			depth--
		}
		switch {
		case n > maxTokens:
			return errMonstrous{fmt.Sprintf("over %d tokens long", maxTokens)}
		case depth > maxDepth:
			return errMonstrous{fmt.Sprintf("nested over %d deep", maxDepth)}
		}
	}
}
