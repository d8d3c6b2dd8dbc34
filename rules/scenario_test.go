package rules_test

import (
	"testing"

	"github.com/slowburn/slowburn/testdata/scenarios"
)

// TestScenarios tells every story of testdata/scenarios to the engine alone. Adding one
// needs no Go.
func TestScenarios(t *testing.T) {
	scenarios.Each(t, func(t *testing.T, s *scenarios.Scenario) {
		failures, err := s.Run(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range failures {
			t.Errorf("%v: %s", f.Ref, f.Problem)
		}
	})
}
