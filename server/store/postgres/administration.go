package postgres

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

func (t *transaction) NextOrganizationID() (string, error) {
	var next int64
	// Ids of up to 15 digits are numbers we can count on from.
	err := t.get(`SELECT greatest(100000, coalesce(max(public_id::bigint), 0)) + 1
		FROM organization WHERE public_id ~ '^[0-9]{1,15}$'`, nil, &next)
	return strconv.FormatInt(next, 10), err
}

func (t *transaction) AddOrganization(o store.Organization) error {
	_, err := t.insert(`INSERT INTO organization (public_id, name, created_at) VALUES ($1, $2, $3)`, o.ID, clean(o.Name), o.CreatedAt)
	return err
}

func (t *transaction) AddHandshakeCode(c store.HandshakeCode) error {
	organization, err := t.Organization(c.Organization)
	if err != nil {
		return err
	}
	id, err := t.insert(`INSERT INTO handshake_code (code, organization, session_password, previous_password, previous_until, archived_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, c.Code, organization.Key, c.SessionPassword, c.PreviousPassword, c.PreviousUntil, c.ArchivedAt, c.CreatedAt)
	if err != nil {
		return err
	}
	if err := t.exec(`INSERT INTO validation_field (handshake_code, value) SELECT $1, unnest($2::text[])`, id, cleanAll(c.ValidationFields)); err != nil {
		return err
	}
	if c.Default {
		return t.exec(`UPDATE organization SET default_code = $1 WHERE id = $2`, id, organization.Key)
	}
	return nil
}

func (t *transaction) AddItem(i store.Item) error {
	organization, err := t.Organization(i.Organization)
	if err != nil {
		return err
	}
	id, err := t.insert(`INSERT INTO item (public_id, organization, name, products, version, edition, deployment_type, charge_way,
			modules, quota, starts_at, expires_at, max_buffer_days, validation_field, trial, trial_by, trial_days, requires,
			request_limit, refuse_clones, revoked_at, archived_at, license_file, created_at, charging)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
		i.ID, organization.Key, clean(i.Name), i.Products, i.Version, i.Edition, i.DeploymentType, i.ChargeWay,
		formatModules(i.Modules), i.Quota, i.StartsAt, i.ExpiresAt, i.MaxBufferDays, clean(i.ValidationField), i.Trial, i.TrialBy, i.TrialDays,
		strings.Join(i.Requires, ","), i.RequestLimit, i.RefuseClones, i.RevokedAt, i.ArchivedAt, i.LicenseFile, i.CreatedAt, i.Charging.Text())
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO item_use (item, used, requests) VALUES ($1, 0, 0)`, id)
}

func (t *transaction) UpdateItem(i store.Item) error {
	return t.exec(`UPDATE item SET name = $1, products = $2, version = $3, edition = $4, deployment_type = $5, modules = $6, quota = $7,
			starts_at = $8, expires_at = $9, max_buffer_days = $10, validation_field = $11, trial = $12, trial_by = $13, trial_days = $14,
			requires = $15, request_limit = $16, refuse_clones = $17, revoked_at = $18, archived_at = $19, license_file = $20, charging = $21 WHERE id = $22`,
		clean(i.Name), i.Products, i.Version, i.Edition, i.DeploymentType, formatModules(i.Modules), i.Quota,
		i.StartsAt, i.ExpiresAt, i.MaxBufferDays, clean(i.ValidationField), i.Trial, i.TrialBy, i.TrialDays,
		strings.Join(i.Requires, ","), i.RequestLimit, i.RefuseClones, i.RevokedAt, i.ArchivedAt, i.LicenseFile, i.Charging.Text(), i.Key)
}

func (t *transaction) AttachItem(code, item store.ID, position int64) error {
	return t.exec(`INSERT INTO handshake_item (handshake_code, item, position) VALUES ($1, $2, $3)
		ON CONFLICT (handshake_code, item) DO UPDATE SET position = excluded.position`, code, item, position)
}

func (t *transaction) RevokeItem(item store.ID, at int64) error {
	return t.exec(`UPDATE item SET revoked_at = $1 WHERE id = $2`, at, item)
}

func (t *transaction) ArchiveItem(item store.ID, at int64) error {
	return t.exec(`UPDATE item SET archived_at = $1 WHERE id = $2`, at, item)
}

func (t *transaction) ArchiveHandshakeCode(code store.ID, at int64) error {
	return t.exec(`UPDATE handshake_code SET archived_at = $1 WHERE id = $2`, at, code)
}

func (t *transaction) SetSessionPassword(code store.ID, hash, previous string, previousUntil int64) error {
	return t.exec(`UPDATE handshake_code SET session_password = $1, previous_password = $2, previous_until = $3 WHERE id = $4`,
		hash, previous, previousUntil, code)
}

func (t *transaction) AddAudit(a store.Audit) error {
	return t.exec(`INSERT INTO audit (at, actor, action, object, detail) VALUES ($1, $2, $3, $4, $5)`,
		a.At, clean(a.Actor), a.Action, clean(a.Object), clean(a.Detail))
}

func (t *transaction) AddServerKeys(keys store.ServerKeys) error {
	return t.exec(`INSERT INTO server_key (id, signing, report) VALUES (1, $1, $2)`, keys.Signing, keys.Report)
}

func (t *transaction) Organization(id string) (store.Organization, error) {
	var o store.Organization
	err := t.get(selectOrganization+` WHERE o.public_id = $1`, []any{clean(id)}, organizationFields(&o)...)
	return o, err
}

func (t *transaction) HandshakeCode(code string) (store.HandshakeCode, error) {
	var c store.HandshakeCode
	err := t.get(selectHandshakeCode+` WHERE c.code = $1`, []any{clean(code)}, handshakeCodeFields(&c)...)
	return c, err
}

func (t *transaction) Item(id string) (store.Item, error) {
	var i store.Item
	var lists itemLists
	err := t.get(selectItem+` WHERE i.public_id = $1`, []any{clean(id)}, itemFields(&i, &lists)...)
	if err == nil {
		err = lists.parse(&i)
	}
	return i, err
}

// What is read the same way inside and outside of transactions.
const (
	selectOrganization = `SELECT o.id, o.public_id, o.name, coalesce(d.code, ''), o.archived_at, o.created_at
		FROM organization o LEFT JOIN handshake_code d ON d.id = o.default_code`
	// selectPublicTrial is the organization that there is not; see store.PublicTrial.
	selectPublicTrial   = `SELECT 0, '', '', code, 0, 0 FROM handshake_code WHERE public_trial <> 0`
	selectHandshakeCode = `SELECT c.id, c.code, o.public_id, c.session_password, c.previous_password, c.previous_until,
		coalesce(o.default_code, 0) = c.id, c.public_trial <> 0, c.archived_at, o.archived_at, c.created_at,
		ARRAY(SELECT value FROM validation_field v WHERE v.handshake_code = c.id ORDER BY value)
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
	return []any{&c.Key, &c.Code, &c.Organization, &c.SessionPassword, &c.PreviousPassword, &c.PreviousUntil,
		&c.Default, &c.PublicTrial, &c.ArchivedAt, &c.OrganizationArchivedAt, &c.CreatedAt, &c.ValidationFields}
}

