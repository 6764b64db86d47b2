package rest

import (
	"context"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
)

// LevelsInput are the levels of a rule.
type LevelsInput struct {
	Levels []int64 `json:"levels"` // none: it is off; see alerts.EndOfTolerance
}

// whole answers with a list that has no pages and belongs to no object.
func whole[R any](read func(*administration.Administrator, context.Context) ([]R, error)) handler {
	return func(r *request) (answer, error) {
		rows, err := read(r.admin, r.Context())
		return answer{value: all[R]{append([]R{}, rows...)}}, err
	}
}

func setAlertRule(r *request) (answer, error) {
	var in LevelsInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	kind := r.PathValue("kind")
	return answer{},
		r.admin.SetAlertRule(r.Context(), kind, alerts.Rule{Kind: alerts.Kind(kind), Levels: in.Levels}.Text())
}

func (a *API) testChannel(r *request) (answer, error) {
	return answer{}, r.admin.TestAlertChannel(r.Context(), a.Alerts, r.PathValue("id"))
}
