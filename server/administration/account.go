package administration

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/server/password"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Account is an account of the pages, as it is shown.
type Account struct {
	Name         string `json:"name"`
	Role         Role   `json:"role"`
	Organization string `json:"organization,omitempty"` // "": all
	CreatedAt    int64  `json:"createdAt"`
	SeenAt       int64  `json:"seenAt,omitempty"`
}

func viewAccount(a records.Account) Account {
	return Account{a.Name, Role(a.Role), a.Organization, a.CreatedAt, a.SeenAt}
}

// AccountInput is an account to add.
type AccountInput struct {
	Name         string `json:"name"`
	Password     string `json:"password"`
	Role         Role   `json:"role"`
	Organization string `json:"organization,omitempty"`
}

// Accounts lists all accounts; for owners.
func (a *Administrator) Accounts(ctx context.Context) ([]Account, error) {
	if err := a.may(Owner); err != nil {
		return nil, err
	}
	stored, err := records.Accounts(ctx, a.Store)
	list := make([]Account, len(stored))
	for i, account := range stored {
		list[i] = viewAccount(account)
	}
	return list, err
}

func checkRole(role Role, organization string) error {
	if !slices.Contains(Roles, role) {
		return invalid("role", "there is no role %q; choose from owner, administrator, viewer", role)
	}
	if organization != "" && role != Viewer {
		return invalid("organization", "only a viewer can be one of a single organization")
	}
	return nil
}

// AddAccount adds an account; for owners.
func (a *Administrator) AddAccount(ctx context.Context, in AccountInput) (Account, error) {
	if err := a.may(Owner); err != nil {
		return Account{}, err
	}
	return a.addAccount(ctx, in, nil)
}

func (a *Administrator) addAccount(ctx context.Context, in AccountInput, before func(store.Tx) error) (Account, error) {
	in.Name = strings.TrimSpace(in.Name)
	if err := errors.Join(checkName("account", in.Name), checkNewPassword(in.Password, in.Name),
		checkRole(in.Role, in.Organization)); err != nil {
		return Account{}, err
	}
	hashed := password.Hash(in.Password)
	account := records.Account{Name: in.Name, Role: string(in.Role), Organization: in.Organization, Password: hashed,
		CreatedAt: a.Now().Unix()}
	return viewAccount(account), a.Store.Update(ctx, func(tx store.Tx) error {
		if before != nil {
			if err := before(tx); err != nil {
				return err
			}
		}
		if in.Organization != "" {
			if _, err := tx.Organization(in.Organization); err != nil {
				return notFound(err, ObjectOrganization, in.Organization)
			}
		}
		if err := records.AddAccount(ctx, tx, account); errors.Is(err, store.ErrExists) {
			return exists(ObjectAccount, in.Name)
		} else if err != nil {
			return err
		}
		return a.audit(tx, "account.add", in.Name, "role %s, %s", in.Role, reach(in.Organization))
	})
}

// ChangeAccount changes the role of an account; for owners. One owner stays.
func (a *Administrator) ChangeAccount(ctx context.Context, name string, role Role, organization string) error {
	if err := errors.Join(a.may(Owner), checkRole(role, organization)); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		account, err := records.AccountByName(ctx, tx, name)
		if err != nil {
			return notFound(err, ObjectAccount, name)
		}
		if organization != "" {
			if _, err := tx.Organization(organization); err != nil {
				return notFound(err, ObjectOrganization, organization)
			}
		}
		if role != Owner {
			if err := anotherOwner(ctx, tx, account); err != nil {
				return err
			}
		}
		before := viewAccount(account)
		account.Role, account.Organization = string(role), organization
		if err := records.ChangeAccount(ctx, tx, account); err != nil {
			return err
		}
		return a.auditChange(tx, "account.change", name, before, viewAccount(account))
	})
}

