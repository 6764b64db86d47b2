// Package statement closes the months of an organization for billing: what was used in a month, in
// the organization's time zone, as of a moment. A closed statement never changes; what arrives
// later is a correction in the next one. It is signed and contains the digest of the reports behind
// it, so that anybody who has these can check that the bill follows from them.
package statement

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/verification"
)

// Statement is what an organization used in a month.
type Statement struct {
	Organization string `json:"organization"` // its id
	Name         string `json:"name"`
	Month        string `json:"month"` // such as "2026-11"
	Zone         string `json:"zone"`
	From         int64  `json:"from"` // the month, half open, in seconds since 1970
	Until        int64  `json:"until"`
	// AsOf is that moment: what arrived later is not in it.
	AsOf int64 `json:"asOf"`
	// Previous is the digest of the previous statement; "" if there is none.
	Previous string `json:"previous"`
	// Usage is the usage of the month. Corrections are what arrived for earlier months after these
	// were closed.
	Usage       []Line `json:"usage"`
	Corrections []Line `json:"corrections"`
	// Adjustments were made in the month.
	Adjustments []Adjustment `json:"adjustments"`
	// Losses are what devices declared lost; they are not charged.
	Losses []Loss `json:"losses"`
	// Reports is how many reports are behind Usage, and Digest the SHA-256 of their
	// lines; 0 and "" if they were deleted before.
	Reports int64  `json:"reports"`
	Digest  string `json:"digest"`
}

// Line is usage of a month, in units.
type Line struct {
	Month string `json:"month,omitempty"` // of a correction
	Item  string `json:"item"`
	Code  string `json:"handshake"`
	Type  string `json:"type"`
	Units int64  `json:"units"` // of corrections, the difference
}

// Loss is what was declared lost, in units.
type Loss struct {
	Item  string `json:"item"`
	Code  string `json:"handshake"`
	Cause string `json:"cause"`
	Units int64  `json:"units"`
}

// Adjustment is an adjustment of an item's usage.
type Adjustment struct {
	Item   string `json:"item"`
	At     int64  `json:"at"`
	Units  int64  `json:"units"`
	Reason string `json:"reason"`
}

// Total is the sum of usage and corrections.
func (s *Statement) Total() (units int64) {
	for _, line := range slices.Concat(s.Usage, s.Corrections) {
		units += line.Units
	}
	return units
}

// delay is how long ago AsOf is: by now, everything that arrived before it is committed, and the
// clocks of servers on one database agree to within it.
const delay = time.Minute

// Errors of statements, beside those of a store.
var (
	ErrMonth  = errors.New("this is not a month, such as 2026-11")
	ErrOpen   = errors.New("the month has not ended yet")
	ErrOrder  = errors.New("months are closed one after the other")
	ErrZone   = errors.New("the statements before are in another time zone")
	ErrDiffer = errors.New("what is counted differs from the reports; see `lts verify`")
)

// Maker makes statements.
type Maker struct {
	Store store.Store
	Key   ed25519.PrivateKey // the server's
	Now   func() time.Time
	// Progress, if set, is called with how many reports of how many were read.
	Progress func(done, of int64)
}

// monthLayout is how months are written.
const monthLayout = "2006-01"

// Closed gives a closed statement and its document; the error is store.ErrNotFound if there is
// none.
func (m *Maker) Closed(ctx context.Context, organization, month string) (*Statement, string, error) {
	list, err := m.closed(ctx, organization)
	if err != nil {
		return nil, "", err
	}
	for _, c := range list {
		if c.Month == month {
			return c.Statement, c.document, nil
		}
	}
	return nil, "", store.ErrNotFound
}

// All gives all closed statements of an organization, the oldest first.
func (m *Maker) All(ctx context.Context, organization string) ([]*Statement, error) {
	list, err := m.closed(ctx, organization)
	all := make([]*Statement, len(list))
	for i, c := range list {
		all[i] = c.Statement
	}
	return all, err
}

type closed struct {
	*Statement
	document string
}

// closed gives the closed statements of an organization, the oldest first.
func (m *Maker) closed(ctx context.Context, organization string) ([]closed, error) {
	stored, err := m.Store.Statements(ctx, organization)
	if err != nil {
		return nil, err
	}
	list := make([]closed, len(stored))
	for i, s := range stored {
		list[i] = closed{&Statement{}, s.Document}
		if err := protocol.VerifyDocument(protocol.DocumentStatement, s.Document, m.Key.Public().(ed25519.PublicKey),
			list[i].Statement); err != nil {
			return nil, fmt.Errorf("the statement of %s for %s is not what was closed: %w", organization, s.Month, err)
		}
	}
	return list, nil
}

