package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

// A function of the header that is missing anywhere is told with every place.
func TestFunctions(t *testing.T) {
	const declaration = "#include <stdint.h>\n\nLTS_API int32_t LTS_CALL LTS_Wait(LTS_License license,\n" +
		"                                  int32_t milliseconds);\n"
	repository := func(row string) fstest.MapFS {
		files := fstest.MapFS{
			"core/a.go":   {Data: []byte("package core\n")},
			"capi/job.go": {Data: []byte(goodJob)},
			"server/a.go": {Data: []byte("package server\n")},
			header:        {Data: []byte(declaration)},
		}
		for _, m := range mentions {
			files[m.path] = &fstest.MapFile{Data: []byte("LTS_Wait(")}
		}
		for _, m := range ofBlocking {
			files[m.path] = &fstest.MapFile{Data: []byte("LTS_Wait(")}
		}
		files[functionTable] = &fstest.MapFile{Data: []byte("| `LTS_Wait` | waits | " + row + " |\n")}
		return files
	}
	expect := func(files fstest.MapFS, want string) {
		t.Helper()
		findings, err := lint(files)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case want == "" && len(findings) > 0:
			t.Error(findings)
		case want != "" && (len(findings) != 1 || !strings.Contains(findings[0].String(), want)):
			t.Errorf("%v, want %q", findings, want)
		}
	}
	expect(repository("2 s"), "")

	lacking := repository("2 s")
	lacking["capi/exports.map"] = &fstest.MapFile{Data: []byte("LTS_Waiting;")}
	lacking["capi/test/fork_host.c"] = &fstest.MapFile{}
	expect(lacking, header+":3:1: LTS_Wait is missing in capi/exports.map (its name, or the library doesn't "+
		"export it), capi/test/fork_host.c (")

	lacking = repository("-")
	lacking["capi/test/fork_host.c"] = &fstest.MapFile{}
	expect(lacking, "")

	lacking[header] = &fstest.MapFile{Data: []byte("#include <stdint.h>\n")}
	if _, err := lint(lacking); err == nil {
		t.Error("no function in the header, and nothing said so")
	}
}
