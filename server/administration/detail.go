package administration

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What audit rows say in words: they are read years later, by people who don't know what an empty
// value, a 0 or false once meant.

// reach says what an account or a token is for.
func reach(organization string) string {
	if organization == "" {
		return "for the whole server"
	}
	return "for organization " + organization
}

// among lists values: "handshake codes "a", "b"", or "no handshake codes".
func among(values []string, what string) string {
	if len(values) == 0 {
		return "no " + what
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = strconv.Quote(value)
	}
	return what + " " + strings.Join(quoted, ", ")
}

// orNone is "standby https://…", or "no standby".
func orNone(what, value string) string {
	if value == "" {
		return "no " + what
	}
	return what + " " + value
}

// given is "session password", or "no session password".
func given(is bool, what string) string {
	if is {
		return what
	}
	return "no " + what
}

// defaulting says whether a code is its organization's default.
func defaulting(is bool) string {
	if is {
		return "the default code"
	}
	return "not the default code"
}

// importers says which servers may import a license file.
func importers(server string) string {
	if server == "" {
		return "for any server"
	}
	return "for server " + server
}

// overlapping says what became of a session password, and of the one before.
func overlapping(set bool, until int64) string {
	text := "no session password any more"
	if set {
		text = "a new session password"
	}
	if until == 0 {
		return text + "; one before it works no longer"
	}
	return fmt.Sprintf("%s; the one before it works until %s", text, time.Unix(until, 0).UTC().Format(time.RFC3339))
}