// Draft makes a statement as of now, even for a month that has not ended. zone is the
// organization's; nil: that of its earlier statements, or UTC.
func (m *Maker) Draft(ctx context.Context, organization, month string, zone *time.Location) (*Statement, error) {
	start, err := time.Parse(monthLayout, month)
	if err != nil || start.Year() < 1971 {
		return nil, fmt.Errorf("%.20q: %w", month, ErrMonth)
	}
	before, err := m.closed(ctx, organization)
	if err != nil {
		return nil, err
	}
	if n := len(before); n > 0 {
		last := before[n-1]
		if zone != nil && zone.String() != last.Zone {
			return nil, fmt.Errorf("%w: %s", ErrZone, last.Zone)
		}
		if zone, err = time.LoadLocation(last.Zone); err != nil {
			return nil, fmt.Errorf("the time zone of the statements before: %w", err)
		}
		end, _ := time.Parse(monthLayout, last.Month) // it is signed
		if next := end.AddDate(0, 1, 0).Format(monthLayout); month != next {
			return nil, fmt.Errorf("%w: the next one is %s", ErrOrder, next)
		}
	}
	if zone == nil {
		zone = time.UTC
	}
	s := &Statement{
		Organization: organization, Month: month, Zone: zone.String(), AsOf: m.Now().Add(-delay).Unix(),
		From:  statistics.StartOfMonth(start.Year(), start.Month(), zone).Unix(),
		Until: statistics.StartOfMonth(start.Year(), start.Month()+1, zone).Unix(),
		Usage: []Line{}, Corrections: []Line{}, Adjustments: []Adjustment{}, Losses: []Loss{},
	}
	if n := len(before); n > 0 {
		s.Previous = protocol.Digest([]byte(before[n-1].document))
		// Even if the rules of a time zone have changed since: nothing must be billed twice or
		// never.
		s.From = before[n-1].Until
	}
	for _, step := range []func(context.Context, *Statement) error{m.name, m.usage, m.adjustments} {
		if err := step(ctx, s); err != nil {
			return nil, err
		}
	}
	return s, m.corrections(ctx, s, before)
}

// Close makes the statement of a month that has ended, signs it and stores it; from then on it
// never changes. It also returns the signed document.
func (m *Maker) Close(ctx context.Context, organization, month string, zone *time.Location,
	actor string) (*Statement, string, error) {
	s, err := m.Draft(ctx, organization, month, zone)
	if err != nil {
		return nil, "", err
	}
	if s.AsOf < s.Until {
		return nil, "", ErrOpen
	}
	document, err := protocol.SignDocument(protocol.DocumentStatement, s, m.Key)
	if err != nil {
		return nil, "", err
	}
	return s, document, m.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.AddStatement(
			store.Statement{Organization: organization, Month: month, MadeAt: s.AsOf, Document: document}); err != nil {
			return err
		}
		return tx.AddAudit(store.Audit{
			At: m.Now().Unix(), Actor: actor, Action: "statement.close", Object: organization,
			Detail: fmt.Sprintf("%s, %d units, digest %s", month, s.Total(), s.Digest),
		})
	})
}

func (m *Maker) name(ctx context.Context, s *Statement) error {
	organizations, err := m.Store.Organizations(ctx)
	if err != nil {
		return err
	}
	for _, o := range organizations {
		if o.ID == s.Organization {
			s.Name = o.Name
			return nil
		}
	}
	return store.ErrNotFound
}

// scope are the reports behind a statement.
func (s *Statement) scope() verification.Scope {
	return verification.Scope{From: s.From, Until: s.Until, Before: s.AsOf, Organization: s.Organization}
}

