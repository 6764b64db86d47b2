// Package steps_test looks after the steps of build/test, which are the files here.
package steps_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	second = regexp.MustCompile(`^# ([0-9]+) (test|all): (\S.*)$`)
	needs  = regexp.MustCompile(`(?m)^# needs: (.+)$`)
)

// TestSteps: every file is a step that build/test can run and finds, in one order.
func TestSteps(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	steps, orders := map[string]string{}, map[string]string{}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasSuffix(name, ".go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitN(string(text), "\n", 3)
		header := second.FindStringSubmatch(lines[min(1, len(lines)-1)])
		if header == nil {
			t.Errorf("%s: the second line is not `# NUMBER test: WHAT IT DOES` or `# NUMBER all: ...`", name)
			continue
		}
		if other := orders[header[1]]; other != "" {
			t.Errorf("%s and %s have the same number", name, other)
		}
		steps[name], orders[header[1]] = string(text), name
		if info, err := entry.Info(); err != nil || info.Mode()&0o100 == 0 {
			t.Errorf("%s can't be executed (%v)", name, err)
		}
		if !strings.Contains(string(text), "\nset -euxo pipefail\n") {
			t.Errorf("%s goes on after a failure: `set -euxo pipefail` is missing", name)
		}
	}
	for name, text := range steps {
		if found := needs.FindStringSubmatch(text); found != nil {
			for _, needed := range strings.Fields(found[1]) {
				if steps[needed] == "" {
					t.Errorf("%s needs %s, which is no step", name, needed)
				}
			}
		}
	}

	usage, err := exec.Command("../test", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(usage), "\nSteps:\n")
	if listed := strings.Count(list, "\n"); listed != len(steps) {
		t.Errorf("build/test --help lists %d steps of %d", listed, len(steps))
	}
	make, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"build", "test", "all", "help", "clean"} {
		if !slices.Contains(strings.Split(string(make), "\n"), target+":") || steps[target] != "" {
			t.Errorf("make %s is missing, or also a step", target)
		}
	}
	if err := exec.Command("../test", "nothing-like-that").Run(); err == nil {
		t.Error("build/test takes a step that does not exist")
	}
}

// TestWorkflow: what runs for each change are steps that exist, and all there are: those of
// `test` by themselves, the others by name.
func TestWorkflow(t *testing.T) {
	text, err := os.ReadFile("../../.github/workflows/test.yml")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^          - (?:''|([a-z -]+))$`).FindAllStringSubmatch(string(text), -1)
	if len(rows) < 2 {
		t.Fatal("the workflow's list of steps was not found")
	}
	run := map[string]bool{}
	for _, row := range rows {
		for _, step := range strings.Fields(row[1]) {
			run[step] = true
			if _, err := os.Stat(step); err != nil {
				t.Errorf("the workflow runs %s, which is no step", step)
			}
		}
		run[""] = run[""] || row[1] == ""
	}
	if !run[""] {
		t.Error("the workflow does not run the steps of test")
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		header := second.FindStringSubmatch(strings.SplitN(string(text)+"\n\n", "\n", 3)[1])
		if header != nil && header[2] == "all" && !run[entry.Name()] {
			t.Errorf("the workflow does not run %s", entry.Name())
		}
	}
}

// TestReadmeShowsTheSteps as they are: what each does, and how many there are.
func TestReadmeShowsTheSteps(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	does, usual := map[string]string{}, 0
	for _, entry := range entries {
		text, err := os.ReadFile(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if header := second.FindStringSubmatch(strings.TrimSpace(line)); header != nil {
				does[entry.Name()] = header[3]
				if header[2] == "test" {
					usual++
				}
				break
			}
		}
	}
	shown := regexp.MustCompile(`(?m)^== (\S+): (.*)$`).FindAllStringSubmatch(string(readme), -1)
	if len(shown) == 0 {
		t.Error("README.md shows no step")
	}
	for _, step := range shown {
		if does[step[1]] != step[2] {
			t.Errorf("README.md says that the step %s %q; it %q", step[1], step[2], does[step[1]])
		}
	}
	if want := fmt.Sprintf("\n%d passed, 0 failed\n", usual); !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not show that %d steps pass", usual)
	}
}
