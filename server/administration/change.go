package administration

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// OrganizationChange is a change of an organization; nil fields stay as they are.
type OrganizationChange struct {
	Name             *string `json:"name,omitempty"`
	DefaultHandshake *string `json:"defaultHandshake,omitempty"` // one of its codes
}

// checkTags gives an error unless one of the tags belongs to the present settings of an object:
// otherwise they have changed since the caller read it. nil skips the check.
func checkTags(tags []string, stated any, object, id string) error {
	if tags == nil || slices.Contains(tags, Tag(stated)) {
		return nil
	}
	return &Error{Kind: Conflict, Object: object, ID: id,
		Text: "the " + object + " " + id + " was changed meanwhile; look at it again"}
}

// ChangeOrganization changes an organization.
func (a *Administrator) ChangeOrganization(ctx context.Context, id string, change OrganizationChange,
	tags []string) (Organization, error) {
	var changed Organization
	if err := errors.Join(a.may(Editor), a.sees(id, ObjectOrganization, id)); err != nil {
		return changed, err
	}
	return changed, a.Store.Update(ctx, func(tx store.Tx) error {
		o, err := tx.Organization(id)
		if err != nil {
			return notFound(err, ObjectOrganization, id)
		}
		before := viewOrganization(o)
		if err := checkTags(tags, before, ObjectOrganization, id); err != nil {
			return err
		}
		if change.Name != nil {
			if err := checkName("organization", *change.Name); err != nil {
				return err
			}
			if err := records.RenameOrganization(ctx, tx, o.Key, *change.Name); err != nil {
				return err
			}
			o.Name = *change.Name
		}
		if change.DefaultHandshake != nil {
			code, err := tx.HandshakeCode(*change.DefaultHandshake)
			if err != nil {
				return notFound(err, ObjectCode, *change.DefaultHandshake)
			}
			if code.Organization != id {
				return invalid("defaultHandshake", "the handshake code %s is not one of organization %s", code.Code, id)
			}
			if err := records.SetDefaultCode(ctx, tx, o.Key, code.Key); err != nil {
				return err
			}
			o.DefaultCode = code.Code
		}
		changed = viewOrganization(o)
		return a.auditChange(tx, "organization.change", id, before, changed)
	})
}

// auditChange writes what changed to the audit, unless nothing did.
func (a *Administrator) auditChange(tx store.Tx, action, object string, before, after any) error {
	if detail := differences(before, after); detail != "" {
		return a.audit(tx, action, object, "%s", detail)
	}
	return nil
}

// RemoveOrganization removes an organization that has neither codes nor items.
func (a *Administrator) RemoveOrganization(ctx context.Context, id string) error {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		o, err := tx.Organization(id)
		if err != nil {
			return notFound(err, ObjectOrganization, id)
		}
		if err := records.RemoveOrganization(ctx, tx, o.Key); err != nil {
			return inUse(err, ObjectOrganization, id,
				"it has handshake codes, items, accounts or tokens; remove those first")
		}
		return a.audit(tx, "organization.remove", id, "name %q", o.Name)
	})
}

// CodeChange is a change of a handshake code; nil fields stay as they are. The code itself never
// changes, because applications have it built in.
type CodeChange struct {
	ValidationFields *[]string `json:"validationFields,omitempty"`
	Default          bool      `json:"default,omitempty"` // true: becomes the default
	// PublicTrial says whether requests that name neither a code nor an organization get its
	// trials. Only one code can have this: setting it clears it at the former one.
	PublicTrial *bool `json:"publicTrial,omitempty"`
}

