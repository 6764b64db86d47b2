package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// linkedFile is a path of an object, or of an archive followed by one of its members, in the map of GNU's linker and
// of LLVM's. An archive of which nothing is used stands alone.
var linkedFile = regexp.MustCompile(`(/[^\s()]*\.a)\([^()\n]+\)|(/[^\s()]*\.o(?:bj)?)(?:[:\s]|$)`)

// linkedFiles are the objects and the archives in a linker's map, sorted, but for those that Go made.
func linkedFiles(linkMap string) []string {
	found := map[string]bool{}
	for _, match := range linkedFile.FindAllStringSubmatch(linkMap, -1) {
		if file := match[1] + match[2]; !strings.Contains(file, "/go-link-") {
			found[path.Clean(file)] = true
		}
	}
	files := make([]string, 0, len(found))
	for file := range found {
		files = append(files, file)
	}
	slices.Sort(files)
	return files
}

// runtime is a part of a C compiler that gets into what it links.
type runtime struct {
	notice notice
	files  *regexp.Regexp // of the linker's map
}

// zigFolder is where build/bootstrap installs the compiler zig, below out/venv.
const zigFolder = "out/venv/lib/python3*/site-packages/ziglang"

// runtimes are those of the compilers that build/toolchain.sh knows. The first whose files match is the one.
func runtimes() []runtime {
	zig := zigFolder
	if found, err := filepath.Glob(zigFolder); err == nil && len(found) > 0 {
		zig = found[0]
	} // or what is missing is told once a file of it is asked for
	// MinGW-w64's compiler, where Debian installs it, has the terms of all its sources in one text; zig has the same
	// sources, each part with its own.
	mingw := filepath.Join(zig, "lib/libc/mingw")
	return []runtime{
		{
			notice{name: "winpthreads", files: []string{filepath.Join(mingw, "winpthreads/thread.c")}},
			regexp.MustCompile(`/lib(win)?pthread\.a$`),
		},
		{
			notice{name: "MinGW-w64's runtime", files: []string{
				filepath.Join(mingw, "COPYING"), filepath.Join(mingw, "gdtoa/gdtoa.c"),
				filepath.Join(mingw, "stdio/mingw_pformat.c"),
			}},
			regexp.MustCompile(`/x86_64-w64-mingw32/lib/[^/]*$`),
		},
		{
			notice{name: "GCC's runtime library", terms: "The GCC Runtime Library Exception permits to pass it " +
				"on as a part of a program, on the program's own\nterms: https://www.gnu.org/licenses/gcc-exception.html"},
			regexp.MustCompile(`/gcc/[^/]*/[^/]*/(libgcc(_eh)?\.a|crt[^/]*\.o)$`),
		},
		{
			notice{name: "The GNU C Library", terms: "The code that starts a program or a library, which its " +
				"authors permit to link, and to pass on\nas a part of what results, without limit."},
			regexp.MustCompile(`/(libc_nonshared\.a|crt[1in]\.o|[SRg]crt1\.o)$`),
		},
		{
			notice{name: "Zig's runtime library", files: []string{filepath.Join(zig, "LICENSE")}},
			regexp.MustCompile(`/lib(compiler|ubsan)_rt\.a$`),
		},
		{
			notice{name: "Android's NDK", files: []string{filepath.Join(os.Getenv("ANDROID_NDK_HOME"), "NOTICE")}},
			regexp.MustCompile(`/toolchains/llvm/prebuilt/`),
		},
	}
}

// broughtByCompiler is what a C compiler put into a binary: as the linker's map says; if it is empty, because zig makes
// none for some systems, all that zig might. A file whose terms nobody knows is an error.
func broughtByCompiler(binary string, info *debug.BuildInfo) ([]notice, error) {
	if setting(info, "CGO_ENABLED") != "1" {
		return nil, nil
	}
	text, err := os.ReadFile(binary + ".map")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s.map: build/library --target and build/command leave it", binary)
	}
	if err != nil {
		return nil, err
	}
	return noticesIn(string(text), setting(info, "GOOS"))
}

// noticesIn is what a C compiler put into a binary for a system, by the linker's map.
func noticesIn(linkMap, system string) ([]notice, error) {
	parts := runtimes()
	files := linkedFiles(linkMap)
	if len(files) == 0 {
		files = mightBeLinked[system]
	}
	brought := make([]bool, len(parts))
	for _, file := range files {
		i := slices.IndexFunc(parts, func(part runtime) bool { return part.files.MatchString(file) })
		if i < 0 {
			return nil, fmt.Errorf("%s is linked in, and nobody knows on which terms: say it in build/licenses", file)
		}
		brought[i] = true
	}
	var notices []notice
	for i, part := range parts {
		if brought[i] {
			notices = append(notices, part.notice)
		}
	}
	return notices, nil
}

// mightBeLinked is what zig may link in where it makes no map, by the system.
var mightBeLinked = map[string][]string{
	"darwin":  {"/libcompiler_rt.a"},
	"windows": {"/libcompiler_rt.a", "/libwinpthread.a", "/x86_64-w64-mingw32/lib/libmingw32.a"},
}

func setting(info *debug.BuildInfo, key string) string {
	for _, each := range info.Settings {
		if each.Key == key {
			return each.Value
		}
	}
	return ""
}
