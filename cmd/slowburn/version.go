package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

// versionCommand is `slowburn version`.
func versionCommand(app *kingpin.Application) command {
	c := app.Command("version", "Print the version, and what it was built from and with.")
	short := c.Flag("short", "Print the version alone.").Bool()
	return command{clause: c, run: func(_ context.Context, s streams) error {
		version.Version = buildVersion()
		text := version.Print("slowburn")
		if *short {
			text = version.Version
		}
		_, err := fmt.Fprintln(s.out, text)
		return err
	}}
}

// buildVersion is a semantic version: the linker's (-X on common/version.Version),
// else the module's as Go recorded it, else 0.0.0-dev, since Grafana parses it.
func buildVersion() string {
	if version.Version != "" {
		return strings.TrimPrefix(version.Version, "v")
	}
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "0.0.0-dev"
}

// buildRevision is the commit, as Go recorded it.
func buildRevision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return version.Revision
}
