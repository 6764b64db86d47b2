package trial

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The library by C++, and the Python binding, are clients like any other's.
func TestOurDrivers(t *testing.T) {
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	libraries := filepath.Join(repository, "out/lib")
	if _, err := os.Stat(filepath.Join(libraries, "libopenlts.so")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: there is no library: build/library")
	}
	driver := filepath.Join(t.TempDir(), "driver")
	compiler := exec.Command(
		"g++",
		"-std=c++17",
		"-Wall",
		"-Wextra",
		"-Werror",
		"-I"+filepath.Join(repository, "include"),
		filepath.Join(
			repository,
			"conformance/drivers/driver.cpp",
		),
		"-L"+libraries,
		"-lopenlts",
		"-Wl,-rpath,"+libraries,
		"-o",
		driver,
	)
	if output, err := compiler.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for name, command := range map[string][]string{
		"C++": {driver},
		"Python": {
			"/usr/bin/env", "PYTHONPATH=" + filepath.Join(repository, "bindings/python/src"),
			"python3", filepath.Join(repository, "conformance/drivers/driver.py"),
			filepath.Join(libraries, "libopenlts.so"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			report, err := Client(t.Context(), ClientOptions{Listener: listen(t), Driver: command, Log: &log})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range report.Verdicts {
				if v.Outcome != Passed {
					t.Errorf("%s: %s: %s", v.Scenario, v.Outcome, v.Reason)
				}
			}
			if t.Failed() {
				t.Logf("standard error: %s", &log)
			}
		})
	}
}
