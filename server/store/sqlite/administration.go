package sqlite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

func (t *transaction) NextOrganizationID() (string, error) {
	var next int64
	// Ids of up to 15 digits are numbers we can count on from.
	err := t.get(`SELECT max(100000, coalesce(max(CAST(public_id AS INTEGER)), 0)) + 1
		FROM organization WHERE length(public_id) <= 15`, nil, &next)
	return strconv.FormatInt(next, 10), err
}

func (t *transaction) AddOrganization(o store.Organization) error {
	_, err := t.insert(`INSERT INTO organization (public_id, name, created_at) VALUES (?, ?, ?)`, o.ID, o.Name, o.CreatedAt)
	return err
}

func (t *transaction) AddHandshakeCode(c store.HandshakeCode) error {
	t.forget()
	organization, err := t.Organization(c.Organization)
	if err != nil {
		return err
	}
	id, err := t.insert(`INSERT INTO handshake_code (code, organization, session_password, previous_password, previous_until, archived_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.Code, organization.Key, c.SessionPassword, c.PreviousPassword, c.PreviousUntil, c.ArchivedAt, c.CreatedAt)
	if err != nil {
		return err
	}
	for _, value := range c.ValidationFields {
		if _, err := t.insert(`INSERT INTO validation_field (handshake_code, value) VALUES (?, ?)`, id, value); err != nil {
			return err
		}
	}
	if c.Default {
		return t.exec(`UPDATE organization SET default_code = ? WHERE id = ?`, id, organization.Key)
	}
	return nil
}

func (t *transaction) AddItem(i store.Item) error {
	t.forget()
	organization, err := t.Organization(i.Organization)
	if err != nil {
		return err
	}
	_, err = t.insert(`INSERT INTO item (public_id, organization, name, products, version, edition, deployment_type, charge_way,
			modules, quota, starts_at, expires_at, max_buffer_days, validation_field, trial, trial_by, trial_days, requires,
			request_limit, refuse_clones, revoked_at, archived_at, license_file, created_at, charging)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		i.ID, organization.Key, i.Name, i.Products, i.Version, i.Edition, i.DeploymentType, i.ChargeWay,
		formatModules(i.Modules), i.Quota, i.StartsAt, i.ExpiresAt, i.MaxBufferDays, i.ValidationField, i.Trial, i.TrialBy, i.TrialDays,
		strings.Join(i.Requires, ","), i.RequestLimit, i.RefuseClones, i.RevokedAt, i.ArchivedAt, i.LicenseFile, i.CreatedAt, i.Charging.Text())
	return err
}

func (t *transaction) UpdateItem(i store.Item) error {
	t.forget()
	return t.exec(`UPDATE item SET name = ?, products = ?, version = ?, edition = ?, deployment_type = ?, modules = ?, quota = ?,
			starts_at = ?, expires_at = ?, max_buffer_days = ?, validation_field = ?, trial = ?, trial_by = ?, trial_days = ?, requires = ?,
			request_limit = ?, refuse_clones = ?, revoked_at = ?, archived_at = ?, license_file = ?, charging = ? WHERE id = ?`,
		i.Name, i.Products, i.Version, i.Edition, i.DeploymentType, formatModules(i.Modules), i.Quota,
		i.StartsAt, i.ExpiresAt, i.MaxBufferDays, i.ValidationField, i.Trial, i.TrialBy, i.TrialDays, strings.Join(i.Requires, ","),
		i.RequestLimit, i.RefuseClones, i.RevokedAt, i.ArchivedAt, i.LicenseFile, i.Charging.Text(), i.Key)
}

func (t *transaction) AttachItem(code, item store.ID, position int64) error {
	t.forget()
	return t.exec(`INSERT INTO handshake_item (handshake_code, item, position) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET position = excluded.position`, code, item, position)
}

func (t *transaction) RevokeItem(item store.ID, at int64) error {
	t.forget()
	return t.exec(`UPDATE item SET revoked_at = ? WHERE id = ?`, at, item)
}

func (t *transaction) ArchiveItem(item store.ID, at int64) error {
	t.forget()
	return t.exec(`UPDATE item SET archived_at = ? WHERE id = ?`, at, item)
}

func (t *transaction) ArchiveHandshakeCode(code store.ID, at int64) error {
	t.forget()
	return t.exec(`UPDATE handshake_code SET archived_at = ? WHERE id = ?`, at, code)
}

func (t *transaction) SetSessionPassword(code store.ID, hash, previous string, previousUntil int64) error {
	t.forget()
	return t.exec(`UPDATE handshake_code SET session_password = ?, previous_password = ?, previous_until = ? WHERE id = ?`,
		hash, previous, previousUntil, code)
}

func (t *transaction) AddAudit(a store.Audit) error {
	return t.exec(`INSERT INTO audit (at, actor, action, object, detail) VALUES (?, ?, ?, ?, ?)`,
		a.At, a.Actor, a.Action, a.Object, a.Detail)
}

