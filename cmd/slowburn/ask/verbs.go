package ask

import (
	"context"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/slo/govern"
)

// Verb is one subcommand. Run returns its exit code; an error has been told to nobody.
type Verb struct {
	Clause *kingpin.CmdClause
	Run    func(ctx context.Context, out io.Writer) (exit int, err error)
	// Judges says that the exit code is a verdict: what cannot be asked, wrong flags
	// included, is ExitUnanswered there.
	Judges bool
}

// Exit codes. Those of gate and canary are their verdict's; a question that got no
// answer is ExitUnanswered there, and ExitFail elsewhere.
const (
	ExitPass = iota
	ExitFail
	ExitUnknown
	ExitUnanswered
)

// Verbs registers all.
func Verbs(app *kingpin.Application) []Verb {
	release := app.Command("release", "Mark releases, and see what they cost.")
	override := app.Command("override", "Let releases pass a gate that fails, for a while.")
	return []Verb{
		gate(app), canary(app), policy(app),
		markRelease(release), listReleases(release),
		grant(override), revoke(override), listOverrides(override),
	}
}

// exitOf is a verdict's exit code. A word that this slowburn does not know yet is no
// "pass".
func exitOf(v govern.Verdict) int {
	switch v {
	case govern.Pass:
		return ExitPass
	case govern.Fail:
		return ExitFail
	}
	return ExitUnknown
}

// answered is the exit code of a verb whose answer is no verdict.
func answered(err error) (int, error) {
	if err != nil {
		return ExitFail, err
	}
	return ExitPass, nil
}

// unanswered says that the gate could not be asked.
func unanswered(err error) (int, error) {
	return ExitUnanswered, fmt.Errorf("the gate gave no answer: %w", err)
}
