package rest_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/rest"
)

// A change is made if one of the tags in If-Match is the object's; a list that can't be
// read, and an operation that goes by none, change nothing.
func TestIfMatch(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	_, header, object := c.call(t, "POST", "organizations", `{"name": "Example"}`)
	path := "organizations/" + object["id"].(string)
	_, header, _ = c.call(t, "GET", path, "")
	for match, want := range map[string]int{
		"": 200, "*": 200, " * ": 200, "TAG": 200, `"other", TAG`: 200, `TAG, "other"`: 200,
		`"a,b",W/"c" ,, TAG ,`: 200,
		`"other"`:              412, "W/TAG": 412, `"", W/""`: 412, ",": 412, `"*"`: 412, `"other" , "more"`: 412,
		"other": 422, `TAG "other"`: 422, `TAG, other`: 422, `"open`: 422, `W/`: 422, `w/TAG`: 422, `*, TAG`: 422,
	} {
		tag := header.Get("ETag")
		if len(tag) < 10 || tag[0] != '"' {
			t.Fatalf("the tag is %q", tag)
		}
		status, changed, object := c.call(t, "PATCH", path, `{"name": "Example, `+strings.ReplaceAll(match, `"`, "")+
			`."}`, "If-Match", strings.ReplaceAll(match, "TAG", tag))
		if status != want {
			t.Errorf("If-Match: %s: %d %v", match, status, object)
		}
		if status == 200 {
			header = changed
		}
	}
	for _, request := range [][2]string{{"DELETE", path}, {"GET", path}, {"POST", path + "/archive"}} {
		if status, _, _ := c.call(t, request[0], request[1], "", "If-Match", header.Get("ETag")); status != 422 {
			t.Errorf("%v goes by no If-Match, and does not say so: %d", request, status)
		}
	}
	if status, _, object := c.call(t, "GET", path, ""); status != 200 || object["archivedAt"] != nil {
		t.Error(status, object)
	}
}

// What is written as If-Match is read as it was.
func TestMatchRoundTrip(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	_, _, object := c.call(t, "POST", "organizations", `{"name": "Example"}`)
	path := "organizations/" + object["id"].(string)
	_, header, _ := c.call(t, "GET", path, "")
	own := strings.Trim(header.Get("ETag"), `"`)
	rapid.Check(t, func(r *rapid.T) {
		tags := rapid.SliceOfN(rapid.OneOf(rapid.Just(own), rapid.StringMatching(`[!#-~]{0,30}`)), 1, 5).Draw(r, "tags")
		want := 412
		if slices.Contains(tags, own) {
			want = 200
		}
		status, _, _ := c.call(t, "PATCH", path, `{"name": "Example"}`, "If-Match", rest.Match(tags))
		if status != want {
			r.Errorf("%q: %d, want %d", tags, status, want)
		}
	})
}

// A path that exists tells by which methods; one that does not exist, does not exist.
func TestMethods(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	for _, test := range []struct {
		method, path, allow string
		status              int
	}{
		{"PUT", "organizations", "GET, HEAD, POST", 405}, {"POST", "items/x", "DELETE, GET, HEAD, PATCH", 405},
		{"GET", "items/x/revoke", "POST", 405}, {"OPTIONS", "alerts", "GET, HEAD", 405},
		{"BREW", "items/x/handshakes/y", "DELETE, PUT", 405}, {"GET", "nothing", "", 404}, {"PUT", "nothing", "", 404},
		{"DELETE", "items/x/y/z", "", 404},
	} {
		request := httptest.NewRequestWithContext(t.Context(), test.method, rest.Prefix+test.path, nil)
		request.Header.Set("Authorization", "Bearer "+c.token)
		recorder := httptest.NewRecorder()
		c.api.ServeHTTP(recorder, request)
		if recorder.Code != test.status || recorder.Header().Get("Allow") != test.allow ||
			recorder.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %q %s", test.method, test.path, recorder.Code, recorder.Header(), recorder.Body)
		}
	}
	c.token = "wrong"
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPut, rest.Prefix+"organizations", nil)
	recorder := httptest.NewRecorder()
	if c.api.ServeHTTP(recorder, request); recorder.Code != 401 || recorder.Header().Get("Allow") != "" {
		t.Errorf("a stranger learns %d %q", recorder.Code, recorder.Header())
	}
}
