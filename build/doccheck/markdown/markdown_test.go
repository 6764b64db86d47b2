package markdown

import (
	"maps"
	"reflect"
	"slices"
	"testing"
)

const text = "# The title: `code` and [a link](x.md)\n" + // 1
	"See [one](docs/one.md), ![two](two.png \"Two\"), [three](#the-end) and `[no](link.md)`.\n" +
	"\n" +
	"```sh\n" + // 4
	"echo '[no](link.md)' `pwd`\n" +
	"# not a heading\n" +
	"```\n" +
	"1. In a list:\n" +
	"   ````md\n" + // 9
	"   ```sh\n" +
	"     inner\n" +
	"   ```\n" +
	"   ````\n" +
	"[reference]: <https://example.com/a_(b)>\n" + // 14
	"[four](a_(b).md)\n" +
	"## The end\n" +
	"## The end\n" +
	"<a name=\"place\"></a> ``a ` b``\n" +
	"~~~\n" + // 19
	"never closed\n"

func TestParse(t *testing.T) {
	d := Parse(text)
	if want := []Block{
		{Language: "sh", Text: "echo '[no](link.md)' `pwd`\n# not a heading\n", Line: 4},
		{Language: "md", Text: "```sh\n  inner\n```\n", Line: 9},
		{Text: "never closed\n", Line: 19, Section: "The end"},
	}; !reflect.DeepEqual(d.Blocks, want) {
		t.Errorf("blocks are %+v, want %+v", d.Blocks, want)
	}
	if want := []Span{
		{"x.md", 1}, {"docs/one.md", 2}, {"two.png", 2}, {"#the-end", 2}, {"https://example.com/a_(b)", 14},
		{"a_(b).md", 15},
	}; !reflect.DeepEqual(d.Links, want) {
		t.Errorf("links are %v, want %v", d.Links, want)
	}
	if want := []Span{{"code", 1}, {"[no](link.md)", 2}, {"a ` b", 18}}; !reflect.DeepEqual(d.Code, want) {
		t.Errorf("code spans are %v, want %v", d.Code, want)
	}
	anchors := slices.Sorted(maps.Keys(d.Anchors))
	if want := []string{"place", "the-end", "the-end-1", "the-title-code-and-a-link"}; !slices.Equal(anchors, want) {
		t.Errorf("anchors are %v, want %v", anchors, want)
	}
}

func TestParseNothing(t *testing.T) {
	if d := Parse(""); len(d.Blocks)+len(d.Links)+len(d.Code)+len(d.Anchors) != 0 {
		t.Errorf("found %+v", d)
	}
}
