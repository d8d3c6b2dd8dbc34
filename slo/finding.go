package slo

import "fmt"

// Finding is what is said about an objective that is good in itself: what lint
// found, what its reader assumed, and what it cannot honour.
type Finding struct {
	Level Level
	// Check names the rule that found it: "never-fires", "promql", …
	Check string
	*Error
}

// String is the finding as a line of its own, without the excerpt.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s", f.Position, f.Level, f.Msg)
}

// Level is how much a finding matters.
type Level string

// The levels of findings: information needs no action, a warning probably does.
const (
	LevelInfo    Level = "info"
	LevelWarning Level = "warning"
)
