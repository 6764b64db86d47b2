package rest

import (
	"net/http"
	"strings"
)

// conditional are the operations that go by If-Match. Others refuse it: a change that was
// asked for on a condition must not be made without.
var conditional = map[string]bool{
	"PATCH organizations/{id}": true, "PATCH handshakes/{code}": true, "PATCH items/{id}": true,
}

// tags are those in If-Match, one of which the object has to have (RFC 9110, 13.1.1); nil
// if it only has to exist. Weak ones are of no object: here, all tags are strong.
func tags(header http.Header) ([]string, error) {
	text := strings.TrimSpace(strings.Join(header.Values("If-Match"), ","))
	if text == "" || text == "*" {
		return nil, nil
	}
	list := []string{}
	for text = strings.TrimLeft(text, " \t,"); text != ""; text = strings.TrimLeft(text, " \t,") {
		opaque, weak := strings.CutPrefix(text, "W/")
		tag, rest, closed := strings.Cut(strings.TrimPrefix(opaque, `"`), `"`)
		rest = strings.TrimLeft(rest, " \t")
		if opaque[:min(1, len(opaque))] != `"` || !closed || rest != "" && rest[0] != ',' {
			return nil, wrong("", `If-Match holds no list of ETags, such as "0a1b2c", "3d4e5f"`)
		}
		if !weak {
			list = append(list, tag)
		}
		text = rest
	}
	return list, nil
}

// Match writes If-Match as tags reads it.
func Match(tags []string) string {
	quoted := make([]string, len(tags))
	for i, tag := range tags {
		quoted[i] = `"` + tag + `"`
	}
	return strings.Join(quoted, ", ")
}
