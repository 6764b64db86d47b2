// Package administration has everything that an administrator can do with a License Tracking
// Server: it checks the input, makes the change, and writes an audit row in the same transaction.
// The command lts, the pages and the API call it.
package administration

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/password"
	"github.com/openlts/openlts/server/store"
)

// Administrator makes administrative changes to a store.
type Administrator struct {
	Store store.Store
	Now   func() time.Time
	Actor string // who makes the change, for the audit

	principal *Principal // the caller; nil: somebody who has the database itself; see As
}

// AddOrganization adds an organization. An empty id means: generate one.
func (a *Administrator) AddOrganization(ctx context.Context, name, id string) (store.Organization, error) {
	organization := store.Organization{ID: id, Name: name, CreatedAt: a.Now().Unix()}
	if err := errors.Join(a.may(Editor), a.everywhere(), checkName("organization", name),
		checkOrganizationID(id)); err != nil {
		return organization, err
	}
	err := a.Store.Update(ctx, func(tx store.Tx) (err error) {
		if id == "" {
			if organization.ID, err = tx.NextOrganizationID(); err != nil {
				return err
			}
		}
		if err := tx.AddOrganization(organization); errors.Is(err, store.ErrExists) {
			return exists(ObjectOrganization, organization.ID)
		} else if err != nil {
			return err
		}
		return a.audit(tx, "organization.add", organization.ID, "name %q", name)
	})
	return organization, err
}

// HandshakeCode is a handshake code to add.
type HandshakeCode struct {
	Organization     string
	Custom           string // the part after "<organization>-"
	SessionPassword  string
	ValidationFields []string
	Default          bool
}

// AddHandshakeCode adds a handshake code. An organization's first code becomes
// its default.
func (a *Administrator) AddHandshakeCode(ctx context.Context, c HandshakeCode) (store.HandshakeCode, error) {
	code := store.HandshakeCode{
		Code: c.Organization + "-" + c.Custom, Organization: c.Organization,
		ValidationFields: c.ValidationFields, Default: c.Default, CreatedAt: a.Now().Unix(),
	}
	errs := []error{
		a.may(Editor), checkID("custom", "the custom part of the handshake code", c.Custom),
		checkText("sessionPassword", "the session password", c.SessionPassword),
		checkValidationFields(c.ValidationFields),
	}
	if err := errors.Join(errs...); err != nil {
		return code, err
	}
	if c.SessionPassword != "" {
		code.SessionPassword = password.Hash(c.SessionPassword)
	}
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		organization, err := tx.Organization(c.Organization)
		if err != nil {
			return notFound(err, ObjectOrganization, c.Organization)
		}
		if err := a.sees(organization.ID, ObjectOrganization, organization.ID); err != nil {
			return err
		}
		code.Default = c.Default || organization.DefaultCode == ""
		if err := tx.AddHandshakeCode(code); errors.Is(err, store.ErrExists) {
			return exists(ObjectCode, code.Code)
		} else if err != nil {
			return err
		}
		return a.audit(tx, "handshake.add", code.Code, "%s, %s, %s", defaulting(code.Default),
			given(code.SessionPassword != "", "session password"), among(code.ValidationFields, "validation fields"))
	})
	return code, err
}

// KeyServers are the servers that a license key contains.
type KeyServers struct {
	Main, Standby string            // base URLs; Standby may be empty
	PublicKey     ed25519.PublicKey // by which clients recognize them
}

// KeyInput is what a license key contains besides the code.
type KeyInput struct {
	Server          string `json:"server"` // base URL
	Standby         string `json:"standby,omitempty"`
	SessionPassword string `json:"sessionPassword,omitempty"` // that of the code, if it has one
}

// LicenseKey makes the string that contains everything that a client needs: the addresses of the
// servers, their public key, the handshake code and its session password. The caller has to know
// the password, because the server stores only its hash. Whoever has the license key can use the
// code.
func (a *Administrator) LicenseKey(ctx context.Context, code, sessionPassword string,
	servers KeyServers) (string, error) {
	if err := errors.Join(a.may(Editor), checkURL("server", servers.Main),
		checkURL("standby", servers.Standby)); err != nil {
		return "", err
	}
	var found store.HandshakeCode
	err := a.Store.Update(ctx, func(tx store.Tx) (err error) {
		if found, err = tx.HandshakeCode(code); err != nil {
			return notFound(err, ObjectCode, code)
		}
		if err := a.sees(found.Organization, ObjectCode, code); err != nil {
			return err
		}
		if err := checkSessionPassword(found, sessionPassword); err != nil {
			return err
		}
		return a.audit(tx, "handshake.key", code, "server %s, %s", servers.Main, orNone("standby", servers.Standby))
	})
	if err != nil {
		return "", err
	}
	return protocol.NewLicenseKey(struct {
		MainServerURL    string `json:"mainServerURL"`
		StandbyServerURL string `json:"standbyServerURL,omitempty"`
		HandshakeCode    string `json:"handshakeCode"`
		SessionPassword  string `json:"sessionPassword,omitempty"`
		ServerPublicKey  string `json:"serverPublicKey"`
	}{servers.Main, servers.Standby, found.Code, sessionPassword, protocol.Encoding.EncodeToString(servers.PublicKey)})
}

