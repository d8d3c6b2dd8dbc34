package document

import "github.com/goccy/go-yaml/token"

const (
	// MaxText is the longest text Parse takes, bytes. 10,000 objectives take
	// about 3 MiB.
	MaxText = 16 << 20
	// maxDepth is how deep values may be nested; the formats we read use 8. The
	// parser recurses, and Go cannot recover from an exhausted stack.
	maxDepth = 64
)

// tooDeep returns the token at which the nesting of flow values, or of sequences
// and keys that begin on one line, passes maxDepth. Blocks nested over several
// lines need indentation, hence MaxText limits them.
func tooDeep(tokens token.Tokens) *token.Token {
	flow, line, onLine, column, blocks := 0, 0, 0, 0, 0
	for _, tk := range tokens {
		if tk.Position == nil {
			continue
		}
		if tk.Position.Line != line {
			line, onLine = tk.Position.Line, 0
			if tk.Position.Column > column {
				blocks++
			} else {
				blocks = 0
			}
			column = tk.Position.Column
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			onLine++
		}
		if flow > maxDepth || onLine > maxDepth && flow == 0 || blocks > maxDepth {
			return tk
		}
	}
	return nil
}