// usage sums up the reports of the month; if they were deleted, the totals.
func (m *Maker) usage(ctx context.Context, s *Statement) error {
	collected, err := verification.Collect(ctx, m.Store, s.scope(), verification.Options{Progress: m.Progress})
	if errors.Is(err, verification.ErrNoReports) {
		s.Usage, err = m.counted(ctx, s.Organization, s.From, s.Until)
		return err
	}
	if err != nil {
		return err
	}
	s.Reports, s.Digest = collected.Reports, collected.Digest
	for _, sum := range collected.Sums {
		s.Usage = append(s.Usage, Line{Item: sum.Item, Code: sum.Code, Type: sum.Type, Units: sum.Units})
	}
	for _, loss := range collected.Losses {
		s.Losses = append(s.Losses, Loss{Item: loss.Item, Code: loss.Code, Cause: loss.Cause, Units: loss.Units})
	}
	slices.SortFunc(s.Usage, Line.compare)
	// A bill must not differ from the totals.
	counted, err := m.counted(ctx, s.Organization, s.From, s.Until)
	if err != nil {
		return err
	}
	for _, line := range difference(counted, s.Usage) {
		if line.Units < 0 {
			return ErrDiffer
		}
	}
	return nil
}

func (l Line) compare(other Line) int {
	return cmp.Or(cmp.Compare(l.Month, other.Month), cmp.Compare(l.Item, other.Item), cmp.Compare(l.Code, other.Code),
		cmp.Compare(l.Type, other.Type))
}

// counted are the totals of a span of time.
func (m *Maker) counted(ctx context.Context, organization string, from, until int64) ([]Line, error) {
	counted, err := m.Store.Statistics(ctx, store.StatisticsQuery{
		By:            []store.Column{store.ByItem, store.ByHandshake, store.ByType},
		Organizations: []string{organization}, Windows: []store.Window{{Start: from, End: until}},
	})
	if err != nil {
		return nil, err
	}
	lines := make([]Line, len(counted.Rows))
	for i, row := range counted.Rows {
		lines[i] = Line{Item: row.Item, Code: row.Handshake, Type: row.Type, Units: row.Count}
	}
	slices.SortFunc(lines, Line.compare)
	return lines, nil
}

// difference is what has to be added to the stated lines to get the present ones, without lines
// that do not differ.
func difference(now []Line, stated ...[]Line) []Line {
	units := map[Line]int64{}
	for _, line := range now {
		key := line
		key.Units, key.Month = 0, ""
		units[key] += line.Units
	}
	for _, line := range slices.Concat(stated...) {
		key := line
		key.Units, key.Month = 0, ""
		units[key] -= line.Units
	}
	var lines []Line
	for key, n := range units {
		if key.Units = n; n != 0 {
			lines = append(lines, key)
		}
	}
	slices.SortFunc(lines, Line.compare)
	return lines
}

// corrections are what the earlier months have now, beyond what their statements say.
func (m *Maker) corrections(ctx context.Context, s *Statement, before []closed) error {
	for _, past := range before {
		now, err := m.counted(ctx, s.Organization, past.From, past.Until)
		if err != nil {
			return err
		}
		stated := [][]Line{past.Usage}
		for _, later := range before {
			for _, line := range later.Corrections {
				if line.Month == past.Month {
					stated = append(stated, []Line{line})
				}
			}
		}
		for _, line := range difference(now, stated...) {
			line.Month = past.Month
			s.Corrections = append(s.Corrections, line)
		}
	}
	return nil
}

// adjustments are the month's adjustments of the organization's items.
func (m *Maker) adjustments(ctx context.Context, s *Statement) error {
	return m.Store.Examine(ctx, func(e store.Examination) error {
		items := map[store.ID]string{}
		for item, err := range e.Items() {
			if err != nil {
				return err
			}
			if item.Organization == s.Organization {
				items[item.Key] = item.ID
			}
		}
		for a, err := range e.Adjustments() {
			if err != nil {
				return err
			}
			if id, own := items[a.Item]; own && a.At >= s.From && a.At < s.Until {
				s.Adjustments = append(s.Adjustments, Adjustment{Item: id, At: a.At, Units: a.Units, Reason: a.Reason})
			}
		}
		return nil
	})
}

// Evidence writes the lines of the reports behind a closed statement, and returns whether they
// still are those that were signed.
func (m *Maker) Evidence(ctx context.Context, s *Statement, write func(line []byte) error) error {
	scope := s.scope()
	scope.Write = write
	collected, err := verification.Collect(ctx, m.Store, scope, verification.Options{Progress: m.Progress})
	if err != nil {
		return err
	}
	if collected.Digest != s.Digest {
		return fmt.Errorf(
			"the reports are not those behind the statement: there are %d with the digest %s, and it names %d with %s",
			collected.Reports, collected.Digest, s.Reports, s.Digest)
	}
	return nil
}
