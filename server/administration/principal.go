package administration

import (
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Role says what somebody may do.
type Role string

// Roles. Each may do what those after it may.
const (
	Owner  Role = "owner"         // also accounts, tokens and settings
	Editor Role = "administrator" // also changes
	Viewer Role = "viewer"        // reads
)

// Roles are all roles.
var Roles = []Role{Owner, Editor, Viewer}

// Principal is the caller.
type Principal struct {
	Name string // for the audit
	Role Role
	// Organization is the only organization whose objects a principal can see; "": all.
	Organization string
}

// May tells whether a principal's role includes another.
func (p Principal) May(role Role) bool {
	switch p.Role {
	case Owner:
		return role == Owner && p.Organization == "" || role == Editor || role == Viewer
	case Editor:
		return role == Editor || role == Viewer
	case Viewer:
		return role == Viewer
	}
	return false
}

// As gives an administrator that may do only what a principal may. An administrator that was not
// made by As acts for somebody who has the database itself, and may do everything.
func (a *Administrator) As(p Principal) *Administrator {
	limited := *a
	limited.principal, limited.Actor = &p, p.Name
	return &limited
}

// On gives an administrator with the same rights on another store, for example one that does
// something more with each change.
func (a *Administrator) On(s store.Store) *Administrator {
	other := *a
	other.Store = s
	return &other
}

// Principal is who asks.
func (a *Administrator) Principal() Principal {
	if a.principal == nil {
		return Principal{Name: a.Actor, Role: Owner}
	}
	return *a.principal
}

// may gives an error unless the caller has a role.
func (a *Administrator) may(role Role) error {
	if a.Principal().May(role) {
		return nil
	}
	return &Error{
		Kind: Forbidden, Text: "this takes the role " + string(role) + "; yours is " + string(a.Principal().Role),
	}
}

// sees gives an error unless the caller may see an object.
func (a *Administrator) sees(organization, object, id string) error {
	if only := a.Principal().Organization; only != "" && organization != only {
		return absent(object, id)
	}
	return nil
}

// visibleItem finds an item that the caller may see.
func (a *Administrator) visibleItem(tx store.Tx, id string) (store.Item, error) {
	item, err := tx.Item(id)
	if err == nil {
		err = a.sees(item.Organization, ObjectItem, id)
	}
	return item, notFound(err, ObjectItem, id)
}

// visibleCode finds a handshake code that the caller may see.
func (a *Administrator) visibleCode(tx store.Tx, code string) (store.HandshakeCode, error) {
	c, err := tx.HandshakeCode(code)
	if err == nil {
		err = a.sees(c.Organization, ObjectCode, code)
	}
	return c, notFound(err, ObjectCode, code)
}

// everywhere gives an error unless the caller may see all organizations.
func (a *Administrator) everywhere() error {
	if only := a.Principal().Organization; only != "" {
		return &Error{Kind: Forbidden, Text: "this is for those who see all organizations; you see " + only}
	}
	return nil
}

// narrow restricts a selection to what the caller may see; ok is false if that is nothing.
func (a *Administrator) narrow(s records.Selection) (narrowed records.Selection, ok bool) {
	s.Now = a.Now().Unix()
	only := a.Principal().Organization
	if only == "" {
		return s, true
	}
	for _, organization := range s.Organizations {
		if organization == only {
			s.Organizations = nil
		}
	}
	if len(s.Organizations) > 0 {
		return s, false
	}
	s.Organizations, s.Apart = []string{only}, true
	return s, true
}
