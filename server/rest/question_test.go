package rest_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/rest"
)

// What an operation does not know in a query is refused, not ignored: the answer would be
// another one than was asked for. What the contract names, it knows.
func TestParameters(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	for _, path := range []string{
		"statistics?from=2026-01-01", "statistics?timezone=Europe/Berlin", "statistics?compare=maybe",
		"items?reverse=1", "items?device=x", "organizations?limit=1;sort=name", "organizations/100001?x=1",
		"audit?since=1&since_=1", "server?%zz",
	} {
		status, _, object := c.call(t, "GET", path, "")
		if status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", path, status, object)
		}
	}
	status, _, object := c.call(t, "POST", "organizations?id=100009", `{"name": "x"}`)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("%d %v", status, object)
	}
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for path, item := range document.Paths.Map() {
		relative, ours := strings.CutPrefix(path, rest.Prefix)
		if !ours || item.Get == nil {
			continue
		}
		own := strings.NewReplacer("{", "", "}", "").Replace(relative)
		for _, parameter := range append(append(openapi3.Parameters{}, item.Parameters...), item.Get.Parameters...) {
			if parameter.Value.In != openapi3.ParameterInQuery {
				continue
			}
			seen++
			value := "1"
			if parameter.Value.Schema.Value.Type.Is("boolean") {
				value = "true"
			}
			_, _, object := c.call(t, "GET", own+"?"+parameter.Value.Name+"="+value, "")
			if detail, _ := object["detail"].(string); strings.Contains(detail, "has no parameter") {
				t.Errorf("%s: %s", relative, detail)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d parameters were tried", seen)
	}
}

// Headers and bodies are read as their standards say.
func TestStandards(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	status, _, object := c.call(t, "POST", "organizations", `{"name": "x", "id": "100001"}}`)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("more than a value: %d %v", status, object)
	}
	status, header, object := c.call(t, "POST", "organizations", `{"name": "x", "id": "100001"} `, "Authorization",
		"bearer "+c.token)
	if status != http.StatusCreated {
		t.Errorf("another case of the scheme: %d %v %v", status, header, object)
	}
	for match, want := range map[string]int{"*": 200, `"other"`: 412} {
		if status, _, object := c.call(t, "PATCH", "organizations/100001", `{"name": "y"}`, "If-Match",
			match); status != want {
			t.Errorf("If-Match %s: %d %v", match, status, object)
		}
	}
}
