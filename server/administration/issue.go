package administration

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/licensefile"
	"github.com/openlts/openlts/server/store"
)

// Issue says what to put into a license file.
type Issue struct {
	Items  []string // ids of items here, of one organization
	Alias  string
	Server string // the UUID of the only server that may import it; "": any
	Days   int    // for how many days it may be imported; 0: for ever
	Before []byte // the revision that it replaces, if any
}

// maxImportDays is the largest number of days for which a license file may be imported.
const maxImportDays = 36500

// IssueLicense signs a license file with the vendor's key.
func (a *Administrator) IssueLicense(ctx context.Context, issue Issue) (*licensefile.File, []byte, error) {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return nil, nil, err
	}
	key, err := a.signer(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := a.Now()
	f := &licensefile.File{
		Version: licensefile.Version, ID: uuid.NewString(), Revision: 1, Alias: issue.Alias, Status: licensefile.Active,
		Server: strings.ToLower(issue.Server), IssuedAt: now.Unix(),
	}
	if err := checkIssue(&issue); err != nil {
		return nil, nil, err
	}
	if issue.Days > 0 {
		f.ImportUntil = now.Add(time.Duration(issue.Days) * 24 * time.Hour).Unix()
	}
	if issue.Before != nil {
		before, err := licensefile.Open(issue.Before, []ed25519.PublicKey{key.Public().(ed25519.PublicKey)})
		if err != nil {
			return nil, nil, invalid("replaces", "the license file to replace: %s", err)
		}
		f.ID, f.Revision = before.ID, before.Revision+1
		if f.Alias == "" {
			f.Alias = before.Alias
		}
	}
	var text []byte
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		products, err := tx.Products()
		if err != nil {
			return err
		}
		for _, id := range issue.Items {
			item, err := tx.Item(id)
			if err != nil {
				return notFound(err, ObjectItem, id)
			}
			if f.Organization != "" && f.Organization != item.Organization {
				return invalid("items", "item %s belongs to organization %s, the ones before to %s; a license "+
					"file is for one", id, item.Organization, f.Organization)
			}
			f.Organization = item.Organization
			f.Items = append(f.Items, fileItem(&item, products))
		}
		organization, err := tx.Organization(f.Organization)
		if err != nil {
			return err
		}
		f.OrganizationName = organization.Name
		if text, err = licensefile.Sign(f, key); err != nil {
			return invalid("items", "%s", err)
		}
		return a.audit(tx, "license.issue", f.ID, "revision %d, organization %s, %s, %s", f.Revision, f.Organization,
			among(issue.Items, "items"), importers(f.Server))
	})
	return f, text, err
}

func checkIssue(issue *Issue) error {
	errs := []error{checkText("", "the alias", issue.Alias)}
	if len(issue.Items) == 0 {
		errs = append(errs, invalid("items", "name the items the license file is to hold"))
	}
	if issue.Server != "" {
		if _, err := uuid.Parse(issue.Server); err != nil || len(issue.Server) != 36 {
			errs = append(errs,
				invalid("serverUUID", "%q is not the UUID of a server; `lts server id` prints it there", issue.Server))
		}
	}
	if issue.Days < 0 || issue.Days > maxImportDays {
		errs = append(errs,
			invalid("days", "the days in which it may be imported are from 1 to %d, or 0 for no end", maxImportDays))
	}
	return errors.Join(errs...)
}

// RevokeLicense signs the revision of a license file that revokes it.
func (a *Administrator) RevokeLicense(ctx context.Context, text []byte) (*licensefile.File, []byte, error) {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return nil, nil, err
	}
	key, err := a.signer(ctx)
	if err != nil {
		return nil, nil, err
	}
	f, err := licensefile.Open(text, []ed25519.PublicKey{key.Public().(ed25519.PublicKey)})
	if err != nil {
		return nil, nil, invalid("license", "%s", err)
	}
	f.Revision++
	f.Status, f.IssuedAt, f.ImportUntil = licensefile.Revoked, a.Now().Unix(), 0
	signed, err := licensefile.Sign(f, key)
	if err != nil {
		return nil, nil, err
	}
	return f, signed, a.Store.Update(ctx, func(tx store.Tx) error {
		return a.audit(tx, "license.revoke", f.ID, "revision %d", f.Revision)
	})
}

// fileItem converts an item to the type in a license file.
func fileItem(i *store.Item, own []store.Product) licensefile.Item {
	item := licensefile.Item{
		ID: i.ID, Name: i.Name, Products: i.Products, Version: i.Version, Edition: i.Edition,
		DeploymentType: i.DeploymentType, ChargeWay: i.ChargeWay, Charging: i.Charging, Modules: i.Modules,
		Quota: i.Quota, StartsAt: i.StartsAt, ExpiresAt: i.ExpiresAt, MaxBufferDays: i.MaxBufferDays,
		ValidationField: i.ValidationField, Trial: i.Trial, TrialBy: i.TrialBy, TrialDays: i.TrialDays,
		Requires: i.Requires, RequestLimit: i.RequestLimit, RefuseClones: i.RefuseClones, Revoked: i.RevokedAt != 0,
	}
	for _, product := range own {
		if i.Products != protocol.ProductAll && i.Products&product.Bit != 0 {
			item.OwnProducts = append(item.OwnProducts, licensefile.OwnProduct{Name: product.Name, Bit: product.Bit})
		}
	}
	return item
}
