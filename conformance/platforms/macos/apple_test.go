package macos

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const repository = "../../.."

// A Mac's file system takes openlts/openlts.h and OpenLTS/OpenLTS.h for one name: where
// both are on a search path, one includes itself instead of the other.
func TestHeadersDifferByMoreThanCase(t *testing.T) {
	known := map[string]string{}
	for _, root := range []string{"include", "bindings/objc/include", "bindings/swift/linux"} {
		err := filepath.WalkDir(
			filepath.Join(repository, root),
			func(path string, entry fs.DirEntry, err error) error {
				name, _ := filepath.Rel(filepath.Join(repository, root), path)
				if err != nil || filepath.Ext(name) != ".h" {
					return err
				}
				folded := strings.ToLower(name)
				if other := known[folded]; other != "" {
					t.Errorf("%s and %s are one file on a Mac", other, filepath.Join(root, name))
				}
				known[folded] = filepath.Join(root, name)
				return nil
			},
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	if known["openlts/openlts.h"] == "" || known["openltskit/openltskit.h"] == "" {
		t.Errorf("found %v", known)
	}
}

// As Swift reads them, which is by clang.
func TestModuleMaps(t *testing.T) {
	if _, err := exec.LookPath("clang"); err != nil {
		t.Skip("skipped: clang is not here: build/bootstrap test installs it")
	}
	program := filepath.Join(t.TempDir(), "program.m")
	text := "@import COpenLTS;\nint main(void) { return LTS_ABIVersion() + LTS_OT_QR_CODE == " +
		"(int)sizeof(LTS_License); }\n"
	if err := os.WriteFile(program, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, arguments := range map[string][]string{
		"apple": {"-I" + xcframeworkHeaders(t)},
		"linux": {"-fmodule-map-file=" + filepath.Join(repository, "bindings/swift/linux/module.modulemap"),
			"-I" + filepath.Join(repository, "include")},
	} {
		t.Run(name, func(t *testing.T) {
			clang := exec.Command(
				"clang",
				append(
					arguments,
					"-fmodules",
					"-fmodules-cache-path="+t.TempDir(),
					"-Wall",
					"-Werror",
					"-fsyntax-only",
					program,
				)...)
			if output, err := clang.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}

// stand is what stands in for a tool of a Mac's: it notes how it was called, and makes
// the file that -o, -output or --output names.
const stand = `#!/bin/sh
tool=${0##*/}
echo "$tool $*" >>"$CALLS"
case "$tool $*" in
  "uname -s") echo Darwin; exit ;;
  *--show-sdk-path) echo "/sdk/$2"; exit ;;
  *--find\ clang) echo /bin/clang; exit ;;
esac
while [ $# != 0 ]; do
  case $1 in
    -o | -output)
      case $2 in
        *.xcframework) mkdir "$2" ;;
        *) echo "$tool" >"$2" ;;
      esac
      ;;
  esac
  shift
done
`

// xcframework runs build/xcframework in a copy of what it reads, with stand-ins for the
// tools of a Mac, and gives the copy and how they were called. It shows that the script
// comes to its end and what it asks for; what becomes of that, only a Mac can show.
func xcframework(t *testing.T) (root string, calls []string) {
	t.Helper()
	root = t.TempDir()
	for _, name := range []string{"build/xcframework", "include/openlts/openlts.h", "include/openlts/definitions.h",
		"bindings/swift/apple/module.modulemap"} {
		content, err := os.ReadFile(filepath.Join(repository, name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(root, name), content, 0o700) //nolint:gosec // a script
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tools, log := t.TempDir(), filepath.Join(root, "calls")
	for _, tool := range []string{"uname", "xcrun", "xcodebuild", "go"} {
		if err := os.WriteFile(
			filepath.Join(tools, tool),
			[]byte(stand),
			0o700,
		); err != nil { //nolint:gosec // a script
			t.Fatal(err)
		}
	}
	script := exec.Command(filepath.Join(root, "build/xcframework"))
	script.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "CALLS="+log)
	if output, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return root, strings.Split(strings.TrimSpace(string(content)), "\n")
}

func xcframeworkHeaders(t *testing.T) string {
	t.Helper()
	root, _ := xcframework(t)
	return filepath.Join(root, "out/apple/headers")
}

func TestXcframework(t *testing.T) {
	root, calls := xcframework(t)
	for _, want := range []string{
		"xcrun --sdk iphoneos ld -r -arch arm64 -exported_symbols_list out/apple/exports -o " +
			"out/apple/iphoneos-arm64/openlts.o -all_load out/apple/iphoneos-arm64/go.a",
		"xcrun lipo -create out/apple/macosx-arm64/libopenlts.a out/apple/macosx-x86_64/libopenlts.a -output " +
			"out/apple/macosx/libopenlts.a",
		"xcrun lipo -create out/apple/iphoneos-arm64/libopenlts.a -output out/apple/iphoneos/libopenlts.a",
		"xcrun lipo -create out/apple/iphonesimulator-arm64/libopenlts.a " +
			"out/apple/iphonesimulator-x86_64/libopenlts.a -output out/apple/iphonesimulator/libopenlts.a",
		"xcodebuild -create-xcframework -library out/apple/macosx/libopenlts.a -headers out/apple/headers -library " +
			"out/apple/iphoneos/libopenlts.a -headers out/apple/headers" +
			" -library out/apple/iphonesimulator/libopenlts.a -headers out/apple/headers -output " +
			"out/apple/COpenLTS.xcframework",
	} {
		if !slices.Contains(calls, want) {
			t.Errorf("was not called: %s\nbut %s", want, strings.Join(calls, "\n"))
		}
	}
	exports, err := os.ReadFile(filepath.Join(root, "out/apple/exports"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Fields(
		string(exports),
	), declared(
		t,
	); strings.Join(
		got,
		" ",
	) != "_"+strings.Join(
		want,
		" _",
	) {
		t.Errorf("exports %v", got)
	}
	// What the package for Swift names is there.
	text, err := os.ReadFile(filepath.Join(repository, "Package.swift"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bindings/swift/linux", "bindings/objc", "bindings/objc/src", "bindings/objc/include",
		"bindings/objc/gnustep", "bindings/objc/tests", "bindings/objc/build-and-test"} {
		if !strings.Contains(string(text), `"`+strings.TrimPrefix(name, "bindings/objc/")+`"`) {
			t.Errorf("Package.swift does not name %s", name)
		}
		if _, err := os.Stat(filepath.Join(repository, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(
		filepath.Join(root, "out/apple/COpenLTS.xcframework"),
	); err != nil ||
		!strings.Contains(string(text), `"out/apple/COpenLTS.xcframework"`) {
		t.Errorf("Package.swift names another framework (%v)", err)
	}
}
