package pages

import (
	"strconv"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/licensefile"
	"github.com/openlts/openlts/server/store/records"
)

var licensePages = []page{{
	path: "/licenses", name: "licenses", title: "License files", nav: "/licenses", role: administration.Viewer,
	everywhere: true,
	form:       3 * licensefile.MaxSize, // a text in a form may grow to three times its length
	get:        showLicenses,
	actions: map[string]action{
		"show":   {administration.Editor, func(r *request) (string, error) { return again, r.importLicense(true) }},
		"import": {administration.Editor, func(r *request) (string, error) { return again, r.importLicense(false) }},
		"issue":  {administration.Editor, issueLicense},
		"revoke": {administration.Editor, func(r *request) (string, error) {
			text, err := r.text("revoked", "revokedFile")
			if err != nil {
				return "", err
			}
			made, err := r.admin.RevokedLicense(r.Context(), text)
			if err != nil {
				return "", err
			}
			return r.sendLicense(made)
		}},
		"vendor-key": {administration.Owner, func(r *request) (string, error) {
			_, err := r.admin.VendorKey(r.Context())
			return "licenses?done=vendor-key", err
		}},
		"trust": {administration.Owner, func(r *request) (string, error) {
			_, err := r.admin.TrustVendor(r.Context(), strings.TrimSpace(r.PostForm.Get("publicKey")),
				strings.TrimSpace(r.PostForm.Get("vendorName")))
			return "licenses?done=trusted", err
		}},
	},
}}

// importLicense imports the license file of a form, or shows what that would do.
func (r *request) importLicense(only bool) error {
	text, err := r.text("license", "licenseFile")
	if err != nil {
		return err
	}
	content, err := r.admin.Import(r.Context(), administration.LicenseInput{
		License: text, Handshake: r.PostForm.Get("handshake"),
		NewHandshake: strings.TrimSpace(r.PostForm.Get("newHandshake")), OnlyShow: only,
	}, administration.ServerUUID(r.pages.PublicKey))
	if err != nil {
		return err
	}
	r.brought = &brought{content, only}
	if r.PostForm.Set("license", text); !only { // so that the file that was shown can be imported next
		r.PostForm.Set("license", "")
	}
	return nil
}

// brought is a license file that was just imported or shown.
type brought struct {
	administration.LicenseContent
	Only bool // nothing was changed
}

func issueLicense(r *request) (string, error) {
	form := r.PostForm
	replaces, err := r.text("replaces", "replacesFile")
	if err != nil {
		return "", err
	}
	days, err := strconv.Atoi(cmp0(form.Get("days")))
	if err != nil {
		return "", mistake("days", "this is not a number of days")
	}
	made, err := r.admin.NewLicense(r.Context(), administration.IssueInput{
		Items: form["items"], Alias: strings.TrimSpace(form.Get("alias")),
		ServerUUID: strings.TrimSpace(form.Get("serverUUID")), Days: days, Replaces: replaces,
	})
	if err != nil {
		return "", err
	}
	return r.sendLicense(made)
}

// sendLicense answers with a license file to save.
func (r *request) sendLicense(made administration.Issued) (string, error) {
	r.attach(made.ID+"-"+strconv.FormatInt(made.Revision, 10)+".license", "text/plain; charset=utf-8")
	_, err := r.w.Write([]byte(made.License))
	return sentFile, r.sent(err)
}

// licensesShown is what the page of license files shows.
type licensesShown struct {
	Licenses []importedLicense
	Brought  *brought
	Codes    []option // that items of a file may be attached to
	Vendors  []administration.Vendor
	Server   string              // the UUID of this server
	Key      string              // by which other servers recognize its license files; "": there is none yet
	Items    []organizationItems // that may be put into a license file
	More     bool                // there are further items, which only the command puts into one
}

type importedLicense struct {
	administration.License
	Items []administration.Item
}

// organizationItems are the items of an organization: a license file is for one.
type organizationItems struct {
	Organization string
	Items        []administration.Item
}

func showLicenses(r *request) (any, error) {
	ctx := r.Context()
	shown := licensesShown{Server: administration.ServerUUID(r.pages.PublicKey), Brought: r.brought}
	licenses, err := r.admin.Licenses(ctx)
	if err != nil {
		return nil, err
	}
	if shown.Vendors, err = r.admin.Vendors(ctx); err != nil {
		return nil, err
	}
	has, err := r.admin.HasVendorKey(ctx)
	if err != nil {
		return nil, err
	}
	if has {
		key, err := r.admin.VendorPublicKey(ctx)
		if err != nil && !administration.IsKind(err, administration.NotFound) {
			return nil, err
		}
		shown.Key = protocol.Encoding.EncodeToString(key)
	}
	items, err := r.admin.Items(ctx, administration.Selection{Sort: "name", Limit: records.MaxLimit})
	if err != nil {
		return nil, err
	}
	shown.More = items.Next != ""
	of := map[string][]administration.Item{}
	place := map[string]int{}
	for _, item := range items.Items {
		if item.LicenseFile != "" {
			of[item.LicenseFile] = append(of[item.LicenseFile], item)
			continue
		}
		at, known := place[item.Organization]
		if !known {
			at = len(shown.Items)
			place[item.Organization] = at
			shown.Items = append(shown.Items, organizationItems{Organization: item.Organization})
		}
		shown.Items[at].Items = append(shown.Items[at].Items, item)
	}
	for _, license := range licenses {
		shown.Licenses = append(shown.Licenses, importedLicense{license, of[license.ID]})
	}
	codes, err := r.admin.Codes(ctx, administration.Selection{Sort: "code", Limit: records.MaxLimit})
	shown.Codes = []option{{Value: "", Text: "that of the file, or a new one named after it"}}
	for _, code := range codes.Items {
		shown.Codes = append(shown.Codes, option{Value: code.Code, Text: code.Code})
	}
	return shown, err
}