// ChangeCode changes a handshake code.
func (a *Administrator) ChangeCode(ctx context.Context, code string, change CodeChange,
	tags []string) (Code, error) {
	seen, err := a.Code(ctx, code)
	if err = errors.Join(a.may(Editor), err); err != nil {
		return seen, err
	}
	if change.ValidationFields != nil {
		if err := checkValidationFields(*change.ValidationFields); err != nil {
			return seen, err
		}
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		c, err := tx.HandshakeCode(code)
		if err != nil {
			return notFound(err, ObjectCode, code)
		}
		if c.ValidationFields, err = records.ValidationFields(ctx, tx, c.Key); err != nil {
			return err
		}
		before := statedCode(c)
		if err := checkTags(tags, before, ObjectCode, code); err != nil {
			return err
		}
		if change.ValidationFields != nil {
			if err := records.SetValidationFields(ctx, tx, c.Key, *change.ValidationFields); err != nil {
				return err
			}
			c.ValidationFields = slices.Sorted(slices.Values(*change.ValidationFields))
		}
		if change.Default && !c.Default {
			organization, err := tx.Organization(c.Organization)
			if err != nil {
				return err
			}
			if err := records.SetDefaultCode(ctx, tx, organization.Key, c.Key); err != nil {
				return err
			}
			c.Default = true
		}
		if change.PublicTrial != nil && *change.PublicTrial != c.PublicTrial {
			if err := a.setPublicTrial(ctx, tx, c, seen.Items, *change.PublicTrial); err != nil {
				return err
			}
			c.PublicTrial = *change.PublicTrial
		}
		return a.auditChange(tx, "handshake.change", code, before, statedCode(c))
	})
	if err != nil {
		return seen, err
	}
	return a.Code(ctx, code)
}

// setPublicTrial makes a code with items that of the public trial, or ends that. This affects
// everybody, so accounts that see only one organization may not do it.
func (a *Administrator) setPublicTrial(ctx context.Context, tx store.Tx, code store.HandshakeCode, items []string,
	on bool) error {
	if err := a.everywhere(); err != nil {
		return err
	}
	if !on {
		return records.SetPublicTrial(ctx, tx, 0)
	}
	for _, id := range items {
		item, err := tx.Item(id)
		if err != nil {
			return err
		}
		if item.TrialBy != store.TrialByNobody {
			return records.SetPublicTrial(ctx, tx, code.Key)
		}
	}
	return invalid("publicTrial", "none of the items of %s can be tried by device or address, so there is nothing for "+
		"everybody to try", code.Code)
}

// statedCode is what an administrator sets for a code, without its items.
func statedCode(c store.HandshakeCode) any {
	view := ViewCode(store.HandshakeCodeUse{HandshakeCode: c})
	return view.Stated()
}

// Stated is what an administrator sets for a code, without its items.
func (c Code) Stated() any {
	c.Items = nil
	return c
}

func checkValidationFields(values []string) error {
	var errs []error
	for i, value := range values {
		if value == "" {
			errs = append(errs, invalid("validationFields", "a validation field is empty"))
		}
		if slices.Contains(values[:i], value) {
			errs = append(errs, invalid("validationFields", "the validation field %q is given twice", value))
		}
		errs = append(errs, checkText("validationFields", "the validation field", value))
	}
	return errors.Join(errs...)
}

// changeItem changes an item in one transaction, for an editor who may see it.
func (a *Administrator) changeItem(ctx context.Context, item string, change func(store.Tx, store.Item) error) error {
	if err := a.may(Editor); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		i, err := a.visibleItem(tx, item)
		if err != nil {
			return err
		}
		return change(tx, i)
	})
}

// changeCode does the same as changeItem for a handshake code.
func (a *Administrator) changeCode(ctx context.Context, code string,
	change func(store.Tx, store.HandshakeCode) error) error {
	if err := a.may(Editor); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		c, err := a.visibleCode(tx, code)
		if err != nil {
			return err
		}
		return change(tx, c)
	})
}

// RemoveCode removes a handshake code that no device was ever authorized for.
func (a *Administrator) RemoveCode(ctx context.Context, code string) error {
	return a.changeCode(ctx, code, func(tx store.Tx, c store.HandshakeCode) error {
		if err := records.RemoveHandshakeCode(ctx, tx, c.Key); err != nil {
			return inUse(err, ObjectCode, code, "devices were authorized with it, and their usage is kept")
		}
		return a.audit(tx, "handshake.remove", code, "")
	})
}

