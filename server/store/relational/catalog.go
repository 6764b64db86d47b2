package relational

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// The queries that read the catalog, for all stores.
const (
	SelectOrganization = `SELECT o.id, o.public_id, o.name, coalesce(d.code, ''), o.archived_at, o.created_at
		FROM organization o LEFT JOIN handshake_code d ON d.id = o.default_code`
	// SelectPublicTrial selects the organization that does not exist; see store.PublicTrial.
	SelectPublicTrial    = `SELECT 0, '', '', code, 0, 0 FROM handshake_code WHERE public_trial <> 0`
	HandshakeCodeColumns = `c.id, c.code, o.public_id, c.session_password, c.previous_password, c.previous_until,
		coalesce(o.default_code, 0) = c.id, c.public_trial <> 0, c.archived_at, o.archived_at, c.created_at`
	FromHandshakeCode   = ` FROM handshake_code c JOIN organization o ON o.id = c.organization`
	SelectHandshakeCode = `SELECT ` + HandshakeCodeColumns + FromHandshakeCode
	ItemColumns         = `i.id, i.public_id, o.public_id, i.name, i.products, i.version, i.edition, i.deployment_type, i.charge_way,
		i.modules, i.quota, i.starts_at, i.expires_at, i.max_buffer_days, i.validation_field, i.trial, i.trial_by, i.trial_days,
		i.requires, i.request_limit, i.refuse_clones, i.revoked_at, i.archived_at, i.license_file, i.created_at, i.charging`
	SelectItem = `SELECT ` + ItemColumns + ` FROM item i JOIN organization o ON o.id = i.organization`
)

// OrganizationFields returns the fields into which a row of SelectOrganization is scanned.
func OrganizationFields(o *store.Organization) []any {
	return []any{&o.Key, &o.ID, &o.Name, &o.DefaultCode, &o.ArchivedAt, &o.CreatedAt}
}

// HandshakeCodeFields returns the fields into which HandshakeCodeColumns are scanned. Validation
// fields are separate rows.
func HandshakeCodeFields(c *store.HandshakeCode) []any {
	return []any{&c.Key, &c.Code, &c.Organization, &c.SessionPassword, &c.PreviousPassword, &c.PreviousUntil,
		&c.Default, &c.PublicTrial, &c.ArchivedAt, &c.OrganizationArchivedAt, &c.CreatedAt}
}

// ItemFields returns the fields into which ItemColumns are scanned.
func ItemFields(i *store.Item) []any {
	return []any{&i.Key, &i.ID, &i.Organization, &i.Name, &i.Products, &i.Version, &i.Edition,
		&i.DeploymentType, &i.ChargeWay,
		(*modulesText)(&i.Modules), &i.Quota, &i.StartsAt, &i.ExpiresAt, &i.MaxBufferDays, &i.ValidationField, &i.Trial,
		&i.TrialBy, &i.TrialDays, (*namesText)(&i.Requires), &i.RequestLimit, &i.RefuseClones, &i.RevokedAt,
		&i.ArchivedAt, &i.LicenseFile, &i.CreatedAt,
		(*chargingText)(&i.Charging)}
}

// Fields of an item with several values are texts in the database. These types read them.
type (
	modulesText  []protocol.LicenseModule
	namesText    []string
	chargingText store.Charging
)

func textOf(column any) (string, error) {
	text, ok := column.(string)
	if !ok {
		return "", fmt.Errorf("a field of an item is a %T where a text should be", column)
	}
	return text, nil
}

// Scan implements sql.Scanner.
func (m *modulesText) Scan(column any) error {
	text, err := textOf(column)
	if *m = nil; err != nil || text == "" {
		return err
	}
	for number := range strings.SplitSeq(text, ",") {
		// A text that is no number can only be damage; as module 0 it matches nothing.
		value, _ := strconv.Atoi(number)
		*m = append(*m, protocol.LicenseModule(value))
	}
	return nil
}

func formatModules(modules []protocol.LicenseModule) string {
	text := make([]string, len(modules))
	for i, module := range modules {
		text[i] = strconv.Itoa(int(module))
	}
	return strings.Join(text, ",")
}

