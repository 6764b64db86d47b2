package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/openlts/openlts/server/store/teststore"
)

// created is when something was made, which differs each time.
var created = regexp.MustCompile(`"createdAt": \d+`)

// TestScripts plays the scripts of testdata/script: what an administrator types, and what
// lts answers. Each has a database of its own, named by $data, and two commands beside
// those of testscript:
//
//	lts ARGUMENTS...                 works on $data; its output and error are looked at by stdout, stderr and cmp
//	refused PATTERN ARGUMENTS...     is an lts that must fail with an error like this
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("data", newData(t))
			e.Setenv("tab", "\t")
			e.Setenv("long", strings.Repeat("x", 300))
			return nil
		},
		Condition: func(condition string) (bool, error) {
			if condition != "postgres" {
				return false, fmt.Errorf("there is no condition %q", condition)
			}
			return teststore.OnPostgreSQL(), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"lts": func(ts *testscript.TestScript, fails bool, arguments []string) {
				out, err := run(ts.Getenv("data"), arguments...)
				out = created.ReplaceAllString(out, `"createdAt": NOW`)
				_, _ = ts.Stdout().Write([]byte(out))
				if err != nil {
					_, _ = ts.Stderr().Write([]byte(err.Error() + "\n"))
				}
				if (err != nil) != fails {
					ts.Fatalf("lts %q: %v\n%s", arguments, err, out)
				}
			},
			"refused": func(ts *testscript.TestScript, _ bool, arguments []string) {
				pattern, arguments := regexp.MustCompile(arguments[0]), arguments[1:]
				out, err := run(ts.Getenv("data"), arguments...)
				if err == nil || !pattern.MatchString(err.Error()) {
					ts.Fatalf("lts %q: %v, want %s in it\n%s", arguments, err, pattern, out)
				}
			},
		},
	})
}
