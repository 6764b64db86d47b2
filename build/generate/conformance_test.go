package main

import "testing"

// A scenario can't be left out by a binding, nor a test be named like none.
func TestEveryBindingTestsEveryScenario(t *testing.T) {
	read(t)
	scenarios, err := readScenarios()
	if err != nil {
		t.Fatal(err)
	}
	for _, scenario := range scenarios {
		for i, suite := range suites {
			if !scenario.Tested[i] {
				t.Errorf("%s does not test %s: %s", suite.Language, scenario.ID, scenario.Text)
			}
		}
	}
}
