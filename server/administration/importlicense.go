package administration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/server/licensefile"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Import says what to do with the items of a license file.
type Import struct {
	Server string // the UUID of this server
	// Handshake is the code to which they are attached. With New, it is the custom part of a new
	// code; if empty, a code is made from the file's id, unless the file was imported before.
	Handshake string
	New       bool
	// OnlyShow shows what an import would do, without changing anything.
	OnlyShow bool
}

// Imported is the result, or the expected result, of importing a license file.
type Imported struct {
	File *licensefile.File
	// Again means that exactly this file was imported before.
	Again     bool
	Handshake string // the code its items were attached to; "": none
	Items     []ImportedItem
}

// ImportedItem is an item of a license file.
type ImportedItem struct {
	Item   store.Item
	Change string // "added", "changed", "unchanged", "revoked" or "archived"
}

// errOnlyShow rolls back an import that should only be shown.
var errOnlyShow = errors.New("only to be shown")

// ImportLicense imports the items of a license file, as a vendor's portal does for customers that
// the vendor hosts. Importing a file again changes nothing. It refuses a revision that is older
// than an imported one.
func (a *Administrator) ImportLicense(ctx context.Context, text []byte, how Import) (*Imported, error) {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return nil, err
	}
	codes, err := a.Store.HandshakeCodes(ctx)
	if err != nil {
		return nil, err
	}
	attached := map[string][]string{}
	for _, code := range codes {
		attached[code.Code] = code.Items
	}
	var imported *Imported
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		i := &importing{a: a, Tx: tx, how: how, now: a.Now(), attached: attached, imported: &Imported{}}
		if err := i.run(ctx, text); err != nil {
			return err
		}
		imported = i.imported
		if how.OnlyShow {
			return errOnlyShow
		}
		return nil
	})
	if errors.Is(err, errOnlyShow) {
		err = nil
	}
	return imported, err
}

type importing struct {
	a *Administrator
	store.Tx
	how      Import
	now      time.Time
	file     *licensefile.File
	before   store.LicenseFile   // the revision imported last; ID is empty if there is none
	former   *licensefile.File   // its content, if this revision is later
	attached map[string][]string // the items of each handshake code before the import
	imported *Imported
}

func (i *importing) run(ctx context.Context, text []byte) error {
	if err := i.open(text); err != nil {
		return err
	}
	if err := i.organization(); err != nil {
		return err
	}
	for n := range i.file.Items {
		if err := i.item(ctx, &i.file.Items[n]); err != nil {
			return fmt.Errorf("item %q of the license file: %w", excerpt(i.file.Items[n].ID), err)
		}
	}
	if err := i.left(); err != nil {
		return err
	}
	if err := i.attach(); err != nil || i.imported.Again {
		return err
	}
	vendor, err := licensefile.Vendor(text)
	if err != nil {
		return err
	}
	if err := i.PutLicenseFile(store.LicenseFile{
		ID: i.file.ID, Vendor: vendor, Revision: i.file.Revision, Organization: i.file.Organization,
		Alias: i.file.Alias, Revoked: i.file.Status == licensefile.Revoked, ImportedAt: i.now.Unix(), Content: text,
	}); err != nil {
		return err
	}
	return i.a.audit(i, "license.import", i.file.ID,
		"revision %d, %s, vendor's key %s, organization %s, %s",
		i.file.Revision, i.file.Status, vendor, i.file.Organization,
		orNone("handshake code", i.imported.Handshake))
}