// Scan implements sql.Scanner.
func (n *namesText) Scan(column any) error {
	text, err := textOf(column)
	if *n = nil; err == nil && text != "" {
		*n = strings.Split(text, ",")
	}
	return err
}

// Scan implements sql.Scanner.
func (c *chargingText) Scan(column any) error {
	text, err := textOf(column)
	if err != nil {
		return err
	}
	charging, err := store.ParseCharging(text)
	*c = chargingText(charging)
	return err
}

// NextOrganizationID returns an organization id that is not used yet.
func (t *Tx) NextOrganizationID() (string, error) {
	var last int64
	// Ids of up to 15 digits are numbers that can be incremented.
	err := get(t.ctx, t.session, `SELECT coalesce(max(CAST(public_id AS bigint)), 0) FROM organization
		WHERE length(public_id) BETWEEN 1 AND 15 AND `+t.dialect.Digits(`public_id`), nil, &last)
	return strconv.FormatInt(max(100000, last)+1, 10), err
}

// AddOrganization adds an organization; store.ErrExists.
func (t *Tx) AddOrganization(o store.Organization) error {
	return t.add(`INSERT INTO organization (public_id, name, created_at) VALUES (?, ?, ?)`, o.ID, o.Name, o.CreatedAt)
}

// organization returns the key of an organization; store.ErrNotFound.
func (t *Tx) organization(id string) (key store.ID, err error) {
	err = get(t.ctx, t.session, `SELECT id FROM organization WHERE public_id = ?`, []any{id}, &key)
	return key, err
}

// AddHandshakeCode adds a code; store.ErrExists, store.ErrNotFound: the organization.
func (t *Tx) AddHandshakeCode(c store.HandshakeCode) error {
	organization, err := t.organization(c.Organization)
	if err != nil {
		return err
	}
	err = t.add(`INSERT INTO handshake_code (code, organization, session_password, previous_password, previous_until, archived_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.Code, organization, c.SessionPassword, c.PreviousPassword, c.PreviousUntil, c.ArchivedAt, c.CreatedAt)
	if err != nil {
		return err
	}
	var code store.ID
	if err := get(t.ctx, t.session, `SELECT id FROM handshake_code WHERE code = ?`, []any{c.Code}, &code); err != nil {
		return err
	}
	for _, value := range c.ValidationFields {
		if err := t.exec(`INSERT INTO validation_field (handshake_code, value) VALUES (?, ?)`, code,
			value); err != nil {
			return err
		}
	}
	if c.Default {
		return t.exec(`UPDATE organization SET default_code = ? WHERE id = ?`, code, organization)
	}
	return nil
}

// AddItem adds an item; store.ErrExists, store.ErrNotFound: the organization.
func (t *Tx) AddItem(i store.Item) error {
	organization, err := t.organization(i.Organization)
	if err != nil {
		return err
	}
	err = t.add(
		`INSERT INTO item (public_id, organization, name, products, version, edition, deployment_type, charge_way,
			modules, quota, starts_at, expires_at, max_buffer_days, validation_field, trial, trial_by, trial_days, requires,
			request_limit, refuse_clones, revoked_at, archived_at, license_file, created_at, charging)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		i.ID, organization, i.Name, i.Products, i.Version, i.Edition, i.DeploymentType, i.ChargeWay,
		formatModules(i.Modules), i.Quota, i.StartsAt, i.ExpiresAt, i.MaxBufferDays, i.ValidationField, i.Trial,
		i.TrialBy, i.TrialDays,
		strings.Join(i.Requires, ","), i.RequestLimit, i.RefuseClones, i.RevokedAt, i.ArchivedAt, i.LicenseFile,
		i.CreatedAt, i.Charging.Text())
	if err != nil || t.dialect.UseTable == "item" {
		return err
	}
	return t.exec(`INSERT INTO `+t.dialect.UseTable+` (`+t.dialect.UseKey+
		`, used, requests) SELECT id, 0, 0 FROM item WHERE public_id = ?`, i.ID)
}

