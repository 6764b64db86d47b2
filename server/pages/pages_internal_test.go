package pages

import "github.com/openlts/openlts/server/administration"

// Paths are the patterns of all pages, for tests that visit each.
func Paths() (paths []string) {
	for _, page := range all() {
		paths = append(paths, page.path)
	}
	return paths
}

// Form is a form of a page.
type Form struct {
	Path, Action string
	Template     string              // of its page
	Role         administration.Role // who may send it; "": everybody
	Everywhere   bool                // its page is for those who see all organizations
	Final        bool                // it asks first, because it can't be undone
	Given        string              // the field without which it has nothing to ask
}

// Forms are all forms there are.
func Forms() (forms []Form) {
	for _, page := range all() {
		for name, action := range page.actions {
			q, final := page.final[name]
			forms = append(forms, Form{page.path, name, page.name, action.role, page.everywhere, final, q.given})
		}
	}
	return forms
}

// Grouped writes a number as pages do.
func Grouped(n int64) string { return grouped(n) }
