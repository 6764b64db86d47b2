package administration

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openlts/openlts/server/statement"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// ObjectStatement is the object of errors about statements.
const ObjectStatement = "statement"

// StatementSummary is a line of the list of statements.
type StatementSummary struct {
	Month       string `json:"month"` // such as 2026-11
	Zone        string `json:"zone"`
	Units       int64  `json:"units"`       // used, with corrections
	Corrections int64  `json:"corrections"` // units of it that came late for months before
	Reports     int64  `json:"reports"`     // the number of reports behind it
	AsOf        int64  `json:"asOf"`
}

// Statement is a statement of an organization: closed, or the draft of one.
type Statement struct {
	*statement.Statement
	// Signed is the same, signed by the server; "" for a draft.
	Signed string
	// Key is the server's public key.
	Key ed25519.PublicKey
}

// File is a closed statement as a file.
func (s *Statement) File() statement.File { return statement.NewFile(s.Statement, s.Signed, s.Key) }

// Only one caller at a time has a turn. Reading all reports of a month can take long, and several
// at once would only slow down each other and everybody else.
type turn chan struct{}

// wait waits for a turn; end passes it on.
func (t turn) wait(ctx context.Context) (end func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// reading is the turn of editors. lending has the turns of customers who fetch reports, by
// organization: a customer who reads the answer slowly, or asks for it repeatedly, delays only
// others of the same organization.
var (
	reading = make(turn, 1)
	lending sync.Map // of turns
)

// alone waits until nobody else reads all reports of a month.
func alone(ctx context.Context) (end func(), err error) { return reading.wait(ctx) }

// aloneIn waits until nobody else fetches reports of an organization that exists.
func aloneIn(ctx context.Context, organization string) (end func(), err error) {
	own, _ := lending.LoadOrStore(organization, make(turn, 1))
	return own.(turn).wait(ctx)
}

// serverKey is the server's key.
func (a *Administrator) serverKey(ctx context.Context) (ed25519.PrivateKey, error) {
	keys, err := records.ServerKeys(ctx, a.Store)
	if err != nil {
		return nil, fmt.Errorf("reading the server's keys: %w", err)
	}
	return ed25519.NewKeyFromSeed(keys.Signing), nil
}

// maker makes the statements of an organization that the caller may see.
func (a *Administrator) maker(ctx context.Context, organization string) (*statement.Maker, error) {
	if _, err := a.Organization(ctx, organization); err != nil {
		return nil, err
	}
	key, err := a.serverKey(ctx)
	return &statement.Maker{Store: a.Store, Key: key, Now: a.Now}, err
}

// Statements lists the closed months of an organization, the newest first.
func (a *Administrator) Statements(ctx context.Context, organization string) ([]StatementSummary, error) {
	maker, err := a.maker(ctx, organization)
	if err != nil {
		return nil, err
	}
	closed, err := maker.All(ctx, organization)
	list := make([]StatementSummary, 0, len(closed))
	for i := len(closed) - 1; i >= 0; i-- {
		s := closed[i]
		summary := StatementSummary{Month: s.Month, Zone: s.Zone, Units: s.Total(), Reports: s.Reports, AsOf: s.AsOf}
		for _, line := range s.Corrections {
			summary.Corrections += line.Units
		}
		list = append(list, summary)
	}
	return list, err
}

// Statement gives the closed statement of a month.
func (a *Administrator) Statement(ctx context.Context, organization, month string) (*Statement, error) {
	maker, err := a.maker(ctx, organization)
	if err != nil {
		return nil, err
	}
	made, signed, err := maker.Closed(ctx, organization, month)
	if err != nil {
		return nil, notFound(err, ObjectStatement, month)
	}
	return &Statement{made, signed, maker.Key.Public().(ed25519.PublicKey)}, nil
}

// DraftStatement gives the statement of a month as it would be if it was closed now. It reads all
// reports of the month, so only editors may call it.
func (a *Administrator) DraftStatement(ctx context.Context, organization, month, zone string) (*Statement, error) {
	if err := a.may(Editor); err != nil {
		return nil, err
	}
	maker, err := a.maker(ctx, organization)
	if err != nil {
		return nil, err
	}
	location, err := statementZone(zone)
	if err != nil {
		return nil, err
	}
	end, err := alone(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	made, err := maker.Draft(ctx, organization, month, location)
	if err != nil {
		return nil, statementError(err, month)
	}
	return &Statement{made, "", maker.Key.Public().(ed25519.PublicKey)}, nil
}

// StatementInput says which month to close.
type StatementInput struct {
	Month string `json:"month"` // such as 2026-11
	// Zone is the organization's time zone; "": that of its earlier statements, or UTC.
	Zone string `json:"zone,omitempty"`
}

// CloseStatement closes a month: it signs and stores the statement, which never changes from then
// on.
func (a *Administrator) CloseStatement(ctx context.Context, organization string,
	in StatementInput) (*Statement, error) {
	if err := a.may(Editor); err != nil {
		return nil, err
	}
	maker, err := a.maker(ctx, organization)
	if err != nil {
		return nil, err
	}
	location, err := statementZone(in.Zone)
	if err != nil {
		return nil, err
	}
	end, err := alone(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	made, signed, err := maker.Close(ctx, organization, in.Month, location, a.Actor)
	if err != nil {
		return nil, statementError(err, in.Month)
	}
	return &Statement{made, signed, maker.Key.Public().(ed25519.PublicKey)}, nil
}

// StatementReports writes the lines of the reports behind a closed statement, so that anybody can
// check that the statement follows from them.
func (a *Administrator) StatementReports(ctx context.Context, organization, month string,
	write func(line []byte) error) error {
	maker, err := a.maker(ctx, organization)
	if err != nil {
		return err
	}
	made, _, err := maker.Closed(ctx, organization, month)
	if err != nil {
		return notFound(err, ObjectStatement, month)
	}
	if made.Digest == "" {
		return &Error{Kind: NotFound, Object: ObjectStatement, ID: month,
			Text: "the reports of " + month + " were deleted before the month was closed"}
	}
	end, err := aloneIn(ctx, organization)
	if err != nil {
		return err
	}
	defer end()
	return maker.Evidence(ctx, made, write)
}

// statementZone reads the name of a time zone; nil: that of earlier statements.
func statementZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no zone is an answer
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, invalid("zone", "%.40q is not a time zone, such as Europe/Berlin or UTC", name)
	}
	return location, nil
}

// statementError says what is wrong with the requested month.
func statementError(err error, month string) error {
	switch {
	case errors.Is(err, statement.ErrMonth):
		return invalid("month", "%s", err)
	case errors.Is(err, statement.ErrOrder), errors.Is(err, statement.ErrOpen):
		return &Error{Kind: Conflict, Object: ObjectStatement, ID: month, Field: "month",
			Text: fmt.Sprintf("%.20s can't be closed: %s", month, err)}
	case errors.Is(err, statement.ErrZone):
		return &Error{Kind: Conflict, Object: ObjectStatement, ID: month, Field: "zone", Text: err.Error()}
	case errors.Is(err, statement.ErrDiffer):
		return &Error{Kind: Conflict, Object: ObjectStatement, ID: month, Text: err.Error()}
	case errors.Is(err, store.ErrExists):
		return exists(ObjectStatement, month)
	}
	return err
}
