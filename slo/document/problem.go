package document

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Problem is what is wrong at a place of the text. Line and Column count from 1,
// columns in characters.
type Problem struct {
	Line, Column int
	Msg          string
	// Excerpt is the line, the one before it, and a marker under the column.
	Excerpt string
}

// source is the whole text, by lines.
type source struct{ lines []string }

func (s *source) problem(line, column int, msg string) Problem {
	return Problem{Line: line, Column: column, Msg: msg, Excerpt: s.excerpt(line, column)}
}

// maxExcerpt is how much of a long line an excerpt shows, characters.
const maxExcerpt = 120

// excerpt shows the line with the one before it for context, and marks column.
func (s *source) excerpt(line, column int) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	width := len(fmt.Sprint(line))
	var b strings.Builder
	if line > 1 && strings.TrimSpace(s.lines[line-2]) != "" {
		fmt.Fprintf(&b, "  %*d | %s\n", width, line-1, clip(s.lines[line-2], 0))
	}
	from := max(0, column-maxExcerpt*2/3)
	fmt.Fprintf(&b, "> %*d | %s\n", width, line, clip(s.lines[line-1], from))
	fmt.Fprintf(&b, "  %s   %s^\n", strings.Repeat(" ", width), strings.Repeat(" ", max(0, column-1-from)))
	return b.String()
}

// clip shows a line from a character on; tabs become one space, so that the
// marker stays under its column.
func clip(line string, from int) string {
	line = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r == utf8.RuneError || r == 0x7f:
			return '·' // never let a file steer the terminal
		}
		return r
	}, line)
	runes := []rune(line)
	if from >= len(runes) {
		return ""
	}
	runes = runes[from:]
	if len(runes) > maxExcerpt {
		return string(runes[:maxExcerpt]) + "…"
	}
	return string(runes)
}