// anotherOwner gives an error if an account is the last owner.
func anotherOwner(ctx context.Context, tx store.Tx, account records.Account) error {
	all, err := records.Accounts(ctx, tx)
	if err != nil || account.Role != string(Owner) {
		return err
	}
	for _, each := range all {
		if each.Role == string(Owner) && each.Key != account.Key {
			return nil
		}
	}
	return &Error{Kind: InUse, Object: ObjectAccount, ID: account.Name,
		Text: account.Name + " is the only owner; make somebody else one first"}
}

// RemoveAccount removes an account and ends its sessions; for owners. One owner stays.
func (a *Administrator) RemoveAccount(ctx context.Context, name string) error {
	if err := a.may(Owner); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		account, err := records.AccountByName(ctx, tx, name)
		if err != nil {
			return notFound(err, ObjectAccount, name)
		}
		if err := anotherOwner(ctx, tx, account); err != nil {
			return err
		}
		if err := records.RemoveAccount(ctx, tx, account.Key); err != nil {
			return err
		}
		return a.audit(tx, "account.remove", name, "")
	})
}

// ResetPassword sets the password of somebody's account and ends its sessions; for
// owners.
func (a *Administrator) ResetPassword(ctx context.Context, name, text string) error {
	if err := errors.Join(a.may(Owner), checkNewPassword(text, name)); err != nil {
		return err
	}
	return a.setPassword(ctx, name, text, "", "account.reset-password")
}

func (a *Administrator) setPassword(ctx context.Context, name, text, keep, action string) error {
	hashed := password.Hash(text)
	return a.Store.Update(ctx, func(tx store.Tx) error {
		account, err := records.AccountByName(ctx, tx, name)
		if err != nil {
			return notFound(err, ObjectAccount, name)
		}
		if err := errors.Join(records.SetPassword(ctx, tx, account.Key, hashed),
			records.EndSessions(ctx, tx, account.Key, keep)); err != nil {
			return err
		}
		return a.audit(tx, action, name, "all other sessions ended")
	})
}

// RandomPassword makes a password of 120 bits.
func RandomPassword() string { return secret()[:20] }

// How long a set-up link is valid.
const setUpTime = 24 * time.Hour

// SetUpLink gives the secret of a link that makes the first account, once; "" if there
// are accounts already.
func (a *Administrator) SetUpLink(ctx context.Context) (string, error) {
	if err := a.may(Owner); err != nil {
		return "", err
	}
	// Ask before writing anything: a server may start on a replica, which it can't write.
	if all, err := records.Accounts(ctx, a.Store); err != nil || len(all) > 0 {
		return "", err
	}
	made, now := secret(), a.Now()
	return made, a.Store.Update(ctx, func(tx store.Tx) error {
		all, err := records.Accounts(ctx, tx)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			made = ""
			return nil
		}
		return records.AddSetUpLink(ctx, tx, digest(made), now.Unix(), now.Add(setUpTime).Unix())
	})
}

// SetUpOpen tells whether the secret of a set-up link makes the first account.
func (a *Administrator) SetUpOpen(ctx context.Context, link string) (bool, error) {
	return records.SetUpLink(ctx, a.Store, digest(link), a.Now().Unix())
}

var errSetUpLink = &Error{Kind: Forbidden, Text: "this link was used already, or has expired"}

// SetUp makes the first account, an owner, for whoever has a set-up link.
func (a *Administrator) SetUp(ctx context.Context, link, name, text string) (Account, error) {
	// Check the link before hashing the password, so that strangers can't make us do that.
	if open, err := a.SetUpOpen(ctx, link); err != nil {
		return Account{}, err
	} else if !open {
		return Account{}, errSetUpLink
	}
	by := *a
	by.Actor = "set-up link"
	return by.addAccount(ctx, AccountInput{Name: name, Password: text, Role: Owner}, func(tx store.Tx) error {
		open, err := records.SetUpLink(ctx, tx, digest(link), a.Now().Unix())
		if err != nil {
			return err
		}
		all, err := records.Accounts(ctx, tx)
		if err != nil {
			return err
		}
		if !open || len(all) > 0 {
			return errSetUpLink
		}
		return records.DropSetUpLinks(ctx, tx)
	})
}
