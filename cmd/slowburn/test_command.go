package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/rules/scenario"
	"github.com/slowburn/slowburn/slo"
)

// testCommand is `slowburn test`.
func testCommand(app *kingpin.Application) command {
	c := app.Command("test", "Test SLO files: input series in, expected budgets and alerts out, through the engine that serves.")
	files := c.Arg("file", "Test file, or pattern of such.").Required().Strings()
	return command{clause: c, run: func(ctx context.Context, s streams) error {
		failed := false
		for _, name := range expand(*files) {
			cases, err := readTests(name)
			if err != nil {
				for _, e := range slo.Errors(err) {
					fmt.Fprintf(s.out, "%v\n", e)
				}
				failed = true
				continue
			}
			for _, c := range cases {
				ok, err := c.run(ctx, s)
				if err != nil {
					return fmt.Errorf("test %q of %s: %w", c.name, name, err)
				}
				failed = failed || !ok
			}
		}
		if failed {
			return exitCode(exitFailed)
		}
		return nil
	}}
}

// testCase is one test of a file.
type testCase struct {
	name  string
	story scenario.Story
}

// run says whether all came out as expected, and prints what did not.
func (c *testCase) run(ctx context.Context, s streams) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "slowburn-test")
	if err != nil {
		return false, fmt.Errorf("make a folder for its databases: %w", err)
	}
	defer os.RemoveAll(dir)
	failures, err := c.story.Run(ctx, dir)
	if err != nil {
		return false, err
	}
	verdict := "ok"
	if len(failures) > 0 {
		verdict = "FAILED"
	}
	fmt.Fprintf(s.out, "%s: %s\n", c.name, verdict)
	for _, f := range failures {
		fmt.Fprintf(s.out, "  %v: %s\n", f.Ref, f.Problem)
	}
	return len(failures) == 0, nil
}
