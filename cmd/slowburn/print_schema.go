package main

import (
	"context"
	_ "embed"

	"github.com/alecthomas/kingpin/v2"
)

// sloSchema is the JSON Schema of native SLO files, for editors. A test holds its
// keys against those the reader knows.
//
//go:embed schema.json
var sloSchema []byte

// printSchemaCommand is `slowburn print schema`.
func printSchemaCommand(parent *kingpin.CmdClause) command {
	c := parent.Command("schema", "Print the JSON Schema of SLO files, for editors.")
	return command{clause: c, run: func(_ context.Context, s streams) error {
		_, err := s.out.Write(sloSchema)
		return err
	}}
}
