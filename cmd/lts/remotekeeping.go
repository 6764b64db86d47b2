package main

import (
	"context"
	"net/http"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/rest"
	"github.com/openlts/openlts/server/store"
)

// Corrections of items, codes and devices of a remote server, and its UUID and public key.

func (r *remote) Adjust(ctx context.Context, item string, units int64, reason string) error {
	return r.call(ctx, http.MethodPost, at("items", item, "adjustments"),
		rest.AdjustmentInput{Units: units, Reason: reason}, nil)
}

// archiving returns the last part of the path that archives or restores an object.
func archiving(archived bool) string {
	if archived {
		return "archive"
	}
	return "unarchive"
}

func (r *remote) ArchiveOrganization(ctx context.Context, organization string, archived bool) error {
	return r.call(ctx, http.MethodPost, at("organizations", organization, archiving(archived)), nil, nil)
}

func (r *remote) ArchiveItem(ctx context.Context, item string, archived bool) error {
	return r.call(ctx, http.MethodPost, at("items", item, archiving(archived)), nil, nil)
}

func (r *remote) ArchiveHandshakeCode(ctx context.Context, code string, archived bool) error {
	return r.call(ctx, http.MethodPost, at("handshakes", code, archiving(archived)), nil, nil)
}

func (r *remote) ReplaceCode(ctx context.Context, code string,
	in administration.CodeReplacement) (added administration.Code, err error) {
	return added, r.call(ctx, http.MethodPost, at("handshakes", code, "replace"), in, &added)
}

func (r *remote) SetPassword(ctx context.Context, code, password string, overlapDays int64) error {
	return r.call(ctx, http.MethodPost, at("handshakes", code, "password"),
		rest.PasswordInput{SessionPassword: password, OverlapDays: overlapDays}, nil)
}

func (r *remote) DeviceReports(ctx context.Context, device string,
	s administration.Selection) (found administration.DeviceReports, err error) {
	types := s.Kinds
	s.Kinds = nil
	q := rest.Query(s)
	q["type"] = types
	return found, r.call(ctx, http.MethodGet, at("devices", device, "reports")+"?"+q.Encode(), nil, &found)
}

func (r *remote) DeviceKeys(ctx context.Context, device string) ([]store.DeviceKeyUse, error) {
	return wholeList[store.DeviceKeyUse](ctx, r, at("devices", device, "keys"))
}

func (r *remote) ConfirmKey(ctx context.Context, device, key string) (int64, error) {
	var out rest.Confirmed
	err := r.call(ctx, http.MethodPost, at("devices", device, "keys", key, "confirm"), nil, &out)
	return out.Apart, err
}

func (r *remote) ClearClone(ctx context.Context, device string) error {
	return r.call(ctx, http.MethodPost, at("devices", device, "clear-clone"), nil, nil)
}

func (r *remote) Retentions(ctx context.Context) ([]administration.Retention, error) {
	return wholeList[administration.Retention](ctx, r, "retention")
}

func (r *remote) SetRetention(ctx context.Context, record store.Record, days int64) error {
	return r.call(ctx, http.MethodPut, at("retention", string(record)), rest.RetentionInput{Days: days}, nil)
}

func (r *remote) Server(ctx context.Context) (out administration.Server, err error) {
	return out, r.call(ctx, http.MethodGet, "server", nil, &out)
}

func (r *remote) VendorKeyShown(ctx context.Context) (out administration.PublicKey, err error) {
	return out, r.call(ctx, http.MethodGet, "vendors/key", nil, &out)
}

func (r *remote) Vendors(ctx context.Context) ([]administration.Vendor, error) {
	return wholeList[administration.Vendor](ctx, r, "vendors")
}

func (r *remote) Products(ctx context.Context) ([]administration.Product, error) {
	return wholeList[administration.Product](ctx, r, "products")
}

func (r *remote) NewProduct(ctx context.Context,
	in administration.ProductInput) (out administration.Product, err error) {
	return out, r.call(ctx, http.MethodPost, "products", in, &out)
}

func (r *remote) ChangeProduct(ctx context.Context, name string,
	change administration.ProductChange) (out administration.Product, err error) {
	return out, r.call(ctx, http.MethodPatch, at("products", name), change, &out)
}

func (r *remote) Licenses(ctx context.Context) ([]administration.License, error) {
	return wholeList[administration.License](ctx, r, "licenses")
}

func (r *remote) Import(ctx context.Context,
	in administration.LicenseInput) (out administration.LicenseContent, err error) {
	return out, r.call(ctx, http.MethodPost, "licenses", in, &out)
}

func (r *remote) ShowLicense(ctx context.Context, text string) (out administration.LicenseContent, err error) {
	return out, r.call(ctx, http.MethodPost, "licenses/show", rest.LicenseText{License: text}, &out)
}

func (r *remote) NewLicense(ctx context.Context, in administration.IssueInput) (out administration.Issued, err error) {
	return out, r.call(ctx, http.MethodPost, "licenses/issue", in, &out)
}

func (r *remote) RevokedLicense(ctx context.Context, text string) (out administration.Issued, err error) {
	return out, r.call(ctx, http.MethodPost, "licenses/revoke", rest.LicenseText{License: text}, &out)
}
