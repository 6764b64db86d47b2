package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// versionFile holds the version of everything that is released, alone on its line.
const versionFile = "VERSION"

// place is where else the version stands: what a language's tools read it from, without
// ours. The first group of the pattern is the version, and it is found times times.
type place struct {
	path, pattern string
	times         int
}

var versionPattern = regexp.MustCompile(`^(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)$`)

// mavenOurs: in a pom.xml: the project's own, or that of a dependency on a package of ours.
const mavenOurs = `<artifactId>openlts(?:-android)?</artifactId>\s*<version>([^<]+)</version>`

// named: behind the name of a package, as a page has it for a file, a registry, a command or Maven.
const named = `(?i:openlts(?:-android|-objc)?(?:[-/.:]| -Version |</artifactId>\s*<version>))(\d+\.\d+\.\d+)`

var versionPlaces = []place{
	{"include/openlts/openlts.h", `(?m)^#define LTS_VERSION "(.*)"$`, 1},
	{"cmd/lts/root.go", `(?m)^const release = "(.*)"$`, 1},
	{"core/client/client.go", `(?m)^const Version = "(.*)"$`, 1},
	{"bindings/csharp/src/OpenLTS/OpenLTS.csproj", `<Version>(.*)</Version>`, 1},
	{"bindings/csharp/src/OpenLTS/AssemblyInfo.cs", `AssemblyVersion\("(.*)\.0"\)`, 1},
	{"bindings/java/pom.xml", mavenOurs, 1},
	{"bindings/android/pom.xml", mavenOurs, 2},
	{"bindings/javascript/package.json", `(?m)^  "version": "(.*)"`, 1},
	{"bindings/javascript/package-lock.json", `"name": "openlts",\s*"version": "([^"]+)"`, 2},
	{"bindings/python/src/openlts/__init__.py", `(?m)^__version__ = "(.*)"$`, 1},
	{"examples/barcode-reader/java/pom.xml", mavenOurs, 3},
	{"examples/barcode-reader/android/pom.xml", mavenOurs, 3},
	{"build/vcpkg/openlts/vcpkg.json", `(?m)^  "version": "(.*)"`, 1},
	{"docs/java.md", named, 12},
	{"docs/cpp.md", named, 5},
	{"docs/python.md", named, 1},
	{"docs/csharp.md", named, 3},
	{"docs/objc.md", named, 5},
	{"docs/android.md", named, 4},
	{"docs/javascript.md", named, 1},
	{"examples/barcode-reader/python/pyproject.toml", `"openlts==([^"]+)"`, 1},
}

// emitVersion writes the version wherever it stands.
func emitVersion(files map[string][]byte) error {
	text, err := os.ReadFile(versionFile)
	if err != nil {
		return err
	}
	version := strings.TrimSuffix(string(text), "\n")
	parts := versionPattern.FindStringSubmatch(version)
	if parts == nil {
		return fmt.Errorf("%s holds %q; it is to be MAJOR.MINOR.PATCH, each from 0 to 99, such as 1.2.3",
			versionFile, version)
	}
	number := strings.TrimLeft(fmt.Sprintf("%s%02s%02s", parts[1], parts[2], parts[3]), "0")
	places := append([]place{{
		"include/openlts/openlts.h", `(?m)^#define LTS_VERSION_NUMBER (.*)$`, 1,
	}}, versionPlaces...)
	for i, each := range places {
		whole, ok := files[each.path]
		if !ok {
			if whole, err = os.ReadFile(each.path); err != nil {
				return err
			}
		}
		value := version
		if i == 0 {
			value = number
		}
		if files[each.path], err = each.set(whole, value); err != nil {
			return err
		}
	}
	return nil
}

// set puts a value into the places of a file.
func (p place) set(whole []byte, value string) ([]byte, error) {
	found := regexp.MustCompile(p.pattern).FindAllSubmatchIndex(whole, -1)
	if len(found) != p.times {
		return nil, fmt.Errorf("%s: the version is found at %d places by %s, and should be at %d", p.path, len(found),
			p.pattern, p.times)
	}
	var b []byte
	from := 0
	for _, at := range found {
		b = append(append(b, whole[from:at[2]]...), value...)
		from = at[3]
	}
	return append(b, whole[from:]...), nil
}
