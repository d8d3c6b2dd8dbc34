package main

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"slowburn": main, "slowburn-on-a-clock": serveOnAClock})
}

// leakless are tests that must leave no goroutine behind: the parts of `serve`, `demo`
// and the commands join theirs before they return.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	code := l.m.Run()
	http.DefaultClient.CloseIdleConnections() // the tests' own
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
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
