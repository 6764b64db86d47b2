package pages

import (
	"net/url"
	"sync"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statement"
	"github.com/openlts/openlts/server/statistics"
)

var statementPages = []page{
	{
		path: "/organizations/{id}/statements", name: "statements", title: "Statements", nav: "/organizations",
		role: administration.Viewer,
		get:  showStatements,
		final: map[string]question{
			"close": {text: "Close this month? Its statement never changes afterwards.", of: "month"},
		},
		actions: map[string]action{"close": {administration.Editor, func(r *request) (string, error) {
			id := r.PathValue("id")
			made, err := r.admin.CloseStatement(r.Context(), id, administration.StatementInput{
				Month: r.PostForm.Get("month"), Zone: r.PostForm.Get("zone"),
			})
			if err != nil {
				return "", err
			}
			return "organizations/" + segment(id) + "/statements/" + segment(made.Month) + "?done=closed", nil
		}}},
	},
	{
		path: "/organizations/{id}/statements/draft", name: "statement", title: "Draft of a statement",
		nav: "/organizations", role: administration.Editor,
		get: func(r *request) (any, error) {
			q := r.URL.Query()
			made, err := r.admin.DraftStatement(r.Context(), r.PathValue("id"), q.Get("month"), q.Get("zone"))
			return newStatementShown(made), err
		},
	},
	{
		path: "/organizations/{id}/statements/{month}", name: "statement", title: "Statement", nav: "/organizations",
		role: administration.Viewer,
		get: func(r *request) (any, error) {
			made, err := r.statement()
			return newStatementShown(made), err
		},
		files: map[string]func(*request) error{
			"json": func(r *request) error {
				made, err := r.statement()
				if err != nil {
					return err
				}
				r.attach("statement-"+made.Organization+"-"+made.Month+".json", "application/json")
				return made.File().Write(r.w)
			},
			"csv": func(r *request) error {
				made, err := r.statement()
				if err != nil {
					return err
				}
				r.attach("statement-"+made.Organization+"-"+made.Month+".csv", "text/csv; charset=utf-8")
				return made.WriteCSV(r.w)
			},
			"reports": func(r *request) error {
				made, err := r.statement()
				if err != nil {
					return err
				}
				begin := sync.OnceFunc(func() {
					r.attach("reports-"+made.Organization+"-"+made.Month+".jsonl", "application/jsonl")
				})
				err = r.admin.StatementReports(r.Context(), made.Organization, made.Month, func(line []byte) error {
					begin() // earlier errors are shown on a page
					_, err := r.w.Write(line)
					return err
				})
				if err == nil {
					begin() // there may be none
				}
				return err
			},
		},
	},
}

// statement is the one that the address names.
func (r *request) statement() (*administration.Statement, error) {
	return r.admin.Statement(r.Context(), r.PathValue("id"), r.PathValue("month"))
}

// statementsShown are the closed months of an organization, and the one to close next.
type statementsShown struct {
	Organization administration.Organization
	List         []administration.StatementSummary
	Next         string // the month to close next
	Zone         string // of the statements before; "": there are none
	Ended        bool   // the next month has ended
	Zones        []string
	Own          string // the zone to begin with
}

func showStatements(r *request) (any, error) {
	shown := statementsShown{Zones: zones, Own: r.zone.String()}
	var err error
	if shown.Organization, err = r.admin.Organization(r.Context(), r.PathValue("id")); err != nil {
		return nil, err
	}
	if shown.List, err = r.admin.Statements(r.Context(), shown.Organization.ID); err != nil {
		return nil, err
	}
	now := r.admin.Now().In(r.zone)
	next := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	if len(shown.List) > 0 {
		last, err := time.Parse("2006-01", shown.List[0].Month)
		if err != nil {
			return nil, err
		}
		next, shown.Zone = last.AddDate(0, 1, 0), shown.List[0].Zone
	}
	shown.Next = next.Format("2006-01")
	shown.Ended = now.After(next.AddDate(0, 1, 1))
	return shown, nil
}

// statementShown is the page of one statement.
type statementShown struct {
	*administration.Statement
	ServerKey string
	Units     int64
	Until     int64 // its last day
}

func newStatementShown(made *administration.Statement) any {
	if made == nil {
		return nil
	}
	return statementShown{made, protocol.Encoding.EncodeToString(made.Key), made.Total(), made.Until - 1}
}

func (s statementShown) title() string { return s.Name + ", " + s.Month }

// Link leads to the statistics of the month, of a line of the statement.
func (s statementShown) Link(line statement.Line) string {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		zone = time.UTC
	}
	month := line.Month
	if month == "" {
		month = s.Month
	}
	first, err := statistics.ParseDay(month+"-01", zone)
	if err != nil {
		return "statistics"
	}
	return "statistics?" + url.Values{
		"handshake": {line.Code}, "item": {line.Item}, "types": {line.Type}, "per": {"day"}, "tz": {s.Zone},
		"from": {first.Format(time.DateOnly)}, "until": {statistics.AddDate(first, 0, 1, -1).Format(time.DateOnly)},
	}.Encode()
}