func checkURL(field, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return invalid(field, "%q is not the base URL of a server, such as https://lts.example.com", address)
	}
	return nil
}

// AddItem adds a license item and attaches it to handshake codes. If its ID is empty, AddItem makes
// one, from the name if possible.
func (a *Administrator) AddItem(ctx context.Context, item store.Item, codes []string) (store.Item, error) {
	now := a.Now()
	item.CreatedAt = now.Unix()
	if err := errors.Join(a.may(Editor), a.sees(item.Organization, ObjectOrganization, item.Organization),
		checkItem(&item)); err != nil {
		return item, err
	}
	err := a.Store.Update(ctx, func(tx store.Tx) (err error) {
		if _, err := tx.Organization(item.Organization); err != nil {
			return notFound(err, ObjectOrganization, item.Organization)
		}
		added := item
		if added.ID == "" {
			if added.ID, err = freeItemID(tx, item.Name); err != nil {
				return err
			}
		}
		if err := tx.AddItem(added); errors.Is(err, store.ErrExists) {
			return exists(ObjectItem, added.ID)
		} else if err != nil {
			return err
		}
		for _, code := range codes {
			if err := a.attach(tx, added.ID, code, 0); err != nil {
				return err
			}
		}
		item = added
		return a.audit(tx, "item.add", item.ID,
			"organization %s, charge way %s, quota %s%s, expires %s, %s", item.Organization,
			FormatChargeWay(item.ChargeWay), FormatQuota(item.Quota), stated(item.Charging),
			time.Unix(item.ExpiresAt, 0).UTC().Format(time.RFC3339), among(codes, "handshake codes"))
	})
	return item, err
}

// AttachItem attaches an item to a handshake code. Items with a position above 0 come first, in the
// order of the positions; with 0, the default rules decide.
func (a *Administrator) AttachItem(ctx context.Context, item, code string, position int64) error {
	if err := a.may(Editor); err != nil {
		return err
	}
	if position < 0 {
		return invalid("position", "a position is 1 or more, or 0 for the default rules")
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := a.attach(tx, item, code, position); err != nil {
			return err
		}
		return a.audit(tx, "item.attach", item, "handshake code %s, position %d", code, position)
	})
}

func (a *Administrator) attach(tx store.Tx, item, code string, position int64) error {
	i, err := tx.Item(item)
	if err != nil {
		return notFound(err, ObjectItem, item)
	}
	c, err := tx.HandshakeCode(code)
	if err != nil {
		return notFound(err, ObjectCode, code)
	}
	if err := errors.Join(a.sees(i.Organization, ObjectItem, item),
		a.sees(c.Organization, ObjectCode, code)); err != nil {
		return err
	}
	if i.Organization != c.Organization {
		return invalid("handshake", "item %s belongs to organization %s and handshake code %s to %s; only items of "+
			"the same organization can be attached",
			item, i.Organization, code, c.Organization)
	}
	return tx.AttachItem(c.Key, i.Key, position)
}

// RevokeItem revokes an item for good. Devices that have an authorization may use it until their
// offline time ends.
func (a *Administrator) RevokeItem(ctx context.Context, item string) error {
	if err := a.may(Editor); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		i, err := tx.Item(item)
		if err != nil {
			return notFound(err, ObjectItem, item)
		}
		if err := a.sees(i.Organization, ObjectItem, item); err != nil {
			return err
		}
		if i.RevokedAt != 0 {
			return &Error{Kind: Conflict, Object: ObjectItem, ID: item,
				Text: fmt.Sprintf("item %s was revoked already, at %s", item,
					time.Unix(i.RevokedAt, 0).UTC().Format(time.RFC3339))}
		}
		if err := tx.RevokeItem(i.Key, a.Now().Unix()); err != nil {
			return err
		}
		return a.audit(tx, "item.revoke", item, "")
	})
}

func (a *Administrator) audit(tx store.Tx, action, object, detail string, arguments ...any) error {
	return tx.AddAudit(store.Audit{
		At: a.Now().Unix(), Actor: a.Actor, Action: action, Object: object, Detail: fmt.Sprintf(detail, arguments...),
	})
}

// freeItemID makes an id for an item: its name if that is a valid and unused id, or else a random
// one.
func freeItemID(tx store.Tx, name string) (string, error) {
	if checkID("", "", name) == nil {
		if _, err := tx.Item(name); errors.Is(err, store.ErrNotFound) {
			return name, nil
		} else if err != nil {
			return "", err
		}
	}
	return "item-" + strings.ToLower(randomText()), nil
}
