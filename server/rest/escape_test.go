package rest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/rest"
	"github.com/openlts/openlts/server/store"
)

// Every operation of the contract, tried on what belongs to another organization by a
// token of one: nothing of the other is told, or changed.
func TestNoOperationLeadsElsewhere(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	device, own := uuid.NewString(), uuid.NewString()
	for _, id := range []string{"100001", "100002"} {
		for _, step := range [][2]string{
			{"organizations", `{"name": "Corp ` + id + `", "id": "` + id + `"}`},
			{"handshakes", `{"organization": "` + id + `", "custom": "a"}`},
			{"items", `{"organization": "` + id + `", "chargeWay": "scan", "name": "Scans ` + id + `", "id": "scans-` +
				id + `", "quota": 10, "handshakes": ["` + id + `-a"]}`},
		} {
			if status, _, object := c.call(t, "POST", step[0], step[1]); status != 201 {
				t.Fatal(status, object)
			}
		}
	}
	if err := c.desk.Store.Update(t.Context(), func(tx store.Tx) error {
		code, err := tx.HandshakeCode("100002-a")
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(),
			`INSERT INTO device (uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
			VALUES (?, '', 'Device of 100002', '', '', 1, 1)`, device)
		if err != nil {
			return err
		}
		mine, err := tx.HandshakeCode("100001-a")
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(),
			`INSERT INTO device (uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
			VALUES (?, '', 'Device of 100001', '', '', 1, 1)`, own)
		if err != nil {
			return err
		}
		if _, err = tx.Exec(t.Context(), `INSERT INTO report_grant (device, reporter, handshake_code, item, granted_at)
			SELECT d.id, 0, ?, i.id, 1 FROM device d, item i WHERE d.uuid = ? AND i.public_id = 'scans-100001'`,
			int64(mine.Key), own); err != nil {
			return err
		}
		if _, err = tx.Exec(t.Context(), `INSERT INTO anomaly (device, kind, detail, count, first_at, last_at) SELECT id, 'k', '100002', 1, 1, 1 FROM device WHERE uuid = ?`,
			device); err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), `INSERT INTO report_grant (device, reporter, handshake_code, item, granted_at)
			SELECT d.id, 0, ?, i.id, 1 FROM device d, item i WHERE d.uuid = ? AND i.public_id = 'scans-100002'`,
			int64(code.Key), device)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		t.Helper()
		var text strings.Builder
		for _, path := range []string{"organizations/100002", "handshakes/100002-a", "items/scans-100002",
			"devices/" + device} {
			status, header, _ := c.call(t, "GET", path, "")
			if status != 200 {
				t.Fatal(path, status)
			}
			text.WriteString(header.Get("ETag") + " ")
		}
		return text.String()
	}
	before := state()
	all := c.token
	c.as(t, administration.ScopeWrite, "100001")
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string][]string{ // by operation; else none, or an empty object
		"POST organizations": {`{"name": "x", "id": "100003"}`},
		"POST handshakes":    {`{"organization": "100002", "custom": "x"}`},
		"POST items": {
			`{"organization": "100002", "chargeWay": "scan", "name": "x", "quota": 1}`,
			`{"organization": "100001", "chargeWay": "scan", "name": "x", "quota": 1, "handshakes": ["100002-a"]}`,
		},
		"PATCH items/{id}":           {`{"quota": 99}`},
		"PATCH organizations/{id}":   {`{"name": "x"}`},
		"PATCH handshakes/{code}":    {`{"validationFields": ["x.example.com"]}`},
		"POST handshakes/{code}/key": {`{"server": "https://lts.example.com"}`},

		"POST handshakes/{code}/replace":     {`{"custom": "b", "overlapDays": 30}`},
		"POST handshakes/{code}/password":    {`{"sessionPassword": "secret", "overlapDays": 30}`},
		"POST items/{id}/adjustments":        {`{"units": -5, "reason": "tests"}`},
		"POST organizations/{id}/statements": {`{"month": "2026-01", "zone": "Europe/Berlin"}`},
		"PUT retention/{record}":             {`{"days": 400}`},
		"PUT alerts/rules/{kind}":            {`{"levels": [60]}`},
		"POST devices/{uuid}/move-seats": {
			`{"to": "` + own + `"}`, `{"to": "` + device + `"}`, `{"to": "` + own + `", "items": ["scans-100002"]}`,
		},
		"POST devices/{uuid}/merge": {`{"into": "` + own + `"}`},
		"POST items/{id}/replay":    {`{"from": 1}`},
		"POST products":             {`{"name": "MINE"}`},
		"PATCH products/{name}":     {`{"name": "MINE"}`},
		"POST licenses":             {`{"license": "x"}`},
		"POST licenses/show":        {`{"license": "x"}`},
		"POST licenses/issue":       {`{"items": ["scans-100002"]}`, `{"items": ["scans-100001"]}`},
		"POST licenses/revoke":      {`{"license": "x"}`},
	}
	foreign := strings.NewReplacer("organizations/{id}", "organizations/100002", "items/{id}", "items/scans-100002",
		"{code}", "100002-a", "{uuid}", device, "{month}", "2026-01", "{record}", "denials")
	tried := 0
	for path, item := range document.Paths.Map() {
		relative, ours := strings.CutPrefix(path, rest.Prefix)
		if !ours || relative == "server" { // whose keys are public
			continue
		}
		for method, operation := range item.Operations() {
			paths := []string{foreign.Replace(relative)}
			if relative == "items/{id}" || relative == "items/{id}/handshakes/{code}" {
				// an own object, and a foreign one with it
				paths = append(paths, strings.Replace(paths[0], "items/scans-100002", "items/scans-100001", 1))
			}
			if relative == "items/{id}/seats/{uuid}" { // an own item with a foreign device, and the reverse
				paths = append(paths, "items/scans-100001/seats/"+device, "items/scans-100002/seats/"+own)
			}
			if strings.HasPrefix(relative, "devices/{uuid}/") && method == "POST" {
				// of its own, all but the seats is for those who see everything
				paths = append(paths, strings.Replace(paths[0], device, own, 1))
			}
			if method == "GET" && paths[0] == relative { // a list
				for _, filter := range []string{"organization=100002", "handshake=100002-a", "item=scans-100002",
					"device=" + device, "search=100002", "organization=100001&organization=100002"} {
					if name, _, _ := strings.Cut(filter,
						"="); operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) != nil {
						paths = append(paths, relative+"?"+filter)
					}
				}
			}
			options := bodies[method+" "+relative]
			if options == nil {
				if operation.RequestBody != nil && operation.RequestBody.Value.Required {
					t.Errorf("%s %s: this test has no body for it", method, relative)
				}
				options = []string{""}
			}
			for _, to := range paths {
				for _, body := range options {
					mine := strings.HasSuffix(to, "items/scans-100001")
					if mine && (method == "DELETE" || method == "GET" || strings.Contains(body, "quota")) {
						continue // it may
					}
					if strings.Contains(body, own) && strings.Contains(to, own) ||
						strings.Contains(body, device) && strings.Contains(to, device) {
						continue // a mistake, whoever makes it
					}
					tried++
					status, _, object := c.call(t, method, to, body)
					delete(object, "detail") // says what was asked for
					delete(object, "errors")
					if list, ok := object["items"].([]any); method == "GET" && ok {
						for _, each := range list {
							if values, ok := each.(map[string]any); ok && (values["organization"] == "100002" ||
								values["id"] == "100002" || values["uuid"] == device || values["device"] == device) {
								t.Errorf("%s %s tells %v", method, to, values)
							}
						}
					} else if _, ok := object["rows"]; method == "GET" && ok {
						if rows := fmt.Sprint(object["rows"]); strings.Contains(rows, "100002") {
							t.Errorf("%s %s tells %s", method, to, rows)
						}
					} else if status != 403 && status != 404 {
						t.Errorf("%s %s %s: %d %v", method, to, body, status, object)
					}
				}
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d were tried", tried)
	}
	c.token = all
	if after := state(); after != before {
		t.Errorf("%s became %s", before, after)
	}
}
