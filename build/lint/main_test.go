package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// goodJob is what capi must at least have.
const goodJob = `package capi

func do(job *C.openlts_job) {
	defer contain(job)
	job.status = perform(job)
}
`

const goodSpawn = `package client

func spawn(contained func(any), do func()) {
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				contained(cause)
			}
		}()
		do()
	}()
}
`

func TestLint(t *testing.T) {
	tests := []struct {
		name, path, text string
		want             string // a part of the only finding; "" for none
	}{
		{"spawn", "core/client/contained.go", goodSpawn, ""},
		{"spawn elsewhere", "core/internal/report/submit.go", goodSpawn, "core/internal/report/submit.go:4:2: a panic in this goroutine"},
		{"spawn that does not recover", "core/client/contained.go",
			"package client\n\nfunc spawn(do func()) {\n\tgo do()\n}\n", "contained.go:4:2: the goroutine must begin"},
		{"recover in an inner call only", "core/client/contained.go",
			"package client\n\nfunc spawn(do func()) {\n\tgo func() {\n\t\tdefer recover()\n\t\tdo()\n\t}()\n}\n", "must begin"},
		{"bare go", "core/internal/tally/tally.go", "package tally\n\nfunc f() { go f() }\n", "tally.go:3:12: a panic"},
		{"spawn in capi", "capi/more.go", strings.Replace(goodSpawn, "package client", "package capi", 1), ""},
		{"bare go in a variable", "capi/parameters.go", "package capi\n\nvar f = func() { go f() }\n", "capi/parameters.go:3:18: a panic"},
		{"method called spawn", "core/client/client.go", "package client\n\nfunc (l *L) spawn() { go l.spawn() }\n", "a panic"},
		{"bare go in a test", "core/internal/tally/tally_test.go", "package tally\n\nfunc f() { go f() }\n", ""},
		{"cgo in core", "core/internal/tally/tally.go", "package tally\n\nimport \"C\"\n", `core does not import "C"`},
		{"cgo beside SQLite", "core/internal/ledger/vfs_unix.go", "package ledger\n\nimport \"C\"\n", ""},
		{"numbers by chance", "core/internal/ledger/lock.go", "package ledger\n\nimport \"math/rand/v2\"\n", "forked processes draw the same numbers"},
		{"numbers by chance within a tally", "core/internal/tally/tally.go", "package tally\n\nimport \"math/rand/v2\"\n", ""},
		{"late or broken", "core/client/a.go",
			"package client\n\nvar err = protocol.Errorf(protocol.StatusLicenseBufferFailed, \"%w\", e)\n", "make it by ledger.Failed"},
		{"late and broken told apart", "core/internal/ledger/failure.go",
			"package ledger\n\nvar err = protocol.Errorf(protocol.StatusLicenseBufferFailed, \"%w\", e)\n", ""},
		{"cgo in capi", "capi/parameters.go", "package capi\n\nimport \"C\"\n", ""},
		{"a pattern", "core/license/a.go", "package license\n\nvar f = filepath.Glob\n", "a.go:3:9: a directory may have any name"},
		{"a file opened by name", "core/internal/tally/a.go", "package tally\n\nvar f, err = os.OpenFile(p, 0, 0)\n", "open it with core/internal/datafile"},
		{"a file read by name", "core/internal/report/a.go", "package report\n\nvar f, err = os.ReadFile(p)\n", "open it with core/internal/datafile"},
		{"a file of the host's", "core/license/a.go", "package license\n\nvar f, err = os.ReadFile(p)\n", ""},
		{"a file of the system's", "core/internal/device/machine_unix.go", "package device\n\nvar f, err = os.Open(p)\n", ""},
		{"a file in a test", "core/internal/tally/a_test.go", "package tally\n\nvar f, err = os.ReadFile(p)\n", ""},
		{"export", "capi/more.go", "package capi\n\n//export f\nfunc f() {}\n", "no thread of the host's may enter Go"},
		{"job not contained", "capi/more.go", strings.Replace(goodJob, "\tdefer contain(job)\n", "", 1), "begin with `defer contain"},
		{"contained too late", "capi/more.go",
			strings.Replace(goodJob, "\tdefer", "\tprepare()\n\tdefer", 1), "begin with `defer contain"},
		{"contains something else", "capi/more.go", strings.Replace(goodJob, "contain(job)", "contain(other)", 1), "begin with `defer contain"},
		{"performs in an inner function", "capi/more.go",
			"package capi\n\nfunc f() {\n\tspawn(func() { perform(nil) })\n}\n", "begin with `defer contain"},
		{"function that is not exported", "capi/more.go", "package capi\n\nfunc f() {}\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			repository := fstest.MapFS{
				"capi/work.go": {Data: []byte(goodJob)},
				"core/slot.go": {Data: []byte("package core\n")},
				test.path:      {Data: []byte(test.text)},
			}
			findings, err := lint(repository)
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" && len(findings) > 0 {
				t.Errorf("found %v, want nothing", findings)
			}
			if test.want != "" && (len(findings) != 1 || !strings.Contains(findings[0].String(), test.want)) {
				t.Errorf("found %v, want %q", findings, test.want)
			}
		})
	}
}

// A check that sees nothing must not pass.
func TestLintNeedsJobs(t *testing.T) {
	for name, repository := range map[string]fstest.MapFS{
		"no job":       {"capi/work.go": {Data: []byte("package capi\n")}, "core/slot.go": {Data: []byte("package core\n")}},
		"no directory": {},
	} {
		if _, err := lint(repository); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestThisRepository(t *testing.T) {
	findings, err := lint(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range findings {
		t.Error(each)
	}
}
