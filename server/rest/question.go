package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/openlts/openlts/server/administration"
)

// Parameters that several lists have.
var (
	paged  = []string{"after", "limit"}
	sorted = append([]string{"organization", "search", "sort", "reverse"}, paged...)
	found  = append([]string{"handshake", "item", "device", "since", "until"}, sorted...)
)

// parameters are the query parameters of operations, as in openapi.yaml. Operations that are not
// listed have none. Unknown parameters are errors, because ignoring one, such as a misspelt
// "since", would give another figure than the caller asked for.
var parameters = map[string][]string{
	"GET organizations": sorted,
	"GET handshakes":    append([]string{"handshake", "item"}, sorted...),
	"GET items":         append([]string{"handshake", "item", "state"}, sorted...),
	"GET devices":       found,
	"GET anomalies":     append([]string{"kind"}, found...),
	"GET audit":         append([]string{"kind"}, found...),
	"GET denials":       append([]string{"kind"}, found...),
	"GET statistics": {
		"by", "measure", "organization", "handshake", "item", "type", "device", "since", "until", "zone", "accumulated",
		"slots", "compare", "format",
	},
	"GET devices/{uuid}/reports": append([]string{
		"organization", "handshake", "item", "type", "since", "until",
	}, paged...),
	"GET alerts/history":                              paged,
	"GET items/{id}/seats":                            paged,
	"GET items/{id}/adjustments":                      append([]string{"since", "until", "search"}, paged...),
	"GET organizations/{id}/statements/{month}":       {"format"},
	"GET organizations/{id}/statements/{month}/draft": {"zone"},
}

// switches are parameters that are true or false.
var switches = []string{"reverse", "accumulated", "compare"}

// checkQuery gives an error if a request has a parameter that its operation does not know.
func checkQuery(r *http.Request, known []string) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &administration.Error{Kind: administration.Invalid, Text: "the query of the address can't be read"}
	}
	for name, values := range query {
		if !slices.Contains(known, name) {
			return wrong("", "this operation has no parameter "+strconv.Quote(name))
		}
		if slices.Contains(switches, name) && values[0] != "true" && values[0] != "false" {
			return wrong(name, name+" is true or false")
		}
	}
	return nil
}
