package main

import (
	"path"
	"regexp"
	"strings"
)

// commentMarks tells where a comment begins, by the extension of a source.
var commentMarks = map[string]*regexp.Regexp{}

func init() {
	slashes := regexp.MustCompile(`(?:^|\s)(?://|/\*|\*)\s(.*)$`)
	hash := regexp.MustCompile(`(?:^|\s)#\s(.*)$`)
	dashes := regexp.MustCompile(`(?:^|\s)--\s(.*)$`)
	for extensions, mark := range map[string]*regexp.Regexp{
		".go .c .h .hpp .cpp .m .java .cs .js .mjs .ts": slashes, ".py .sh .cmake": hash, ".sql": dashes,
	} {
		for extension := range strings.FieldsSeq(extensions) {
			commentMarks[extension] = mark
		}
	}
}

// aFile is a path with folders that ends as sources and documents do.
var aFile = regexp.MustCompile(
	`(?:^|[^\w./<-])((?:[\w-]+/)+[\w.-]*\w\.(?:go|c|h|hpp|cpp|m|py|java|cs|md|json|js|mjs|ts|sql|sh|yaml))\b`)

// comments: a file of this repository that a comment cites exists. Without that, what is
// moved or renamed leaves readers where there is nothing.
func (c *checker) comments(file, text string) {
	mark := commentMarks[path.Ext(file)]
	if mark == nil {
		return
	}
	for n, line := range strings.Split(text, "\n") {
		comment := mark.FindStringSubmatch(line)
		if comment == nil {
			continue
		}
		for _, cited := range aFile.FindAllStringSubmatch(comment[1], -1) {
			name := cited[1]
			top, _, _ := strings.Cut(name, "/")
			if c.top[top] && !c.files[name] && !c.files[path.Join(path.Dir(file), name)] &&
				!c.below(path.Dir(file), name) {
				c.report(file, n+1, "the comment cites %s, which does not exist", name)
			}
		}
	}
}
