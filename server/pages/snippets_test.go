package pages_test

import (
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The lines to paste beside a license key are what the bindings have: those for C and C++
// compile, and the others name nothing that there is not.
func TestLinesToPaste(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	_, page := o.signedIn(t, "adam").post(t, "/codes/100001-warehouse/key", url.Values{
		"action": {"make"}, "server": {"https://lts.example.com"},
	})
	lines := map[string]string{}
	for _, found := range regexp.MustCompile(
		`(?s)<summary>([^<]+)</summary>.*?<pre[^>]*>([^<]*)</pre>`).FindAllStringSubmatch(page, -1) {
		lines[html.UnescapeString(found[1])] = html.UnescapeString(found[2])
	}
	for language, compiler := range map[string][]string{
		"C":   {"cc", "-std=c99", "-x", "c"},
		"C++": {"c++", "-std=c++17", "-x", "c++"},
	} {
		if _, err := exec.LookPath(compiler[0]); err != nil {
			t.Logf("there is no %s to compile what is for %s", compiler[0], language)
			continue
		}
		head, body, ok := strings.Cut(lines[language], "\n\n")
		if !ok {
			t.Fatalf("%s: %q", language, lines[language])
		}
		file := filepath.Join(t.TempDir(), "pasted")
		text := "#include <stdio.h>\n" + head + "\nint main(void) {\n" + body + "\nreturn 0; }\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		command := exec.CommandContext(t.Context(), compiler[0],
			append(compiler[1:], "-fsyntax-only", "-Wall", "-I../../include", file)...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", language, err, out)
		}
	}
	for language, names := range map[string]map[string]string{
		"Python": {"from_key": "python/src/openlts/license.py", "QR_CODE": "python/src/openlts/definitions.py",
			"record": "python/src/openlts/license.py"},
		"Java": {"fromKey": "java/src/main/java/org/openlts/License.java",
			"OperationType": "java/src/main/java/org/openlts/License.java"},
		"C#": {"FromKey": "csharp/src/OpenLTS/License.cs", "QRCode": "csharp/src/OpenLTS/Definitions.cs",
			"Record": "csharp/src/OpenLTS/License.cs"},
		"JavaScript": {"createLicense": "javascript/src/index.ts", "licenseKey": "javascript/src/parameters.ts"},
	} {
		for name, file := range names {
			source, err := os.ReadFile(filepath.Join("../../bindings", file))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(lines[language], name) || !strings.Contains(string(source), name) {
				t.Errorf("%s: %s is not in both of %s and\n%s", language, name, file, lines[language])
			}
		}
	}
}
