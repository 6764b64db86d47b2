// Package records reads and stores the objects that administrators and their tools use: lists by
// page, accounts, sessions, tokens, settings. Its SQL is the same for every store.
package records

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// Selection tells which rows of a list are wanted, and in what order. A list ignores fields for
// which it has no column.
type Selection struct {
	Organizations []string // ids; rows that belong to any of these; none: all
	Codes         []string // handshake codes, likewise
	Items         []string // ids, likewise
	Devices       []string // UUIDs, likewise
	Kinds         []string // kinds of anomalies, actions of the audit, codes of refusals
	States        []string // of items: see States
	Text          string   // what an id or a name contains, in any case
	Since, Until  int64    // moments of records, in seconds since 1970; 0: no bound
	Now           int64    // for States
	Sort          string   // one of the list's orders; "": the first
	Descending    bool
	After         string // where the page before ended; "": the first page
	Limit         int    // rows of a page; 0: DefaultLimit
	// Apart leaves out whatever may contain data of other organizations, and does not search for
	// Text in it.
	Apart bool
}

// Limits of a page.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// Errors of a selection, which the caller can correct.
var (
	ErrCursor = errors.New("this cursor belongs to no page of this list; begin with the first page")
	ErrSort   = errors.New("this list can't be sorted by that")
	ErrState  = errors.New("there is no such state")
)

// order is a way to sort a list: by an expression, and then by the key.
type order struct {
	name, expression string
	descending       bool // unless asked otherwise
	number           bool
}

// list tells where the rows of a list come from.
type list struct {
	from string // FROM ... JOIN ...
	key  string // the expression of its key: a number, each once
	// textKey tells that the key is a text.
	textKey bool
	orders  []order
	// text are the columns in which Text is searched; those in shared may contain data of several
	// organizations.
	text, shared []string
	// granted tells that its rows are about a device d and that a selection applies to the grants
	// of that device. One and the same grant must match all parts of the selection. Otherwise
	// somebody who may see one organization could find out what another one granted.
	granted bool
	// unasked is a further condition for rows if the selection neither names nor searches rows.
	unasked string
	// conditions, for each part of a selection; "%" stands for the placeholders.
	organizations, codes, items, devices, kinds string
	at                                          string // the column of the moment
}

// query builds conditions and their arguments.
type query struct {
	conditions []string
	arguments  []any
}

func (q *query) add(condition string, arguments ...any) {
	q.conditions, q.arguments = append(q.conditions, condition), append(q.arguments, arguments...)
}

// among adds the condition that something is one of some values; nothing if there are none.
func (q *query) among(condition string, values []string) {
	if len(values) == 0 || condition == "" {
		return
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
	arguments := make([]any, len(values))
	for i, value := range values {
		arguments[i] = value
	}
	q.add(strings.ReplaceAll(condition, "%", marks), arguments...)
}

// granted adds the condition that a device d, or one that is shown as d, has a grant that matches a
// selection.
func (q *query) granted(s Selection) {
	var of query
	of.among("o.public_id IN (%)", s.Organizations)
	of.among("c.code IN (%)", s.Codes)
	of.among("i.public_id IN (%)", s.Items)
	if len(of.conditions) > 0 {
		granted := `IN (SELECT g.device FROM report_grant g JOIN item i ON i.id = g.item JOIN organization o ON o.id = i.organization
			JOIN handshake_code c ON c.id = g.handshake_code WHERE ` + strings.Join(of.conditions, " AND ") + ")"
		q.add(`(d.id `+granted+
			` OR d.id IN (SELECT merged_into FROM device merged WHERE merged_into IS NOT NULL AND merged.id `+granted+
			`))`,
			slices.Concat(of.arguments, of.arguments)...)
	}
}

// pattern returns the argument of LIKE for texts that contain this text.
func pattern(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text)) + "%"
}

// where returns the conditions as SQL.
func (q *query) where() string {
	if len(q.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.conditions, " AND ")
}

// selected returns the conditions for the rows of a selection.
func (l list) selected(s Selection) (q query, err error) {
	if l.granted {
		q.granted(s)
	}
	q.among(l.organizations, s.Organizations)
	q.among(l.codes, s.Codes)
	q.among(l.items, s.Items)
	q.among(l.devices, s.Devices)
	q.among(l.kinds, s.Kinds)
	searched := l.text
	if !s.Apart {
		searched = slices.Concat(l.text, l.shared)
	}
	if s.Text != "" && len(searched) > 0 {
		var either []string
		var arguments []any
		for _, column := range searched {
			either, arguments = append(either, "lower("+column+`) LIKE ? ESCAPE '\'`),
				append(arguments, pattern(s.Text))
		}
		q.add("("+strings.Join(either, " OR ")+")", arguments...)
	}
	if l.unasked != "" && s.Text == "" && len(s.Devices) == 0 {
		q.add(l.unasked)
	}
	if s.Since != 0 && l.at != "" {
		q.add(l.at+" >= ?", s.Since)
	}
	if s.Until != 0 && l.at != "" {
		q.add(l.at+" < ?", s.Until)
	}
	if err := l.states(&q, s); err != nil {
		return q, err
	}
	return q, nil
}

