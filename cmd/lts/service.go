package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// service is the administration of a server: that of a data directory, or that of a remote server.
// The commands are the same for both.
type service interface {
	Organizations(context.Context, administration.Selection) (administration.Page[administration.Organization], error)
	NewOrganization(context.Context, administration.OrganizationInput) (administration.Organization, error)
	ChangeOrganization(context.Context, string, administration.OrganizationChange,
		[]string) (administration.Organization, error)
	RemoveOrganization(context.Context, string) error

	Codes(context.Context, administration.Selection) (administration.Page[administration.Code], error)
	NewCode(context.Context, administration.CodeInput) (administration.Code, error)
	ChangeCode(context.Context, string, administration.CodeChange, []string) (administration.Code, error)
	RemoveCode(context.Context, string) error
	CodeKey(ctx context.Context, code string, in administration.KeyInput) (string, error)

	Items(context.Context, administration.Selection) (administration.Page[administration.Item], error)
	Item(ctx context.Context, id string) (administration.Item, error)
	NewItem(context.Context, administration.ItemInput) (administration.Item, error)
	ChangeItem(context.Context, string, administration.ItemFields, []string) (administration.Item, error)
	AttachItem(ctx context.Context, item, code string, position int64) error
	DetachItem(ctx context.Context, item, code string) error
	RevokeItem(context.Context, string) error
	RemoveItem(context.Context, string) error

	Alerts(context.Context) ([]administration.OpenAlert, error)
	AlertHistory(context.Context, administration.Selection) (administration.Page[alerts.Event], error)
	AlertRules(context.Context) ([]alerts.Rule, error)
	SetAlertRule(ctx context.Context, kind, levels string) error
	AlertChannels(context.Context) ([]administration.Channel, error)
	// TestChannel sends a test; private lets it go to private addresses.
	TestChannel(ctx context.Context, id string, private bool) error

	Adjust(ctx context.Context, item string, units int64, reason string) error
	ArchiveOrganization(ctx context.Context, organization string, archived bool) error
	ArchiveItem(ctx context.Context, item string, archived bool) error
	ArchiveHandshakeCode(ctx context.Context, code string, archived bool) error
	ReplaceCode(ctx context.Context, code string, in administration.CodeReplacement) (administration.Code, error)
	// SetPassword sets the session password of a code; "": none. The previous one works for this
	// many more days.
	SetPassword(ctx context.Context, code, password string, overlapDays int64) error
	DeviceReports(ctx context.Context, device string, s administration.Selection) (administration.DeviceReports, error)
	DeviceKeys(ctx context.Context, device string) ([]store.DeviceKeyUse, error)
	ConfirmKey(ctx context.Context, device, key string) (left int64, err error)
	ClearClone(ctx context.Context, device string) error
	Retentions(context.Context) ([]administration.Retention, error)
	SetRetention(ctx context.Context, record store.Record, days int64) error

	Server(context.Context) (administration.Server, error)
	VendorKeyShown(context.Context) (administration.PublicKey, error)
	Vendors(context.Context) ([]administration.Vendor, error)
	Products(context.Context) ([]administration.Product, error)
	NewProduct(context.Context, administration.ProductInput) (administration.Product, error)
	ChangeProduct(ctx context.Context, name string, change administration.ProductChange) (administration.Product, error)
	Licenses(context.Context) ([]administration.License, error)
	Import(context.Context, administration.LicenseInput) (administration.LicenseContent, error)
	ShowLicense(ctx context.Context, text string) (administration.LicenseContent, error)
	NewLicense(context.Context, administration.IssueInput) (administration.Issued, error)
	RevokedLicense(ctx context.Context, text string) (administration.Issued, error)

	Statement(ctx context.Context, organization, month string) (*administration.Statement, error)
	DraftStatement(ctx context.Context, organization, month, zone string) (*administration.Statement, error)
	CloseStatement(context.Context, string, administration.StatementInput) (*administration.Statement, error)
	StatementReports(ctx context.Context, organization, month string, write func(line []byte) error) error
	Statistics(context.Context, statistics.Query) (*statistics.Result, error)
	Replay(ctx context.Context, item string, in administration.ReplayInput) (administration.Replayed, error)

	Devices(context.Context, administration.Selection) (administration.Page[administration.Device], error)
	Denials(context.Context, administration.Selection) (administration.Page[store.Denial], error)
	Anomalies(context.Context, administration.Selection) (administration.Page[records.Anomaly], error)
	Audits(context.Context, administration.Selection) (administration.Page[store.Audit], error)

	repairs
}

// local is the administration of a data directory.
type local struct{ *administration.Administrator }

// CodeKey makes a license key with the key of the directory's server.
func (l local) CodeKey(ctx context.Context, code string, in administration.KeyInput) (string, error) {
	keys, err := api.LoadKeys(ctx, l.Store)
	if err != nil {
		return "", err
	}
	return l.LicenseKey(ctx, code, in.SessionPassword, administration.KeyServers{
		Main: in.Server, Standby: in.Standby, PublicKey: keys.Public(),
	})
}

