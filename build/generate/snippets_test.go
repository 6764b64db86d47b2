package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A snippet that no line tells of, or a line that tells of nothing, is found.
func TestSnippetsAreWhereTheySayTheyAre(t *testing.T) {
	t.Chdir(t.TempDir())
	page := filepath.Join("docs", "x.md")
	for name, content := range map[string]string{
		page: "# X\n\n```x\nnot this\n```\n" + publishedSection +
			"\n```x\nfirst\n```\n\n```x\nsecond\n```\n\n## More\n\n```x\nnot this\n```\n",
		"test":          "const configure = 1\n",
		"build/steps/x": "",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for want, l := range map[string]snippetLanguage{
		"": {
			Snippets: []snippet{{File: page, Block: 1}, {File: page, Block: 2}, {File: "test", Has: "configure ="}},
		},
		"has 2 published snippets":  {Snippets: []snippet{{File: page, Block: 1}}},
		"told of as number 1":       {Snippets: []snippet{{File: page, Block: 2}}},
		"does not have \"specify\"": {Snippets: []snippet{{File: "test", Has: "specify"}}},
		"no such file":              {Snippets: []snippet{{File: "test", Has: "configure", Test: "nothing"}}},
		"steps/y":                   {Step: "y"},
	} {
		l.Test, l.Step = "test", map[bool]string{true: "x", false: l.Step}[l.Step == ""]
		err := l.check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
