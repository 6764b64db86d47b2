package pages_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// field is a field of a form, as a browser would send it.
type field struct {
	name, kind, value string
	picked            bool
}

// formsOf are the forms of a page that change something, with what they are filled with, and a value
// for each button.
func formsOf(t *testing.T, page string) (forms [][]field) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(n *html.Node, name string) (string, bool) {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val, true
			}
		}
		return "", false
	}
	for n := range root.Descendants() {
		if method, _ := attribute(n, "method"); n.Data != "form" || !strings.EqualFold(method, "post") {
			continue
		}
		var fields []field
		selecting := ""
		for e := range n.Descendants() {
			f := field{kind: e.Data}
			f.name, _ = attribute(e, "name")
			f.value, _ = attribute(e, "value")
			switch e.Data {
			case "input":
				if f.kind, _ = attribute(e, "type"); f.kind == "" {
					f.kind = "text"
				}
				_, f.picked = attribute(e, "checked")
			case "select":
				selecting = f.name
				continue
			case "option":
				if f.name = selecting; e.FirstChild != nil && f.value == "" {
					f.value = e.FirstChild.Data
				}
				_, f.picked = attribute(e, "selected")
			case "textarea":
				if e.FirstChild != nil {
					f.value = e.FirstChild.Data
				}
			case "button":
			default:
				continue
			}
			if f.name != "" {
				fields = append(fields, f)
			}
		}
		forms = append(forms, fields)
	}
	return forms
}

// typed are the kinds of fields whose content somebody typed, and who is not to type it again.
var typed = []string{"text", "number", "email", "url", "date", "search", "textarea"}

// Whatever is wrong with a form: it comes back as it was filled in, except for secrets and files, and
// tells what is wrong.
func TestFormsKeepWhatWasTyped(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	owner := o.signedIn(t, "olga")
	refused := 0
	for _, path := range o.all(t) {
		_, page := owner.get(t, path)
		for n, form := range formsOf(t, page) {
			sent, options := url.Values{}, map[string]int{}
			fillable := false
			for _, f := range form {
				switch {
				case slices.Contains(typed, f.kind) && f.name != "username":
					fillable = true
					sent.Set(f.name, strings.Repeat("not "+f.name+" ", 60))
				case f.kind == "hidden":
					sent.Set(f.name, f.value)
				case f.kind == "checkbox":
					sent.Add(f.name, f.value)
				case f.kind == "option":
					if options[f.name]++; options[f.name] == 2 || f.picked && options[f.name] != 2 {
						sent.Set(f.name, f.value)
					}
				case f.kind == "button" && !sent.Has("action"):
					sent.Set(f.name, f.value)
				}
			}
			if !fillable || !sent.Has("action") {
				continue
			}
			response, again := owner.post(t, path, sent)
			if response.StatusCode != http.StatusUnprocessableEntity {
				t.Logf("%s, %s: %d", path, sent.Get("action"), response.StatusCode)
				continue
			}
			refused++
			if !strings.Contains(again, `role="alert"`) {
				t.Errorf("%s, %s: it is not told what is wrong", path, sent.Get("action"))
			}
			back := formsOf(t, again)
			if n >= len(back) {
				t.Errorf("%s, %s: the form is gone", path, sent.Get("action"))
				continue
			}
			for _, f := range back[n] {
				switch {
				case slices.Contains(typed, f.kind) && f.name != "username" && !secretField(f.name):
					if f.value != sent.Get(f.name) {
						t.Errorf("%s, %s: %s is %.40q again", path, sent.Get("action"), f.name, f.value)
					}
				case f.kind == "checkbox" || f.kind == "option":
					if f.picked != slices.Contains(sent[f.name], f.value) && (f.kind == "checkbox" || !f.picked) {
						t.Errorf("%s, %s: %s of %s is not picked any more", path, sent.Get("action"), f.value, f.name)
					}
				}
			}
		}
	}
	if refused < 15 {
		t.Errorf("only %d forms were refused: this test does not see what it is for", refused)
	}
}

// secretField tells whether a field is of secrets, which no page repeats.
func secretField(name string) bool { return strings.Contains(strings.ToLower(name), "password") }