func (t *transaction) AddServerKeys(keys store.ServerKeys) error {
	return t.exec(`INSERT INTO server_key (id, signing, report) VALUES (1, ?, ?)`, keys.Signing, keys.Report)
}

func (t *transaction) Organization(id string) (store.Organization, error) {
	var o store.Organization
	err := t.get(selectOrganization+` WHERE o.public_id = ?`, []any{id}, organizationFields(&o)...)
	return o, err
}

// HandshakeCode gives a code without its validation fields.
func (t *transaction) HandshakeCode(code string) (store.HandshakeCode, error) {
	var c store.HandshakeCode
	err := t.get(selectHandshakeCode+` WHERE c.code = ?`, []any{code}, handshakeCodeFields(&c)...)
	return c, err
}

func (t *transaction) Item(id string) (store.Item, error) {
	var i store.Item
	var lists itemLists
	err := t.get(selectItem+` WHERE i.public_id = ?`, []any{id}, itemFields(&i, &lists)...)
	lists.parse(&i)
	return i, err
}

// What is read the same way inside and outside of transactions.
const (
	selectOrganization = `SELECT o.id, o.public_id, o.name, coalesce(d.code, ''), o.archived_at, o.created_at
		FROM organization o LEFT JOIN handshake_code d ON d.id = o.default_code`
	// selectPublicTrial is the organization that there is not; see store.PublicTrial.
	selectPublicTrial   = `SELECT 0, '', '', code, 0, 0 FROM handshake_code WHERE public_trial <> 0`
	selectHandshakeCode = `SELECT c.id, c.code, o.public_id, c.session_password, c.previous_password, c.previous_until,
		coalesce(o.default_code, 0) = c.id, c.public_trial <> 0, c.archived_at, o.archived_at, c.created_at
		FROM handshake_code c JOIN organization o ON o.id = c.organization`
	itemColumns = `i.id, i.public_id, o.public_id, i.name, i.products, i.version, i.edition, i.deployment_type, i.charge_way,
		i.modules, i.quota, i.starts_at, i.expires_at, i.max_buffer_days, i.validation_field, i.trial, i.trial_by, i.trial_days,
		i.requires, i.request_limit, i.refuse_clones, i.revoked_at, i.archived_at, i.license_file, i.created_at, i.charging`
	selectItem = `SELECT ` + itemColumns + ` FROM item i JOIN organization o ON o.id = i.organization`
)

func organizationFields(o *store.Organization) []any {
	return []any{&o.Key, &o.ID, &o.Name, &o.DefaultCode, &o.ArchivedAt, &o.CreatedAt}
}

func handshakeCodeFields(c *store.HandshakeCode) []any {
	return []any{&c.Key, &c.Code, &c.Organization, &c.SessionPassword, &c.PreviousPassword, &c.PreviousUntil, &c.Default, &c.PublicTrial, &c.ArchivedAt, &c.OrganizationArchivedAt, &c.CreatedAt}
}

// itemLists are the fields of an item that are lists, as they are stored.
type itemLists struct{ modules, requires string }

func (l itemLists) parse(i *store.Item) {
	i.Modules = parseModules(l.modules)
	if i.Requires = nil; l.requires != "" {
		i.Requires = strings.Split(l.requires, ",")
	}
}

func itemFields(i *store.Item, lists *itemLists) []any {
	return []any{&i.Key, &i.ID, &i.Organization, &i.Name, &i.Products, &i.Version, &i.Edition, &i.DeploymentType, &i.ChargeWay,
		&lists.modules, &i.Quota, &i.StartsAt, &i.ExpiresAt, &i.MaxBufferDays, &i.ValidationField, &i.Trial, &i.TrialBy, &i.TrialDays,
		&lists.requires, &i.RequestLimit, &i.RefuseClones, &i.RevokedAt, &i.ArchivedAt, &i.LicenseFile, &i.CreatedAt, (*chargingText)(&i.Charging)}
}

// chargingText reads a Charging out of its column.
type chargingText store.Charging

// Scan implements sql.Scanner.
func (c *chargingText) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return fmt.Errorf("the charging of an item is a %T", column)
	}
	charging, err := store.ParseCharging(text)
	*c = chargingText(charging)
	return err
}

func formatModules(modules []protocol.LicenseModule) string {
	numbers := make([]string, len(modules))
	for i, module := range modules {
		numbers[i] = strconv.Itoa(int(module))
	}
	return strings.Join(numbers, ",")
}

func parseModules(list string) []protocol.LicenseModule {
	if list == "" {
		return nil
	}
	var modules []protocol.LicenseModule
	for number := range strings.SplitSeq(list, ",") {
		// A number that is none can only be damage; as module 0 it matches nothing.
		value, _ := strconv.Atoi(number)
		modules = append(modules, protocol.LicenseModule(value))
	}
	return modules
}
