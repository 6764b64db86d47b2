package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
)

// Products, vendors and license files.

const selectProduct = `SELECT bit, name, created_at FROM product ORDER BY bit`

func (t *transaction) AddProduct(p store.Product) error {
	_, err := t.insertReturning(`bit`, `INSERT INTO product (bit, name, created_at) VALUES ($1, $2, $3)`, p.Bit, clean(p.Name), p.CreatedAt)
	return err
}

func (t *transaction) Products() ([]store.Product, error) {
	list := []store.Product{}
	return list, t.each(selectProduct, nil, scanProduct(&list))
}

// Products lists the vendor's own products.
func (s *Store) Products(ctx context.Context) ([]store.Product, error) {
	list := []store.Product{}
	err := s.query(ctx, selectProduct, nil, scanProduct(&list))
	return list, err
}

func scanProduct(list *[]store.Product) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var p store.Product
		err := rows.Scan(&p.Bit, &p.Name, &p.CreatedAt)
		*list = append(*list, p)
		return err
	}
}

func (t *transaction) VendorKey() (seed []byte, err error) {
	err = t.get(`SELECT seed FROM vendor_key`, nil, &seed)
	return seed, err
}

func (t *transaction) AddVendorKey(seed []byte) error {
	return t.exec(`INSERT INTO vendor_key (id, seed) VALUES (1, $1)`, seed)
}

func (t *transaction) Vendors() ([]store.Vendor, error) {
	list := []store.Vendor{}
	err := t.each(`SELECT public_key, name, trusted_at FROM vendor ORDER BY trusted_at, public_key`, nil, func(rows pgx.Rows) error {
		var v store.Vendor
		err := rows.Scan(&v.PublicKey, &v.Name, &v.TrustedAt)
		list = append(list, v)
		return err
	})
	return list, err
}

func (t *transaction) TrustVendor(v store.Vendor) error {
	return t.exec(`INSERT INTO vendor (public_key, name, trusted_at) VALUES ($1, $2, $3)
		ON CONFLICT (public_key) DO UPDATE SET name = excluded.name`, v.PublicKey, clean(v.Name), v.TrustedAt)
}

const selectLicenseFile = `SELECT f.id, f.vendor, f.revision, o.public_id, f.alias, f.revoked, f.imported_at, f.content
	FROM license_file f JOIN organization o ON o.id = f.organization`

func licenseFileFields(f *store.LicenseFile) []any {
	return []any{&f.ID, &f.Vendor, &f.Revision, &f.Organization, &f.Alias, &f.Revoked, &f.ImportedAt, &f.Content}
}

func (t *transaction) LicenseFile(id string) (store.LicenseFile, error) {
	var f store.LicenseFile
	err := t.get(selectLicenseFile+` WHERE f.id = $1`, []any{clean(id)}, licenseFileFields(&f)...)
	return f, err
}

func (t *transaction) PutLicenseFile(f store.LicenseFile) error {
	organization, err := t.Organization(f.Organization)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO license_file (id, vendor, revision, organization, alias, revoked, imported_at, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET vendor = excluded.vendor, revision = excluded.revision, organization = excluded.organization,
			alias = excluded.alias, revoked = excluded.revoked, imported_at = excluded.imported_at, content = excluded.content`,
		clean(f.ID), f.Vendor, f.Revision, organization.Key, clean(f.Alias), f.Revoked, f.ImportedAt, f.Content)
}

// LicenseFiles lists the license files that were imported.
func (s *Store) LicenseFiles(ctx context.Context) ([]store.LicenseFile, error) {
	list := []store.LicenseFile{}
	err := s.query(ctx, selectLicenseFile+` ORDER BY f.imported_at, f.id`, nil, func(rows pgx.Rows) error {
		var f store.LicenseFile
		err := rows.Scan(licenseFileFields(&f)...)
		list = append(list, f)
		return err
	})
	return list, err
}
