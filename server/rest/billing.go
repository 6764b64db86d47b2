package rest

import (
	"context"
	"io"
	"net/http"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// AdjustmentInput is an adjustment of an item's usage.
type AdjustmentInput struct {
	Units  int64  `json:"units"`
	Reason string `json:"reason"`
}

// PasswordInput is a session password for a handshake code.
type PasswordInput struct {
	SessionPassword string `json:"sessionPassword"` // "": none is asked for any more
	// OverlapDays is for how many days the former password stays valid.
	OverlapDays int64 `json:"overlapDays,omitempty"`
}

// RetentionInput says how many days records are kept.
type RetentionInput struct {
	Days int64 `json:"days"` // 0: for ever
}

// all is a list that has no pages.
type all[R any] struct {
	Items []R `json:"items"`
}

func listAll[R any](name string,
	read func(*administration.Administrator, context.Context, string) ([]R, error)) handler {
	return func(r *request) (answer, error) {
		rows, err := read(r.admin, r.Context(), r.PathValue(name))
		return answer{value: all[R]{rows}}, err
	}
}

func listAdjustments(r *request) (answer, error) {
	s, err := r.selection()
	if err != nil {
		return answer{}, err
	}
	page, err := r.admin.Adjustments(r.Context(), r.PathValue("id"), s)
	return answer{value: page}, err
}

func adjust(r *request) (answer, error) {
	var in AdjustmentInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	made, err := r.admin.AdjustItem(r.Context(), r.PathValue("id"), in.Units, in.Reason)
	return answer{status: http.StatusCreated, value: adjustment(r.PathValue("id"), made)}, err
}

func adjustment(item string, a store.Adjustment) records.AdjustmentOf {
	return records.AdjustmentOf{
		Item: item, At: a.At, Units: a.Units, Reason: a.Reason, Actor: a.Actor, Signature: a.Signature,
	}
}

// adjusted finds the adjustment that a request made: the newest matching one.
func adjusted(r *request, item string) (answer, error) {
	var in AdjustmentInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	for s := (administration.Selection{Limit: records.MaxLimit}); ; {
		page, err := r.admin.Adjustments(r.Context(), item, s)
		if err != nil {
			return answer{}, err
		}
		for _, made := range page.Items {
			if made.Units == in.Units && made.Reason == in.Reason && made.Actor == r.admin.Actor {
				return answer{status: http.StatusCreated, value: made}, nil
			}
		}
		if s.After = page.Next; s.After == "" {
			return answer{}, store.ErrNotFound
		}
	}
}

func closeStatement(r *request) (answer, error) {
	var in administration.StatementInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	made, err := r.admin.CloseStatement(r.Context(), r.PathValue("id"), in)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, value: made.File()}, nil
}

// closedStatement finds the statement that a request closed.
func closedStatement(r *request, organization string) (answer, error) {
	var in administration.StatementInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	made, err := r.admin.Statement(r.Context(), organization, in.Month)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, value: made.File()}, nil
}

// showStatement answers with a closed statement: the file that proves itself, a table,
// or a page to print.
func showStatement(r *request) (answer, error) {
	made, err := r.admin.Statement(r.Context(), r.PathValue("id"), r.PathValue("month"))
	if err != nil {
		return answer{}, err
	}
	switch r.URL.Query().Get("format") {
	case "", "json":
		return answer{value: made.File()}, nil
	case "csv":
		return answer{file: &file{contentTypeCSV, made.WriteCSV}}, nil
	}
	return answer{}, wrong("format", "format is json or csv")
}

// showStatementReports answers with the reports behind a statement, as lines of JSON.
func showStatementReports(r *request) (answer, error) {
	organization, month := r.PathValue("id"), r.PathValue("month")
	if _, err := r.admin.Statement(r.Context(), organization, month); err != nil {
		return answer{}, err
	}
	return answer{file: &file{"application/jsonl", func(w io.Writer) error {
		return r.admin.StatementReports(r.Context(), organization, month, func(line []byte) error {
			_, err := w.Write(line)
			return err
		})
	}}}, nil
}