// DetachItem detaches an item from a handshake code. Devices may use it until they ask for their
// next authorization.
func (a *Administrator) DetachItem(ctx context.Context, item, code string) error {
	return a.changeItem(ctx, item, func(tx store.Tx, i store.Item) error {
		c, err := a.visibleCode(tx, code)
		if err != nil {
			return err
		}
		was, err := records.Detach(ctx, tx, c.Key, i.Key)
		if err != nil {
			return err
		}
		if !was {
			return &Error{
				Kind: NotFound, Object: ObjectItem, ID: item, Text: "item " + item + " is not attached to " + code,
			}
		}
		return a.audit(tx, "item.detach", item, "handshake code %s", code)
	})
}

// RemoveItem removes an item that no device was ever authorized to use.
func (a *Administrator) RemoveItem(ctx context.Context, item string) error {
	return a.changeItem(ctx, item, func(tx store.Tx, i store.Item) error {
		if err := records.RemoveItem(ctx, tx, i.Key); err != nil {
			return inUse(err, ObjectItem, item,
				"devices were authorized to use it, and their usage is kept; revoke it instead")
		}
		return a.audit(tx, "item.remove", item, "name %q", i.Name)
	})
}

// ItemFields are the settings of an item, as callers write them; nil fields stay as they are or,
// for a new item, get their defaults.
type ItemFields struct {
	Name            *string `json:"name,omitempty"`
	Quota           *int64  `json:"quota,omitempty"` // -1: not limited
	Products        *string `json:"products,omitempty"`
	Version         *string `json:"version,omitempty"`
	Edition         *string `json:"edition,omitempty"`
	DeploymentType  *string `json:"deploymentType,omitempty"`
	Modules         *string `json:"modules,omitempty"`
	StartsAt        *int64  `json:"startsAt,omitempty"`
	ExpiresAt       *int64  `json:"expiresAt,omitempty"`
	MaxBufferDays   *int64  `json:"maxBufferDays,omitempty"`
	ValidationField *string `json:"validationField,omitempty"`
	Trial           *bool   `json:"trial,omitempty"`

	TrialBy      *string   `json:"trialBy,omitempty"`
	TrialDays    *int64    `json:"trialDays,omitempty"`
	Requires     *[]string `json:"requires,omitempty"`
	RequestLimit *int64    `json:"requestLimit,omitempty"`
	RefuseClones *bool     `json:"refuseClones,omitempty"`
	// ChargeTerms are the numbers by which it is charged, if they differ from those of its charge
	// way.
	ChargeTerms *store.Charging `json:"chargeTerms,omitempty"`
}

// ItemInput is an item to add.
type ItemInput struct {
	ID           string   `json:"id,omitempty"` // "": one is made
	Organization string   `json:"organization"`
	ChargeWay    string   `json:"chargeWay"`
	Handshakes   []string `json:"handshakes,omitempty"` // codes to attach it to
	ItemFields
}

func set[V any](to *V, from *V) {
	if from != nil {
		*to = *from
	}
}

// apply changes what the fields name.
func (f ItemFields) apply(item *store.Item, own []store.Product) error {
	set(&item.Name, f.Name)
	set(&item.Quota, f.Quota)
	set(&item.Version, f.Version)
	set(&item.Edition, f.Edition)
	set(&item.StartsAt, f.StartsAt)
	set(&item.ExpiresAt, f.ExpiresAt)
	set(&item.MaxBufferDays, f.MaxBufferDays)
	set(&item.ValidationField, f.ValidationField)
	set(&item.Trial, f.Trial)
	set((*string)(&item.TrialBy), f.TrialBy)
	set(&item.TrialDays, f.TrialDays)
	set(&item.Requires, f.Requires)
	set(&item.RequestLimit, f.RequestLimit)
	set(&item.RefuseClones, f.RefuseClones)
	set(&item.Charging, f.ChargeTerms)
	switch {
	case item.TrialBy == store.TrialByNobody:
		item.TrialDays = 0
	case f.TrialDays == nil && item.TrialDays == 0:
		item.TrialDays = DefaultTrialDays
		fallthrough
	default:
		item.Trial = true
	}
	var errs []error
	if f.Products != nil {
		products, err := ParseProducts(*f.Products, own)
		item.Products, errs = products, append(errs, err)
	}
	if f.DeploymentType != nil {
		deploymentType, err := ParseDeploymentType(*f.DeploymentType)
		item.DeploymentType, errs = deploymentType, append(errs, err)
	}
	if f.Modules != nil {
		modules, err := ParseModules(*f.Modules)
		item.Modules, errs = modules, append(errs, err)
	}
	return errors.Join(errs...)
}

