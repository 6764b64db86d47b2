package rest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/rest"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/verification"
)

// Whatever numbers and times an operation of the contract is given, it is answered, and not
// as a failure of the server; and what they left can be verified.
func TestExtremes(t *testing.T) {
	o := servertest.NewOffice(t)
	uuid := used(t, o)
	c := newCallerOf(t, o.Store, o.Clock)
	if _, err := c.desk.VendorKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.as(t, administration.ScopeWrite, "")
	channel, other := c.alerted(t), c.seated(t, uuid)
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]map[string]any{ // what an operation can't do without
		"POST items":                         {"organization": "100001", "chargeWay": "scan", "name": "x", "quota": 1},
		"POST items/{id}/adjustments":        {"units": 1, "reason": "x"},
		"POST handshakes/{code}/password":    {"sessionPassword": "secret"},
		"POST items/{id}/replay":             {"from": 1767225600},
		"POST licenses/issue":                {"items": []string{"scans"}},
		"POST products":                      {"name": "MINE"},
		"POST organizations":                 {"name": "x"},
		"POST organizations/{id}/statements": {"month": "2026-01"},
	}
	named := strings.NewReplacer("organizations/{id}", "organizations/100001", "items/{id}", "items/scans",
		"{code}", "100001-reader", "{uuid}", uuid, "{month}", "2026-01", "{record}", "denials", "{kind}", "quota",
		"channels/{id}", "channels/"+channel, "{key}", "second", "{name}", "MINE", "{other}", other)
	numbers := []json.Number{"-9223372036854775808", "-1", "0", "1", "9007199254740992", "253402300799", "253402300800",
		"9223372036854775807", "9223372036854775808", "1e30", "0.5", "-0", "32503680000"}
	texts := []string{"0", "-1", "1", "99999999999999999", "-9223372036854775808", "9223372036854775807", "0001-01-01",
		"1970-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "9999-12-31T23:59:59Z", "NaN", "", "minute", "slot",
		"slot,slot,slot,slot", "day,month,hour,slot,type,item,device", "Etc/GMT+14", "Asia/Kathmandu", "0000-00"}
	tried := 0
	try := func(method, path, body string) {
		t.Helper()
		tried++
		if status, _, object := c.call(t, method, path, body); status >= 500 {
			t.Errorf("%s %s %s: %d %v", method, path, body, status, object)
		}
	}
	for path, item := range document.Paths.Map() {
		relative, ours := strings.CutPrefix(path, rest.Prefix)
		if !ours {
			continue
		}
		for method, operation := range item.Operations() {
			to := named.Replace(relative)
			for _, parameter := range operation.Parameters {
				if parameter.Value.In != openapi3.ParameterInQuery {
					continue
				}
				for _, text := range texts {
					try(method, to+"?"+url.Values{parameter.Value.Name: {text}}.Encode(), "")
				}
			}
			if operation.RequestBody == nil {
				continue
			}
			content := operation.RequestBody.Value.Content.Get("application/json")
			with := func(inside string, field string, value any) {
				body := map[string]any{}
				for name, needed := range bodies[method+" "+relative] {
					body[name] = needed
				}
				if inside == "" {
					body[field] = value
				} else {
					body[inside] = map[string]any{field: value}
				}
				text, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				try(method, to, string(text))
			}
			var fields func(inside string, schema *openapi3.Schema)
			fields = func(inside string, schema *openapi3.Schema) {
				for _, part := range schema.AllOf {
					fields(inside, part.Value)
				}
				for field, property := range schema.Properties {
					switch value := property.Value; {
					case value.Type.Is("integer"):
						for _, n := range numbers {
							with(inside, field, n)
						}
					case value.Type.Is("array") && value.Items.Value.Type.Is("integer"):
						for _, n := range numbers {
							with(inside, field, []json.Number{n, n, n})
						}
					case field == "month" || field == "zone":
						for _, text := range append(texts, "9999-12", "0001-01", "1970-01") {
							with(inside, field, text)
						}
					case inside == "" && value.Type.Is("object"):
						fields(field, value)
					}
				}
			}
			fields("", content.Schema.Value)
		}
	}
	if tried < 1000 {
		t.Errorf("only %d were tried", tried)
	}
	if result, err := verification.Run(t.Context(), o.Store, verification.Options{}); err != nil {
		t.Error(err)
	} else if result.Different > 0 {
		t.Error(fmt.Sprint(result))
	}
}
