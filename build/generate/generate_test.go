package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// read gives the definitions, with the repository's root as the working directory.
func read(t *testing.T) definitions {
	t.Helper()
	t.Chdir(filepath.Join("..", ".."))
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	var all definitions
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// One line in definitions.json brings a parameter to every language: the header, the
// library, the bindings, and the tables of the guides.
func TestAParameterIsOneLine(t *testing.T) {
	all := read(t)
	for i := range all.Structures {
		if s := &all.Structures[i]; s.Name == "ConnectionParameters" {
			s.Fields = append(s.Fields, field{
				Name: "shoeSizeEU", Type: textField, Limit: "NAME", Comment: "of whoever calls",
			})
		}
	}
	files := map[string][]byte{}
	for _, emit := range emitters {
		for _, each := range emit(all) {
			if err := each.addTo(files); err != nil {
				t.Fatalf("%s: %v", each.path, err)
			}
		}
	}
	for path, times := range map[string]int{
		"include/openlts/openlts.h":                                         1,
		"include/openlts/openlts.hpp":                                       2,
		"capi/abi.c":                                                        1,
		"capi/parameters.go":                                                1,
		"core/license/parameters.go":                                        2,
		"bindings/csharp/src/OpenLTS/NativeMethods.cs":                      1,
		"bindings/csharp/src/OpenLTS/ConnectionParameters.cs":               2,
		"bindings/java/src/main/java/org/openlts/ConnectionParameters.java": 1,
		"bindings/java/src/main/c/openlts_jni.c":                            1,
		"bindings/python/src/openlts/native.py":                             1,
		"bindings/python/src/openlts/parameters.py":                         2,
		"bindings/objc/include/OpenLTSKit/OpenLTSKit.h":                     2,
		"bindings/objc/src/OpenLTSKit.m":                                    3,
		"docs/objc.md":                                                      1,
		"docs/cpp.md":                                                       1,
		"docs/csharp.md":                                                    1,
		"docs/java.md":                                                      1,
		"docs/python.md":                                                    1,
	} {
		lines := 0
		for line := range strings.Lines(string(files[path])) {
			if lower := strings.ToLower(line); strings.Contains(lower, "shoesizeeu") ||
				strings.Contains(lower, "shoe_size_eu") {
				lines++
			}
		}
		if lines != times {
			t.Errorf("%s speaks of the new parameter in %d lines, want %d", path, lines, times)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string][3]string{
		"mainServerURL":           {"MainServerURL", "main_server_url", "mainServerURL"},
		"UUIDGenerationMethod":    {"UUIDGenerationMethod", "uuid_generation_method", "uuidGenerationMethod"},
		"caFile":                  {"CAFile", "ca_file", "caFile"},
		"capacity":                {"Capacity", "capacity", "capacity"},
		"deviceUUID":              {"DeviceUUID", "device_uuid", "deviceUUID"},
		"initTimeoutMilliseconds": {"InitTimeoutMilliseconds", "init_timeout_milliseconds", "initTimeoutMilliseconds"},
	} {
		f := field{Name: name}
		if got := [3]string{f.Pascal(), f.Snake(), f.Java()}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// A default stands in the unit of the language's field.
func TestDefaultsInTheirUnits(t *testing.T) {
	all := read(t)
	for language, want := range map[string]struct {
		rows []row
		row  row
	}{
		"Objective-C": {objcTable(all), row{"initTimeout", "12", "for the whole initialization (seconds)"}},
		"C++": {
			cppTable(all), row{"initTimeout", "12000", "for the whole initialization (`std::chrono::milliseconds`)"},
		},
		"Java": {javaTable(all), row{"initTimeoutMilliseconds", "12000", "for the whole initialization"}},
	} {
		if !slices.Contains(want.rows, want.row) {
			t.Errorf("%s: no %+v in %+v", language, want.row, want.rows)
		}
	}
}

func TestReplaceRegion(t *testing.T) {
	const whole = "a\n// generated: one\nold\n// generated: end\nb\n# generated: two\n# generated: end"
	got, err := replaceRegion([]byte(whole), "two", []byte("new\n"))
	if want := strings.Replace(whole, "two\n", "two\nnew\n", 1); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	for region, text := range map[string]string{
		"three": whole,
		"one":   "// generated: one\n// generated: two\n// generated: end\n",
		"two":   "// generated: two\n",
	} {
		if got, err := replaceRegion([]byte(text), region, nil); err == nil {
			t.Errorf("%s: %q", region, got)
		}
	}
}

func TestWrap(t *testing.T) {
	got := wrap("one two three"+unbroken+"four five", "/* ", " * ", " */", 12)
	if want := "/* one two\n * three four\n * five */"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
