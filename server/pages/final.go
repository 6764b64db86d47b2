package pages

import (
	"slices"
	"strings"
)

// question is what a page asks before it does what can't be undone.
type question struct {
	text string
	// of is the value of the path, or the field of the form, that names what it is done to.
	of string
	// given is the field that has to be filled in for there to be anything to ask; "": there always
	// is.
	given string
}

// sure is the field of a form by which somebody confirms what can't be undone.
const sure = "sure"

// ask asks for confirmation if the form does something that can't be undone, and tells whether it
// does.
func (r *request) ask(action string) bool {
	q, final := r.page.final[action]
	if !final || r.PostForm.Get(sure) != "" || q.given != "" && typed(r.PostForm.Get(q.given)) == "" {
		return false
	}
	r.asking = &q
	return true
}

// confirmation is the page that asks. Its form is the one that was sent, and says "sure".
type confirmation struct {
	Of     string // what it is done to
	Back   string // the address of the page with the form
	Action string
	Fields []sentField
}

type sentField struct{ Name, Value string }

// confirmation makes the page that asks the question of the form.
func (r *request) confirmation() confirmation {
	shown := confirmation{Action: r.PostForm.Get("action"), Of: r.PathValue(r.asking.of),
		Back: r.root() + strings.TrimPrefix(r.URL.EscapedPath(), "/")}
	if shown.Of == "" {
		shown.Of = r.PostForm.Get(r.asking.of)
	}
	for name, values := range r.PostForm {
		for _, value := range values {
			if name != "action" {
				shown.Fields = append(shown.Fields, sentField{name, value})
			}
		}
	}
	slices.SortStableFunc(shown.Fields, func(a, b sentField) int { return strings.Compare(a.Name, b.Name) })
	return shown
}