// open reads the file and says whether this server may import it now.
func (i *importing) open(text []byte) error {
	vendors, err := trusted(i)
	if err != nil {
		return err
	}
	f, err := licensefile.Open(text, vendors)
	if errors.Is(err, licensefile.ErrUntrusted) {
		return invalid("license", "%s; if that is your vendor's, as the vendor told you by another way, an owner says "+
			"so: on the page of license files, or by `lts vendor trust --key PUBLIC-KEY`", err)
	}
	if err != nil {
		return invalid("license", "%s", err)
	}
	i.file, i.imported.File = f, f
	if err := errors.Join(checkOrganizationID(f.Organization), checkName("organization", f.OrganizationName),
		checkText("", "the alias", f.Alias),
		checkID("", "the id of the license file", f.ID)); err != nil {
		return err
	}
	if f.Server != "" && f.Server != i.how.Server {
		return invalid("license", "the license file is for the server %s, and this is %s; ask the vendor for one "+
			"for this server", f.Server, i.how.Server)
	}
	if i.before, err = i.LicenseFile(f.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	vendor, err := licensefile.Vendor(text)
	switch {
	case err != nil:
		return err
	case i.before.ID == "":
	case i.before.Vendor != vendor || i.before.Organization != f.Organization:
		return invalid("license", "the license file has the id of another one, of organization %s; ask the vendor",
			i.before.Organization)
	case f.Revision < i.before.Revision:
		return invalid("license",
			"the license file has revision %d, and revision %d was imported on %s; import the latest one",
			f.Revision, i.before.Revision, time.Unix(i.before.ImportedAt, 0).UTC().Format(time.DateOnly))
	case f.Revision == i.before.Revision && string(text) != string(i.before.Content):
		return invalid("license", "another license file with revision %d was imported before; ask the vendor for one "+
			"with a higher revision", f.Revision)
	case f.Revision == i.before.Revision:
		i.imported.Again = true
	}
	// A revocation, or a file that was imported already, may come late.
	if f.ImportUntil != 0 && i.now.Unix() >= f.ImportUntil && f.Status == licensefile.Active && !i.imported.Again {
		return invalid("license", "the license file could be imported until %s; ask the vendor for a new one",
			time.Unix(f.ImportUntil, 0).UTC().Format(time.RFC3339))
	}
	if i.before.ID != "" && !i.imported.Again {
		if i.former, err = licensefile.Open(i.before.Content, vendors); err != nil {
			return fmt.Errorf("the revision imported before: %w", err)
		}
	}
	if f.Status == licensefile.Revoked && i.before.ID == "" {
		return invalid("license", "the license file revokes one that was never imported here; there is nothing to do")
	}
	return nil
}

func (i *importing) organization() error {
	_, err := i.Organization(i.file.Organization)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return i.AddOrganization(store.Organization{
		ID: i.file.Organization, Name: i.file.OrganizationName, CreatedAt: i.now.Unix(),
	})
}

// item adds or changes an item.
func (i *importing) item(ctx context.Context, of *licensefile.Item) error {
	item := ItemOf(i.file, of)
	if err := errors.Join(checkID("", "its id", of.ID), checkItem(&item), i.products(ctx, of)); err != nil {
		return err
	}
	known, err := i.Item(of.ID)
	fresh := errors.Is(err, store.ErrNotFound)
	switch {
	case err != nil && !fresh:
		return err
	case !fresh && known.LicenseFile != i.file.ID:
		return invalid("license",
			"there is an item of this id already, which did not come with this license file; nothing was changed")
	case !fresh && known.ChargeWay != item.ChargeWay:
		return invalid("license", "it is charged in another way than before; the vendor has to give it another id")
	}
	revoked := of.Revoked || i.file.Status == licensefile.Revoked
	item.Key, item.CreatedAt = known.Key, known.CreatedAt
	if item.RevokedAt = known.RevokedAt; revoked && item.RevokedAt == 0 { // a revocation is for good
		item.RevokedAt = i.now.Unix()
	}
	change := "unchanged"
	switch {
	case fresh:
		item.CreatedAt, change = i.now.Unix(), "added"
		err = i.AddItem(item)
	case i.imported.Again: // whatever an administrator did since, stays
		item = known
	default:
		if err, change = update(ctx, i, known, item, i.now, "license"), "changed"; revoked && known.RevokedAt == 0 {
			change = "revoked"
		}
	}
	i.imported.Items = append(i.imported.Items, ImportedItem{item, change})
	return err
}

// products adds the vendor's own products with the vendor's names. If a product here still has the
// name from the previous revision, it gets the new name.
func (i *importing) products(ctx context.Context, of *licensefile.Item) error {
	if i.imported.Again {
		return nil
	}
	known, err := i.Products()
	if err != nil {
		return err
	}
	for _, product := range of.OwnProducts {
		named := false
		for _, other := range known {
			switch same := strings.EqualFold(other.Name, product.Name); {
			case same && other.Bit == product.Bit:
				named = true
			case !same && other.Bit == product.Bit && i.namedBefore(other):
				if err := errors.Join(checkOwnProduct(product.Name, product.Bit),
					records.RenameProduct(ctx, i, product.Bit, product.Name)); err != nil {
					return err
				}
				named = true
			case same || other.Bit == product.Bit:
				return invalid("license", "its product %s (%d) is %s (%d) here", product.Name, product.Bit,
					other.Name, other.Bit)
			}
		}
		if named {
			continue
		}
		if err := checkOwnProduct(product.Name, product.Bit); err != nil {
			return err
		}
		err := i.AddProduct(store.Product{Name: product.Name, Bit: product.Bit, CreatedAt: i.now.Unix()})
		if err != nil {
			return err
		}
	}
	return nil
}

// namedBefore tells whether a product has the name from the previous revision.
func (i *importing) namedBefore(product store.Product) bool {
	if i.former == nil {
		return false
	}
	for n := range i.former.Items {
		for _, own := range i.former.Items[n].OwnProducts {
			if own.Bit == product.Bit && own.Name == product.Name {
				return true
			}
		}
	}
	return false
}

// left archives the items that are in the previous revision but not in this one.
func (i *importing) left() error {
	if i.former == nil {
		return nil
	}
	has := map[string]bool{}
	for n := range i.file.Items {
		has[i.file.Items[n].ID] = true
	}
	for n := range i.former.Items {
		item, err := i.Item(i.former.Items[n].ID)
		switch {
		case has[i.former.Items[n].ID] || errors.Is(err, store.ErrNotFound):
			continue
		case err == nil:
			err = i.ArchiveItem(item.Key, i.now.Unix())
		}
		if err != nil {
			return err
		}
		i.imported.Items = append(i.imported.Items, ImportedItem{item, "archived"})
	}
	return nil
}

// attach attaches the items to a handshake code.
func (i *importing) attach() error {
	code := i.how.Handshake
	switch {
	case i.file.Status == licensefile.Revoked:
		return nil
	case i.how.New || code == "" && i.before.ID == "":
		if code == "" {
			code = i.file.ID
		}
		if err := checkID("", "the custom part of the handshake code", code); err != nil {
			return err
		}
		organization, err := i.Organization(i.file.Organization)
		if err != nil {
			return err
		}
		code = i.file.Organization + "-" + code
		err = i.AddHandshakeCode(store.HandshakeCode{
			Code: code, Organization: i.file.Organization, Default: organization.DefaultCode == "",
			CreatedAt: i.now.Unix(),
		})
		if errors.Is(err, store.ErrExists) {
			return invalid("handshake",
				"there is a handshake code %s already; attach the items to it, or choose another name", code)
		}
		if err != nil {
			return err
		}
	case code == "" && i.imported.Again:
		return nil
	case code == "":
		return i.attachLikeBefore()
	}
	i.imported.Handshake = code
	return i.attachTo(code, i.imported.Items)
}

func (i *importing) attachTo(code string, items []ImportedItem) error {
	for _, item := range items {
		if item.Change == "archived" || slices.Contains(i.attached[code], item.Item.ID) { // it keeps its position there
			continue
		}
		if err := i.a.attach(i, item.Item.ID, code, 0); err != nil {
			return err
		}
	}
	return nil
}

// attachLikeBefore attaches the items that a new revision has added to the code that was made for
// the file, if there is one. The other items stay attached as they are.
func (i *importing) attachLikeBefore() error {
	code := i.file.Organization + "-" + i.file.ID
	if _, err := i.HandshakeCode(code); errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	var added []ImportedItem
	for _, item := range i.imported.Items {
		if item.Change == "added" {
			added = append(added, item)
		}
	}
	i.imported.Handshake = code
	return i.attachTo(code, added)
}

// ItemOf converts an item of a license file to the server's type.
func ItemOf(file *licensefile.File, of *licensefile.Item) store.Item {
	return store.Item{
		ID: of.ID, Organization: file.Organization, Name: of.Name, Products: of.Products, Version: of.Version,
		Edition: of.Edition, DeploymentType: of.DeploymentType, ChargeWay: of.ChargeWay, Charging: of.Charging,
		Modules: of.Modules, Quota: of.Quota, StartsAt: of.StartsAt, ExpiresAt: of.ExpiresAt,
		MaxBufferDays: of.MaxBufferDays, ValidationField: of.ValidationField, Trial: of.Trial, TrialBy: of.TrialBy,
		TrialDays: of.TrialDays, Requires: of.Requires, RequestLimit: of.RequestLimit, RefuseClones: of.RefuseClones,
		LicenseFile: file.ID,
	}
}

// OpenLicense reads a license file of a trusted vendor.
func (a *Administrator) OpenLicense(ctx context.Context, text []byte) (file *licensefile.File, err error) {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return nil, err
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		vendors, err := trusted(tx)
		if err != nil {
			return err
		}
		if file, err = licensefile.Open(text, vendors); err != nil {
			return invalid("license", "%s", err)
		}
		return nil
	})
	return file, err
}