// DefaultTrialDays is the default length of a trial.
const DefaultTrialDays = 7

// DefaultBufferDays is the default number of days that a client may work without the server.
const DefaultBufferDays = 365

// NewItem adds an item from a caller's input. By default it begins now and lasts a year; if its end
// is in the past, it begins a year before that.
func (a *Administrator) NewItem(ctx context.Context, in ItemInput) (Item, error) {
	now := a.Now()
	item := store.Item{ID: in.ID, Organization: in.Organization, MaxBufferDays: DefaultBufferDays}
	all := "ALL"
	if in.Products == nil {
		in.Products = &all
	}
	products, err := a.Store.Products(ctx)
	if err != nil {
		return Item{}, err
	}
	way, err := ParseChargeWay(in.ChargeWay)
	if err = errors.Join(err, in.apply(&item, products)); err != nil {
		return Item{}, err
	}
	item.ChargeWay = way
	if in.Quota == nil {
		return Item{}, invalid("quota", "no quota is given")
	}
	if in.StartsAt == nil {
		item.StartsAt = now.Unix()
		if in.ExpiresAt != nil && item.ExpiresAt <= item.StartsAt {
			item.StartsAt = max(time.Unix(item.ExpiresAt, 0).UTC().AddDate(-1, 0, 0).Unix(), 0)
		}
	}
	if in.ExpiresAt == nil {
		item.ExpiresAt = time.Unix(item.StartsAt, 0).UTC().AddDate(1, 0, 0).Unix()
	}
	added, err := a.AddItem(ctx, item, in.Handshakes)
	if err != nil {
		return Item{}, err
	}
	return a.Item(ctx, added.ID)
}

// ChangeItem changes the settings of an item. Counts stay as they are, and so does the charge way,
// because it gives the counts their meaning.
func (a *Administrator) ChangeItem(ctx context.Context, id string, fields ItemFields, tags []string) (Item, error) {
	if err := a.may(Editor); err != nil {
		return Item{}, err
	}
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		item, err := a.visibleItem(tx, id)
		if err != nil {
			return err
		}
		products, err := tx.Products()
		if err != nil {
			return err
		}
		stated := func() any { return ViewItem(store.ItemUse{Item: item}, products, a.Now()).Stated() }
		known, before := item, stated()
		if err := checkTags(tags, before, ObjectItem, id); err != nil {
			return err
		}
		if err := errors.Join(fields.apply(&item, products), checkItem(&item)); err != nil {
			return err
		}
		if !slices.Contains(policy.ChargeWays(), item.ChargeWay) {
			return invalid("chargeWay",
				"this version does not know the charge way of item %s; use the lts that made it", id)
		}
		if err := update(ctx, tx, known, item, a.Now(), "chargeTerms"); err != nil {
			return err
		}
		return a.auditChange(tx, "item.change", id, before, stated())
	})
	if err != nil {
		return Item{}, err
	}
	return a.Item(ctx, id)
}

// NewOrganization adds an organization from a caller's input.
func (a *Administrator) NewOrganization(ctx context.Context, in OrganizationInput) (Organization, error) {
	added, err := a.AddOrganization(ctx, in.Name, in.ID)
	return viewOrganization(added), err
}

// OrganizationInput is an organization to add.
type OrganizationInput struct {
	Name string `json:"name"`
	ID   string `json:"id,omitempty"` // "": one is made
}

// CodeInput is a handshake code to add.
type CodeInput struct {
	Organization     string   `json:"organization"`
	Custom           string   `json:"custom"` // the part after "<organization>-"
	SessionPassword  string   `json:"sessionPassword,omitempty"`
	ValidationFields []string `json:"validationFields,omitempty"`
	Default          bool     `json:"default,omitempty"`
}

// NewCode adds a handshake code from a caller's input.
func (a *Administrator) NewCode(ctx context.Context, in CodeInput) (Code, error) {
	added, err := a.AddHandshakeCode(ctx, HandshakeCode(in))
	if err != nil {
		return Code{}, err
	}
	return a.Code(ctx, added.Code)
}
