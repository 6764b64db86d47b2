package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The Dockerfile keeps up with the sources: it has their version of Go, their command
// that builds lts, copies what is there, and sets flags that there are.
func TestDockerfile(t *testing.T) {
	root := filepath.Join("..", "..")
	read := func(path ...string) string {
		text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	dockerfile := read("build", "docker", "Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read("go.mod"))
	if version == nil || !strings.Contains(dockerfile, "\nFROM golang:"+version[1]+"-") {
		t.Errorf("the Dockerfile does not have the Go of go.mod, %v", version)
	}
	flags := regexp.MustCompile(`-trimpath -buildmode=pie -buildvcs=false -tags=\w+`).FindString(read("build", "test"))
	if flags == "" || !strings.Contains(dockerfile, "RUN go build "+flags+" -o out/bin/lts ./cmd/lts") {
		t.Errorf("the Dockerfile does not build lts as build/test does, with %q", flags)
	}
	for _, line := range regexp.MustCompile(`(?m)^COPY ([^-].*)$`).FindAllStringSubmatch(dockerfile, -1) {
		names := strings.Fields(line[1])
		for _, name := range names[:len(names)-1] {
			if _, err := os.Stat(filepath.Join(root, name)); err != nil {
				t.Error(err)
			}
		}
	}
	cmd, _, err := newRoot().Find([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`LTS_[A-Z_]+=`).FindAllString(dockerfile, -1) {
		flag := strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(name, "LTS_"), "=")), "_", "-")
		if cmd.Flags().Lookup(flag) == nil {
			t.Errorf("%s sets --%s, which there is not", name, flag)
		}
	}
}
