package administration

import (
	"context"
	"crypto/ed25519"
	"errors"

	"github.com/openlts/openlts/server/licensefile"
	"github.com/openlts/openlts/server/store"
)

// License is a license file that was imported, as it is shown.
type License struct {
	ID           string `json:"id"`
	Alias        string `json:"alias,omitempty"`
	Revision     int64  `json:"revision"`
	Revoked      bool   `json:"revoked"`
	Organization string `json:"organization"`
	Vendor       string `json:"vendor"` // the id of the vendor's key
	ImportedAt   int64  `json:"importedAt"`
}

// Licenses lists the imported license files, the oldest import first.
func (a *Administrator) Licenses(ctx context.Context) ([]License, error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return nil, err
	}
	files, err := a.Store.LicenseFiles(ctx)
	list := make([]License, len(files))
	for i, f := range files {
		list[i] = License{f.ID, f.Alias, f.Revision, f.Revoked, f.Organization, f.Vendor, f.ImportedAt}
	}
	return list, err
}

// LicenseContent is the content of a license file, and what was done with it.
type LicenseContent struct {
	License          string             `json:"license"` // its id
	Revision         int64              `json:"revision"`
	Status           licensefile.Status `json:"status"`
	Revoked          bool               `json:"revoked"`
	Alias            string             `json:"alias,omitempty"`
	Organization     string             `json:"organization"`
	OrganizationName string             `json:"organizationName"`
	ForServer        string             `json:"forServer,omitempty"`   // the only server that may import it; "": any
	ImportUntil      int64              `json:"importUntil,omitempty"` // in seconds since 1970; 0: without end
	// Again tells that this very file was imported before.
	Again     bool          `json:"again"`
	Handshake string        `json:"handshake,omitempty"` // the code its items were attached to
	Items     []LicenseItem `json:"items"`
}

// LicenseItem is an item of a license file.
type LicenseItem struct {
	Item
	Change string `json:"change,omitempty"` // see ImportedItem
}

// LicenseInput is a license file to be imported.
type LicenseInput struct {
	License string `json:"license"` // its text
	// Handshake is a code to which its items are attached, NewHandshake the custom part of a new
	// one; see Import for what happens without both.
	Handshake    string `json:"handshake,omitempty"`
	NewHandshake string `json:"newHandshake,omitempty"`
	OnlyShow     bool   `json:"onlyShow,omitempty"` // changes nothing
}

// Server identifies a server: by its public key for clients, by its UUID for license files.
type Server struct {
	UUID string `json:"uuid"`
	PublicKey
}

// ViewServer shows the server that signs with a key.
func ViewServer(public ed25519.PublicKey) Server { return Server{ServerUUID(public), ViewKey(public)} }

// Import imports the items of a license file; server is the UUID of this server.
func (a *Administrator) Import(ctx context.Context, in LicenseInput, server string) (LicenseContent, error) {
	how := Import{Server: server, Handshake: in.Handshake, OnlyShow: in.OnlyShow}
	if in.NewHandshake != "" {
		if in.Handshake != "" {
			return LicenseContent{},
				invalid("newHandshake", "the items are attached either to a code that is there or to a new one")
		}
		how.Handshake, how.New = in.NewHandshake, true
	}
	imported, err := a.ImportLicense(ctx, []byte(in.License), how)
	if err != nil {
		return LicenseContent{}, err
	}
	return a.licenseContent(imported), nil
}

// ShowLicense returns the content of a license file that a trusted vendor signed.
func (a *Administrator) ShowLicense(ctx context.Context, text string) (LicenseContent, error) {
	file, err := a.OpenLicense(ctx, []byte(text))
	if err != nil {
		return LicenseContent{}, err
	}
	shown := &Imported{File: file}
	for i := range file.Items {
		shown.Items = append(shown.Items, ImportedItem{Item: ItemOf(file, &file.Items[i])})
	}
	return a.licenseContent(shown), nil
}

func (a *Administrator) licenseContent(imported *Imported) LicenseContent {
	file, now := imported.File, a.Now()
	var products []store.Product
	for i := range file.Items {
		for _, product := range file.Items[i].OwnProducts {
			products = append(products, store.Product{Name: product.Name, Bit: product.Bit})
		}
	}
	content := LicenseContent{
		License: file.ID, Revision: file.Revision, Status: file.Status, Revoked: file.Status == licensefile.Revoked,
		Alias: file.Alias, Organization: file.Organization, OrganizationName: file.OrganizationName,
		ForServer: file.Server, ImportUntil: file.ImportUntil, Again: imported.Again, Handshake: imported.Handshake,
		Items: []LicenseItem{},
	}
	for _, item := range imported.Items {
		content.Items = append(content.Items, LicenseItem{
			ViewItem(store.ItemUse{Item: item.Item}, products, now), item.Change,
		})
	}
	return content
}

// IssueInput says what to put into a license file; see Issue.
type IssueInput struct {
	Items      []string `json:"items"`
	Alias      string   `json:"alias,omitempty"`
	ServerUUID string   `json:"serverUUID,omitempty"`
	Days       int      `json:"days,omitempty"`
	Replaces   string   `json:"replaces,omitempty"` // the text of the revision it takes the place of
}

// Issued is a license file that was signed here.
type Issued struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	License  string `json:"license"` // its text
}

// NewLicense signs a license file.
func (a *Administrator) NewLicense(ctx context.Context, in IssueInput) (Issued, error) {
	issue := Issue{Items: in.Items, Alias: in.Alias, Server: in.ServerUUID, Days: in.Days}
	if in.Replaces != "" {
		issue.Before = []byte(in.Replaces)
	}
	return issued(a.IssueLicense(ctx, issue))
}

// RevokedLicense signs the revision of a license file that revokes it.
func (a *Administrator) RevokedLicense(ctx context.Context, text string) (Issued, error) {
	return issued(a.RevokeLicense(ctx, []byte(text)))
}

func issued(file *licensefile.File, text []byte, err error) (Issued, error) {
	if err != nil {
		return Issued{}, err
	}
	return Issued{file.ID, file.Revision, string(text)}, nil
}
