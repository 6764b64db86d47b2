package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// Confirmed says how many runs two keys of a device have both reported.
type Confirmed struct {
	Apart int64 `json:"apart"` // runs that stay apart
}

func setPassword(r *request) (answer, error) {
	var in PasswordInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	const day = 24 * time.Hour
	if in.OverlapDays < 0 || in.OverlapDays > administration.MaxOverlapDays {
		in.OverlapDays = -1 // which is refused
	}
	return answer{}, r.admin.SetSessionPassword(r.Context(), r.PathValue("code"), in.SessionPassword,
		time.Duration(in.OverlapDays)*day)
}

func replaceCode(r *request) (answer, error) {
	var in administration.CodeReplacement
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	added, err := r.admin.ReplaceCode(r.Context(), r.PathValue("code"), in)
	return answer{status: http.StatusCreated, value: added}, err
}

func setRetention(r *request) (answer, error) {
	var in RetentionInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	return answer{}, r.admin.SetRetention(r.Context(), store.Record(r.PathValue("record")), in.Days)
}

func confirmKey(r *request) (answer, error) {
	apart, err := r.admin.ConfirmKey(r.Context(), r.PathValue("uuid"), r.PathValue("key"))
	return answer{value: Confirmed{apart}}, err
}

// archive archives an object, or restores it.
func archive(name string, f func(*administration.Administrator, context.Context, string, bool) error,
	archived bool) handler {
	return func(r *request) (answer, error) {
		return answer{}, f(r.admin, r.Context(), r.PathValue(name), archived)
	}
}
