package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoC: with C in package main, each build of the library would compile all C anew.
func TestNoC(t *testing.T) {
	files, err := exec.Command("go", "list", "-f", "{{ .CgoFiles }}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(files)); got != "[]" {
		t.Errorf("C is in %s", got)
	}
}