// itemLists are the fields of an item that are more than a value, as they are stored.
type itemLists struct{ modules, requires, charging string }

func (l itemLists) parse(i *store.Item) (err error) {
	i.Charging, err = store.ParseCharging(l.charging)
	i.Modules = parseModules(l.modules)
	if i.Requires = nil; l.requires != "" {
		i.Requires = strings.Split(l.requires, ",")
	}
	return err
}

func itemFields(i *store.Item, lists *itemLists) []any {
	return []any{&i.Key, &i.ID, &i.Organization, &i.Name, &i.Products, &i.Version, &i.Edition, &i.DeploymentType, &i.ChargeWay,
		&lists.modules, &i.Quota, &i.StartsAt, &i.ExpiresAt, &i.MaxBufferDays, &i.ValidationField, &i.Trial, &i.TrialBy, &i.TrialDays,
		&lists.requires, &i.RequestLimit, &i.RefuseClones, &i.RevokedAt, &i.ArchivedAt, &i.LicenseFile, &i.CreatedAt, &lists.charging}
}

// scanItem reads a row of itemColumns, with what is before and behind them.
func scanItem(rows pgx.Rows, i *store.Item, before []any, behind ...any) error {
	var lists itemLists
	if err := rows.Scan(append(append(before, itemFields(i, &lists)...), behind...)...); err != nil {
		return err
	}
	return lists.parse(i)
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