// Adjust adjusts how much of an item is used.
func (l local) Adjust(ctx context.Context, item string, units int64, reason string) error {
	_, err := l.AdjustItem(ctx, item, units, reason)
	return err
}

// SetPassword sets the session password of a code.
func (l local) SetPassword(ctx context.Context, code, password string, overlapDays int64) error {
	return l.SetSessionPassword(ctx, code, password, time.Duration(overlapDays)*24*time.Hour)
}

// Server returns the UUID and the public key of the directory's server.
func (l local) Server(ctx context.Context) (administration.Server, error) {
	keys, err := api.LoadKeys(ctx, l.Store)
	if err != nil {
		return administration.Server{}, err
	}
	return administration.ViewServer(keys.Public()), nil
}

// VendorKeyShown returns the key that signs license files, and makes it the first time.
func (l local) VendorKeyShown(ctx context.Context) (administration.PublicKey, error) {
	key, err := l.VendorPublicKey(ctx)
	return administration.ViewKey(key), err
}

// Import takes over the items of a license file.
func (l local) Import(ctx context.Context, in administration.LicenseInput) (administration.LicenseContent, error) {
	known, err := l.Server(ctx)
	if err != nil {
		return administration.LicenseContent{}, err
	}
	return l.Administrator.Import(ctx, in, known.UUID)
}

// TestChannel sends a test from this machine.
func (l local) TestChannel(ctx context.Context, id string, private bool) error {
	return l.TestAlertChannel(ctx, &alerts.Network{Private: private}, id)
}

// work runs f with the administration of the data directory, or of the server that
// --server names. create makes a missing database.
func (a *app) work(ctx context.Context, create bool, f func(service) error) error {
	if a.tokenFile != "" {
		remote, err := a.remote()
		if err != nil {
			return err
		}
		return hinted(f(remote))
	}
	return hinted(a.withStore(ctx, create, func(s store.Store) error {
		// Statements are signed, even if the database has no keys yet.
		if _, err := api.LoadKeys(ctx, s); err != nil {
			return err
		}
		return f(local{a.administrator(s)})
	}))
}

// administrator returns the administrator of a store, as the account of this process.
func (a *app) administrator(s store.Store) *administration.Administrator {
	return &administration.Administrator{Store: s, Now: time.Now, Actor: actor()}
}

// hints name the commands that show the objects that errors are about.
var hints = map[string]string{
	administration.ObjectOrganization: "lts org list",
	administration.ObjectCode:         "lts handshake list",
	administration.ObjectItem:         "lts item list",
	administration.ObjectDevice:       "lts device list",
	administration.ObjectAccount:      "lts admin list",
	administration.ObjectToken:        "lts token list",
	administration.ObjectChannel:      "lts alert channels list",
	administration.ObjectProduct:      "lts product list",
	administration.ObjectLicense:      "lts license list",
}

// flagOf are the flags of fields that have other names.
var flagOf = map[string]string{
	"name": "", "custom": "", "sessionPassword": "--session-password", "validationFields": "--validation-field",
	"products": "--products", "version": "--version", "edition": "--edition", "deploymentType": "--deployment-type",
	"modules": "--modules", "quota": "--quota", "startsAt": "--starts", "expiresAt": "--expires",
	"maxBufferDays": "--max-buffer-days", "validationField": "--validation-field", "chargeWay": "--charge-way",
	"defaultHandshake": "--default", "id": "--id", "server": "--server", "standby": "--standby",
	"position": "--position", "sort": "--sort", "state": "--state", "role": "--role", "organization": "--org",
	"scope": "--scope", "password": "--password-file", "to": "--to", "into": "--into",
}

// hinted adds to user errors what to do about them, with the names of this command's flags.
func hinted(err error) error {
	mistakes := administration.Errors(err)
	if len(mistakes) == 0 {
		return err
	}
	texts := make([]string, len(mistakes))
	for i, e := range mistakes {
		texts[i] = e.Text
		switch list := hints[e.Object]; {
		case flagOf[e.Field] != "":
			texts[i] += " (" + flagOf[e.Field] + ")"
		case e.Kind == administration.Exists && e.Object != administration.ObjectCode &&
			e.Object != administration.ObjectAccount:
			texts[i] += "; choose another --id, or leave it out"
		case list != "" && e.Kind != administration.Forbidden:
			texts[i] += "; see `" + list + "`"
		}
	}
	return errors.New(strings.Join(texts, "\n"))
}

// all reads all pages of a list, or at most limit rows; 0: no limit.
func all[R any](ctx context.Context, s administration.Selection, limit int,
	list func(context.Context, administration.Selection) (administration.Page[R], error),
) ([]R, error) {
	rows := []R{}
	for {
		s.Limit = records.MaxLimit
		if limit > 0 {
			s.Limit = min(records.MaxLimit, limit-len(rows))
		}
		page, err := list(ctx, s)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Items...)
		if s.After = page.Next; s.After == "" || limit > 0 && len(rows) >= limit {
			return rows, nil
		}
	}
}

// checkLimit tells what is wrong with a --limit.
func checkLimit(limit, least int) error {
	if limit < least {
		return fmt.Errorf("--limit %d is not %d or more", limit, least)
	}
	return nil
}