// page reads one page of a list: the columns of each row, by scan, and where the next
// page begins; "" if there is none.
func (l list) page(ctx context.Context, r store.Reader, s Selection, columns string,
	row func(scan func(...any) error) error) (next string, err error) {
	q, err := l.selected(s)
	if err != nil {
		return "", err
	}
	by, err := l.order(s.Sort)
	if err != nil {
		return "", err
	}
	descending := by.descending != s.Descending
	comparison, direction := ">", ""
	if descending {
		comparison, direction = "<", " DESC"
	}
	if s.After != "" {
		value, key, err := l.parseCursor(by, s.After)
		if err != nil {
			return "", err
		}
		q.add("("+by.expression+", "+l.key+") "+comparison+" (?, ?)", value, key)
	}
	limit := s.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	statement := fmt.Sprintf("SELECT %s, %s, %s %s%s ORDER BY %s%s, %s%s LIMIT %d",
		by.expression, l.key, columns, l.from, q.where(), by.expression, direction, l.key, direction, limit+1)
	var count int
	var last func() string
	err = r.Query(ctx, statement, q.arguments, func(scan func(...any) error) error {
		if count++; count > limit { // there is one more
			next = last()
			return nil
		}
		value, key := variable(by.number), variable(!l.textKey)
		last = func() string { return cursor(value, key) }
		return row(func(destinations ...any) error { return scan(append([]any{value, key}, destinations...)...) })
	})
	return next, err
}

func (l list) order(name string) (order, error) {
	if name == "" {
		return l.orders[0], nil
	}
	names := make([]string, len(l.orders))
	for i, each := range l.orders {
		if each.name == name {
			return each, nil
		}
		names[i] = each.name
	}
	return order{}, fmt.Errorf("%w: choose from %s", ErrSort, strings.Join(names, ", "))
}

// variable returns a pointer into which a number or a text can be scanned.
func variable(number bool) any {
	if number {
		return new(int64)
	}
	return new(string)
}

// cursor returns the end of a page: the value by which it is sorted, and the key.
func cursor(value, key any) string {
	text, err := json.Marshal([]any{value, key})
	if err != nil { // texts and numbers always marshal
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// maxCursor is longer than any valid cursor.
const maxCursor = 4096

func (l list) parseCursor(o order, text string) (value, key any, err error) {
	if len(text) > maxCursor {
		return nil, nil, ErrCursor
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, nil, ErrCursor
	}
	var parts []json.RawMessage
	if json.Unmarshal(data, &parts) != nil || len(parts) != 2 {
		return nil, nil, ErrCursor
	}
	value, key = variable(o.number), variable(!l.textKey)
	if json.Unmarshal(parts[0], value) != nil || json.Unmarshal(parts[1], key) != nil {
		return nil, nil, ErrCursor
	}
	return plain(value), plain(key), nil
}

func plain(variable any) any {
	switch v := variable.(type) {
	case *int64:
		return *v
	case *string:
		return *v
	}
	return variable
}

// States of items that a selection can name.
const (
	StateActive  = "active"  // begun, not ended, not revoked
	StateFuture  = "future"  // not begun
	StateExpired = "expired" // ended, whether in tolerance or not
	StateRevoked = "revoked"
)

func (l list) states(q *query, s Selection) error {
	if len(s.States) == 0 || l.key != "i.id" {
		return nil
	}
	var either []string
	var arguments []any
	for _, state := range s.States {
		switch state {
		case StateActive:
			either, arguments = append(either, "(i.revoked_at = 0 AND i.starts_at <= ? AND i.expires_at > ?)"),
				append(arguments, s.Now, s.Now)
		case StateFuture:
			either, arguments = append(either, "(i.revoked_at = 0 AND i.starts_at > ?)"), append(arguments, s.Now)
		case StateExpired:
			either, arguments = append(either, "(i.revoked_at = 0 AND i.expires_at <= ?)"), append(arguments, s.Now)
		case StateRevoked:
			either = append(either, "i.revoked_at <> 0")
		default:
			return fmt.Errorf("%w %q: choose from active, future, expired, revoked", ErrState, state)
		}
	}
	q.add("("+strings.Join(either, " OR ")+")", arguments...)
	return nil
}
