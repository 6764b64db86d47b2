package relational

import (
	"context"

	"github.com/openlts/openlts/server/store"
)

func products(ctx context.Context, r store.Reader) ([]store.Product, error) {
	return list(ctx, r, `SELECT bit, name, created_at FROM product ORDER BY bit`, nil, func(p *store.Product) []any {
		return []any{&p.Bit, &p.Name, &p.CreatedAt}
	})
}

// Products lists the vendor's own products.
func (s *Store) Products(ctx context.Context) ([]store.Product, error) {
	return products(ctx, s.database)
}

// Products lists the vendor's own products.
func (t *Tx) Products() ([]store.Product, error) { return products(t.ctx, t.session) }

// AddProduct adds a product; store.ErrExists.
func (t *Tx) AddProduct(p store.Product) error {
	return t.add(`INSERT INTO product (bit, name, created_at) VALUES (?, ?, ?)`, p.Bit, p.Name, p.CreatedAt)
}

// VendorKey returns the seed of the vendor's key that signs license files; store.ErrNotFound.
func (t *Tx) VendorKey() (seed []byte, err error) {
	err = get(t.ctx, t.session, `SELECT seed FROM vendor_key`, nil, &seed)
	return seed, err
}

// AddVendorKey stores the seed of the vendor's key.
func (t *Tx) AddVendorKey(seed []byte) error {
	return t.exec(`INSERT INTO vendor_key (id, seed) VALUES (1, ?)`, seed)
}

// Vendors lists the vendors whose license files are accepted.
func (t *Tx) Vendors() ([]store.Vendor, error) {
	return list(t.ctx, t.session, `SELECT public_key, name, trusted_at FROM vendor ORDER BY trusted_at, public_key`,
		nil, func(v *store.Vendor) []any {
			return []any{&v.PublicKey, &v.Name, &v.TrustedAt}
		})
}

// TrustVendor makes the server accept the license files of a vendor, or renames the vendor.
func (t *Tx) TrustVendor(v store.Vendor) error {
	return t.exec(`INSERT INTO vendor (public_key, name, trusted_at) VALUES (?, ?, ?)
		ON CONFLICT (public_key) DO UPDATE SET name = excluded.name`, v.PublicKey, v.Name, v.TrustedAt)
}

const selectLicenseFile = `SELECT f.id, f.vendor, f.revision, o.public_id, f.alias, f.revoked, f.imported_at, f.content
	FROM license_file f JOIN organization o ON o.id = f.organization`

func licenseFileFields(f *store.LicenseFile) []any {
	return []any{&f.ID, &f.Vendor, &f.Revision, &f.Organization, &f.Alias, &f.Revoked, &f.ImportedAt, &f.Content}
}

// LicenseFile returns the last import of a license file; store.ErrNotFound.
func (t *Tx) LicenseFile(id string) (f store.LicenseFile, err error) {
	err = get(t.ctx, t.session, selectLicenseFile+` WHERE f.id = ?`, []any{id}, licenseFileFields(&f)...)
	return f, err
}

// PutLicenseFile stores the import of a license file.
func (t *Tx) PutLicenseFile(f store.LicenseFile) error {
	organization, err := t.organization(f.Organization)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO license_file (id, vendor, revision, organization, alias, revoked, imported_at, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET vendor = excluded.vendor, revision = excluded.revision, organization = excluded.organization,
			alias = excluded.alias, revoked = excluded.revoked, imported_at = excluded.imported_at, content = excluded.content`,
		f.ID, f.Vendor, f.Revision, organization, f.Alias, f.Revoked, f.ImportedAt, f.Content)
}

// LicenseFiles lists the license files that were imported.
func (s *Store) LicenseFiles(ctx context.Context) ([]store.LicenseFile, error) {
	return list(ctx, s.database, selectLicenseFile+` ORDER BY f.imported_at, f.id`, nil, licenseFileFields)
}
