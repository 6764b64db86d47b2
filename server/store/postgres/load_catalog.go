package postgres

import (
	"errors"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// wanted are names that are not remembered.
type wanted struct {
	organizations, codes, items []string
	devices                     []int64 // those of their reporters that are confirmed
}

func (w *wanted) none() bool {
	return len(w.organizations)+len(w.codes)+len(w.items)+len(w.devices) == 0
}

// names finds what is requested by name: in what is remembered, or else in the database. What is in
// neither does not exist.
func (l *loading) names() error {
	for {
		w := l.remembered()
		if w.none() {
			return nil
		}
		err := l.fill(w)
		if err == nil {
			l.remembered()
			return nil
		}
		if !errors.Is(err, errStale) {
			return err
		}
		// What was taken from the old catalog may not be valid any more.
		l.s.catalog.CompareAndSwap(l.catalog, newCatalog(l.version))
		l.s.forgetKeys()
		l.catalog = l.s.catalog.Load()
		clear(l.state.Organizations)
		clear(l.state.Codes)
		clear(l.state.CodeItems)
		clear(l.state.Items)
		clear(l.state.Types)
		for _, device := range l.state.Devices {
			clear(device.Confirmed)
		}
	}
}

// remembered takes what the catalog contains, and returns what it does not contain.
func (l *loading) remembered() (w wanted) {
	c := l.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	code := func(name string) {
		if _, done := l.state.Codes[name]; done || name == "" {
			return
		}
		if known, ok := c.codes[name]; ok {
			l.state.Codes[name], l.state.CodeItems[known.Key] = known, c.codeItems[known.Key]
		} else {
			w.codes = append(w.codes, clean(name))
		}
	}
	for _, id := range l.keys.Organizations {
		if known, ok := c.organizations[id]; ok {
			l.state.Organizations[id] = known
			code(known.DefaultCode)
		} else {
			w.organizations = append(w.organizations, clean(id))
		}
	}
	for _, name := range l.keys.Codes {
		code(name)
	}
	for i := range l.keys.Counted {
		counted := &l.keys.Counted[i]
		code(counted.Code)
		if known, ok := c.items[counted.Item]; ok {
			l.state.Items[counted.Item] = known
			l.state.Types[known.Organization] = c.types[known.Organization]
		} else if counted.Item != "" {
			w.items = append(w.items, clean(counted.Item))
		}
	}
	for _, reporter := range l.keys.Reporters {
		if reporter.Number == 0 { // as nearly all
			continue
		}
		if known, ok := c.confirmed[reporter.Device]; ok {
			maps.Copy(l.byKey[reporter.Device].Confirmed, known)
		} else {
			w.devices = append(w.devices, int64(reporter.Device))
		}
	}
	return w
}

// selectWholeCode reads a code with its validation fields: in one round trip.
const selectWholeCode = `SELECT ` + relational.HandshakeCodeColumns +
	`, ARRAY(SELECT value FROM validation_field v WHERE v.handshake_code = c.id ORDER BY value)` +
	relational.FromHandshakeCode

// fill reads what is wanted into the catalog, in one round trip.
func (l *loading) fill(w wanted) error {
	var organizations []store.Organization
	var codes []store.HandshakeCode
	var items []store.Item
	codeItems, types := map[store.ID][]store.CodeItem{}, map[string][]string{}
	const concerned = ` IN (SELECT id FROM handshake_code WHERE code = ANY($1)
		UNION SELECT default_code FROM organization WHERE public_id = ANY($2)
		UNION SELECT id FROM handshake_code WHERE public_trial <> 0 AND '' = ANY($2))`
	b := &batch{}
	l.queueVersion(b)
	b.each(relational.SelectOrganization+` WHERE o.public_id = ANY($1) UNION ALL `+relational.SelectPublicTrial+
		` AND '' = ANY($1)`, []any{w.organizations}, func(rows pgx.Rows) error {
		var o store.Organization
		err := rows.Scan(relational.OrganizationFields(&o)...)
		organizations = append(organizations, o)
		return err
	})
	b.each(selectWholeCode+` WHERE c.id`+concerned, []any{w.codes, w.organizations}, func(rows pgx.Rows) error {
		var c store.HandshakeCode
		err := rows.Scan(append(relational.HandshakeCodeFields(&c), &c.ValidationFields)...)
		codes = append(codes, c)
		return err
	})
	b.each(`SELECT h.handshake_code, h.position, `+relational.ItemColumns+
		` FROM handshake_item h JOIN item i ON i.id = h.item
		JOIN organization o ON o.id = i.organization WHERE h.handshake_code`+concerned, []any{
		w.codes, w.organizations,
	}, func(rows pgx.Rows) error {
		var code store.ID
		var i store.CodeItem
		err := rows.Scan(append([]any{&code, &i.Position}, relational.ItemFields(&i.Item)...)...)
		codeItems[code] = append(codeItems[code], i)
		return err
	})
	b.each(relational.SelectItem+` WHERE i.public_id = ANY($1)`, []any{w.items}, func(rows pgx.Rows) error {
		var i store.Item
		err := rows.Scan(relational.ItemFields(&i)...)
		items = append(items, i)
		return err
	})
	b.each(`SELECT o.public_id, t.name FROM organization o JOIN organization_type u ON u.organization = o.id
		JOIN operation_type t ON t.id = u.type WHERE o.id IN (SELECT organization FROM item WHERE public_id = ANY($1))`,
		[]any{w.items},
		func(rows pgx.Rows) error {
			var organization, name string
			err := rows.Scan(&organization, &name)
			// Names that stay in memory for long must not keep the whole answer in memory.
			types[organization] = append(types[organization], strings.Clone(name))
			return err
		})
	confirmed := map[store.ID]map[int64]bool{}
	for _, device := range w.devices {
		confirmed[store.ID(device)] = map[int64]bool{}
	}
	b.each(`SELECT device, reporter FROM device_key WHERE confirmed_at > 0 AND device = ANY($1)`, []any{
		w.devices,
	}, func(rows pgx.Rows) error {
		var device store.ID
		var reporter int64
		err := rows.Scan(&device, &reporter)
		confirmed[device][reporter] = true
		return err
	})
	if err := b.send(l.ctx, l.conn); err != nil {
		return err
	}

	if l.version != l.catalog.version || l.catalog.full() {
		return errStale
	}
	c := l.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(c.confirmed, confirmed)
	for _, o := range organizations {
		c.organizations[o.ID] = o
	}
	for _, code := range codes {
		c.codes[code.Code], c.codeItems[code.Key] = code, codeItems[code.Key]
	}
	for _, i := range items {
		c.items[i.ID] = i
		own := map[string]bool{}
		for _, name := range types[i.Organization] {
			if _, builtIn := protocol.OperationTypeByName(name); !builtIn {
				own[name] = true
			}
		}
		c.types[i.Organization] = own
	}
	return nil
}

// All groups share sharedLock. Whoever must not change what a group is just deciding on holds it
// exclusively. See transaction.Alone.
const sharedLock = -1

func (l *loading) queueShared(b *batch) {
	b.exec(`SELECT pg_advisory_xact_lock_shared($1, $2)`, lockSpace, sharedLock)
}

func (l *loading) queueVersion(b *batch) {
	b.each(`SELECT version FROM catalog`, nil, func(rows pgx.Rows) error { return rows.Scan(&l.version) })
}
