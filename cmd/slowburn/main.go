package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	_ "time/tzdata" // calendar windows need zones where the system has none

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/cmd/slowburn/ask"
)

func main() {
	os.Exit(execute(os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// streams are where a command writes.
type streams struct{ out, err io.Writer }

// command is a subcommand: its flags are registered, run does its work.
type command struct {
	clause *kingpin.CmdClause
	run    func(context.Context, streams) error
	// judges says that its exit code is a verdict, where 2 is no usage error.
	judges bool
}

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// exitCode is an error of which everything has been said but the exit code.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func execute(args []string, s streams) int {
	app := kingpin.New("slowburn", "Error budgets and burn-rate alerts beside Prometheus.")
	app.HelpFlag.Short('h')
	app.UsageWriter(s.out)
	app.ErrorWriter(s.err)
	commands := register(app)
	if len(args) == 0 { // kingpin would print all help and be content
		fmt.Fprintln(s.err, "slowburn: want a command, such as serve or check; see slowburn --help")
		return exitUsage
	}
	name, err := app.Parse(args)
	if err != nil {
		fmt.Fprintf(s.err, "slowburn: %v; see slowburn --help\n", err)
		return misused(commands, args)
	}
	for _, c := range commands {
		if c.clause.FullCommand() == name {
			return report(c.run(context.Background(), s), s)
		}
	}
	return exitUsage
}

// misused is the exit code of arguments that make no sense: whoever asks the gate must
// not take them for its answer.
func misused(commands []command, args []string) int {
	named := slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") })
	for _, c := range commands {
		if c.judges && named >= 0 && c.clause.FullCommand() == args[named] {
			return ask.ExitUnanswered
		}
	}
	return exitUsage
}

// register makes the subcommands.
func register(app *kingpin.Application) []command {
	print := app.Command("print", "Print configuration for other programs.")
	commands := []command{
		serveCommand(app),
		demoCommand(app),
		checkCommand(app),
		testCommand(app),
		importCommand(app),
		backtestCommand(app),
		backfillCommand(app),
		printRemoteWriteCommand(print),
		printSchemaCommand(print),
		versionCommand(app),
	}
	for _, v := range ask.Verbs(app) {
		commands = append(commands, command{clause: v.Clause, judges: v.Judges, run: func(ctx context.Context, s streams) error { return asked(ctx, v, s) }})
	}
	return commands
}

// asked runs a verb that asks a running slowburn, whose exit code is its answer.
func asked(ctx context.Context, v ask.Verb, s streams) error {
	exit, err := v.Run(ctx, s.out)
	if err != nil {
		fmt.Fprintf(s.err, "slowburn: %v\n", err)
	}
	if exit == exitOK {
		return nil
	}
	return exitCode(exit)
}

// report says what went wrong, unless the command has, and chooses the exit code.
func report(err error, s streams) int {
	var code exitCode
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(s.err, "slowburn: %v\n", err)
	return exitFailed
}

// usage says that flags or arguments make no sense together.
func usage(s streams, err error) error {
	fmt.Fprintf(s.err, "slowburn: %v; see slowburn --help\n", err)
	return exitCode(exitUsage)
}