// UpdateItem changes the fields of an item; see store.Tx.
func (t *Tx) UpdateItem(i store.Item) error {
	return t.exec(
		`UPDATE item SET name = ?, products = ?, version = ?, edition = ?, deployment_type = ?, modules = ?, quota = ?,
			starts_at = ?, expires_at = ?, max_buffer_days = ?, validation_field = ?, trial = ?, trial_by = ?, trial_days = ?, requires = ?,
			request_limit = ?, refuse_clones = ?, revoked_at = ?, archived_at = ?, license_file = ?, charging = ? WHERE id = ?`,
		i.Name, i.Products, i.Version, i.Edition, i.DeploymentType, formatModules(i.Modules), i.Quota,
		i.StartsAt, i.ExpiresAt, i.MaxBufferDays, i.ValidationField, i.Trial, i.TrialBy, i.TrialDays,
		strings.Join(i.Requires, ","),
		i.RequestLimit, i.RefuseClones, i.RevokedAt, i.ArchivedAt, i.LicenseFile, i.Charging.Text(), i.Key)
}

// AttachItem attaches an item to a code, or changes its position there.
func (t *Tx) AttachItem(code, item store.ID, position int64) error {
	return t.exec(`INSERT INTO handshake_item (handshake_code, item, position) VALUES (?, ?, ?)
		ON CONFLICT (handshake_code, item) DO UPDATE SET position = excluded.position`, code, item, position)
}

// RevokeItem revokes an item since a moment.
func (t *Tx) RevokeItem(item store.ID, at int64) error {
	return t.exec(`UPDATE item SET revoked_at = ? WHERE id = ?`, at, item)
}

// ArchiveItem archives an item; 0 restores it.
func (t *Tx) ArchiveItem(item store.ID, at int64) error {
	return t.exec(`UPDATE item SET archived_at = ? WHERE id = ?`, at, item)
}

// ArchiveHandshakeCode archives a code; 0 restores it.
func (t *Tx) ArchiveHandshakeCode(code store.ID, at int64) error {
	return t.exec(`UPDATE handshake_code SET archived_at = ? WHERE id = ?`, at, code)
}

// SetSessionPassword gives a code another session password, as hashes.
func (t *Tx) SetSessionPassword(code store.ID, hash, previous string, previousUntil int64) error {
	return t.exec(
		`UPDATE handshake_code SET session_password = ?, previous_password = ?, previous_until = ? WHERE id = ?`,
		hash, previous, previousUntil, code)
}

// AddAudit records an administrative change.
func (t *Tx) AddAudit(a store.Audit) error {
	return t.exec(`INSERT INTO audit (at, actor, action, object, detail) VALUES (?, ?, ?, ?, ?)`, a.At, a.Actor,
		a.Action, a.Object, a.Detail)
}

// AddServerKeys stores the server's keys.
func (t *Tx) AddServerKeys(keys store.ServerKeys) error {
	return t.exec(`INSERT INTO server_key (id, signing, report) VALUES (1, ?, ?)`, keys.Signing, keys.Report)
}

// Organization finds an organization; store.ErrNotFound.
func (t *Tx) Organization(id string) (o store.Organization, err error) {
	err = get(t.ctx, t.session, SelectOrganization+` WHERE o.public_id = ?`, []any{id}, OrganizationFields(&o)...)
	return o, err
}

// HandshakeCode finds a code; store.ErrNotFound.
func (t *Tx) HandshakeCode(code string) (c store.HandshakeCode, err error) {
	if err = get(t.ctx, t.session, SelectHandshakeCode+` WHERE c.code = ?`, []any{code},
		HandshakeCodeFields(&c)...); err != nil {
		return c, err
	}
	err = validationFields(t.ctx, t.session, t.dialect.choose([]store.ID{c.Key}), func(_ store.ID, value string) {
		c.ValidationFields = append(c.ValidationFields, value)
	})
	return c, err
}

// Item finds an item; store.ErrNotFound.
func (t *Tx) Item(id string) (i store.Item, err error) {
	err = get(t.ctx, t.session, SelectItem+` WHERE i.public_id = ?`, []any{id}, ItemFields(&i)...)
	return i, err
}

func validationFields(ctx context.Context, r store.Reader, codes chosen,
	add func(code store.ID, value string)) error {
	return r.Query(ctx, `SELECT handshake_code, value FROM validation_field WHERE `+codes.among("handshake_code")+
		` ORDER BY value`, codes.arguments,
		func(scan func(...any) error) error {
			var code store.ID
			var value string
			err := scan(&code, &value)
			add(code, value)
			return err
		})
}
