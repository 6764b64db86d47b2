package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What the two linkers write, a few lines of each.
const (
	gnuMap = `Archive member included to satisfy reference by file (symbol)

/usr/lib/gcc/x86_64-w64-mingw32/12-posix/../../../../x86_64-w64-mingw32/lib/libmingwex.a(lib64_libmingwex_a-gdtoa.o)
                              /usr/lib/gcc/x86_64-w64-mingw32/12-posix/../../../libpthread.a(thread.o) (__gdtoa)

LOAD /usr/lib/gcc/x86_64-w64-mingw32/12-posix/../../../../x86_64-w64-mingw32/lib/dllcrt2.o
LOAD /tmp/go-link-12/go.o
LOAD /usr/lib/gcc/x86_64-w64-mingw32/12-posix/libgcc_s.a
 .text          0x0000000000001000      0x2e4 /usr/lib/gcc/x86_64-w64-mingw32/12-posix/crtbegin.o
`
	lldMap = `             VMA              LMA     Size Align Out     In      Symbol
            22b8             22b8      738     8 .rela.plt
            3c80             3c80      57d     1         <internal>:(.rodata.str1.1)
            4200             4200      2e0     4         /a b/zig/o/ac1d/libcompiler_rt.a(/a b/o/3f/x.o):(.text)
            4300             4300      2e0     4         /a b/zig/o/77/libc_nonshared.a(stat64-2.32.o):(.text)
            4400             4400      2e0     4         /tmp/a b/go-link-12/000004.o:(.text)
            4500             4500      2e0     4         /a b/zig/o/77/Scrt1.o:(.text)
`
)

func TestWhatALinkersMapSays(t *testing.T) {
	gcc := "/usr/lib/gcc/x86_64-w64-mingw32/12-posix/"
	for text, want := range map[string][]string{
		gnuMap: {gcc + "crtbegin.o", "/usr/lib/libpthread.a",
			"/usr/x86_64-w64-mingw32/lib/dllcrt2.o", "/usr/x86_64-w64-mingw32/lib/libmingwex.a"},
		lldMap: {"/zig/o/77/Scrt1.o", "/zig/o/77/libc_nonshared.a", "/zig/o/ac1d/libcompiler_rt.a"},
		"":     {},
	} {
		if got := linkedFiles(text); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// compiler puts the texts that zig brings where build/bootstrap does.
func compiler(t *testing.T) {
	t.Helper()
	root := t.TempDir()
	zig := filepath.Join(root, strings.ReplaceAll(zigFolder, "*", ".13"))
	for name, text := range map[string]string{
		"LICENSE":                              "The terms of zig",
		"lib/libc/mingw/COPYING":               "The terms of MinGW-w64",
		"lib/libc/mingw/gdtoa/gdtoa.c":         "/**\n\nThe terms of gdtoa,\nwhich are long\n\n**/\n/* no terms */ int",
		"lib/libc/mingw/stdio/mingw_pformat.c": "/* pformat.c\n *\n * The terms of\n * pformat\n **\n */\nint code;",
		"lib/libc/mingw/winpthreads/thread.c":  "\n/*\r\n   The terms of winpthreads\r\n*/\r\n",
	} {
		path := filepath.Join(zig, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		file(t, filepath.Dir(path), filepath.Base(path), text)
	}
	t.Chdir(root)
}

func TestWhatTheCompilerBrought(t *testing.T) {
	compiler(t)
	for _, test := range []struct {
		linkMap, system string
		present, absent []string
	}{
		{gnuMap, "windows", []string{"\nThe terms of MinGW-w64\n",
			"\nThe terms of gdtoa,\nwhich are long\n",
			"\nThe terms of\npformat\n", "\nThe terms of winpthreads\n", "gcc-exception"},
			[]string{"The terms of zig", "no terms", "int "}},
		{lldMap, "linux", []string{"\nThe terms of zig\n", "The GNU C Library"}, []string{"MinGW", "winpthreads"}},
		{"", "windows", []string{"The terms of zig", "The terms of gdtoa", "The terms of winpthreads"},
			[]string{"GCC"}},
		{"", "darwin", []string{"The terms of zig"}, []string{"MinGW", "The GNU C Library"}},
		{"", "linux", nil, []string{"The terms of zig", "The GNU C Library"}},
	} {
		var out strings.Builder
		notices, err := noticesIn(test.linkMap, test.system)
		if err != nil {
			t.Fatal(err)
		}
		if err := write(&out, notices); err != nil {
			t.Fatal(err)
		}
		for _, text := range test.present {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%q is not in\n%s", text, out.String())
			}
		}
		for _, text := range test.absent {
			if strings.Contains(out.String(), text) {
				t.Errorf("%q is in\n%s", text, out.String())
			}
		}
	}
}

func TestTheHeadOfAFile(t *testing.T) {
	for _, source := range []string{"", "int code; /* terms */", "/* without end", "// terms"} {
		if terms, err := headComment(source); err == nil {
			t.Errorf("%q gives %q", source, terms)
		}
	}
}
