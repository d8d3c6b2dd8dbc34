package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"slowburn": main, "slowburn-on-a-clock": serveOnAClock})
}

// TestScripts runs the binary as its users do. UPDATE_GOLDEN=1 rewrites what it is
// compared with: read the difference like code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
		Setup: func(env *testscript.Env) error {
			wd, err := os.Getwd()
			env.Setenv("EXAMPLES", wd+"/../../testdata/slo")
			return err
		},
	})
}
