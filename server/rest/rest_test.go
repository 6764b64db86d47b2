package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/rest"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
	"github.com/openlts/openlts/server/store/teststore"
)

func init() { // lines of JSON are text to the contract
	openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.FileBodyDecoder)
}

// caller asks an API, and holds each answer against its contract.
type caller struct {
	desk   *administration.Administrator
	api    http.Handler
	router routers.Router
	mutex  sync.Mutex
	asked  map[string]bool // operations
	token  string
	sent   int // tests of channels
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	return newCallerOf(t, teststore.Open(t, teststore.Name(t)), servertest.Start)
}

func newCallerOf(t *testing.T, s store.Store, now func() time.Time) *caller {
	t.Helper()
	var asked atomic.Int64
	// nobody asks too often
	calm := func() time.Time { return now().Add(time.Duration(asked.Add(1)) * 50 * time.Millisecond) }
	desk := &administration.Administrator{Store: s, Now: calm, Actor: "test"}
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	document.Servers = nil
	router, err := legacy.NewRouter(document)
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{desk: desk, router: router, asked: map[string]bool{}}
	c.api = (&rest.API{
		Administrator: desk, Attempts: administration.NewAttempts(), PublicKey: make([]byte, 32), Alerts: c,
		Log:     slog.New(slog.DiscardHandler),
		Address: func(*http.Request) string { return "192.0.2.1" },
	}).Handler()
	return c
}

func (c *caller) as(t *testing.T, scope administration.Scope, organization string) {
	t.Helper()
	_, token, err := c.desk.AddToken(t.Context(), administration.TokenInput{
		Name: "t", Scope: scope, Organization: organization,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.token = token
}

func (c *caller) call(t *testing.T, method, path, body string, header ...string) (int, http.Header, map[string]any) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, rest.Prefix+path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	c.api.ServeHTTP(recorder, request)
	route, parameters, err := c.router.FindRoute(request)
	if err != nil {
		t.Fatalf("%s %s is not in the contract: %v", method, path, err)
	}
	c.mutex.Lock()
	c.asked[route.Operation.OperationID] = true
	c.mutex.Unlock()
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request, PathParams: parameters, Route: route,
		},
		Status: recorder.Code, Header: recorder.Header(), Body: io.NopCloser(bytes.NewReader(recorder.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		t.Errorf("%s %s is answered with what the contract does not know: %v", method, path, err)
	}
	var object map[string]any
	if kind, _, _ := strings.Cut(recorder.Header().Get("Content-Type"), ";"); kind == "text/csv" ||
		kind == "application/jsonl" {
		return recorder.Code, recorder.Header(), map[string]any{"text": recorder.Body.String()}
	}
	if recorder.Body.Len() > 0 {
		if err := json.Unmarshal(recorder.Body.Bytes(), &object); err != nil {
			t.Fatal(err)
		}
	}
	return recorder.Code, recorder.Header(), object
}

// used has a device at work for some weeks, and gives its UUID.
func used(t *testing.T, o *servertest.Office) string {
	t.Helper()
	o.Live(time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC))
	page, err := (&administration.Administrator{Store: o.Store, Now: o.Clock}).Devices(t.Context(),
		administration.Selection{})
	if err != nil || len(page.Items) == 0 {
		t.Fatalf("%+v, %v", page, err)
	}
	for i, key := range []string{"first", "second"} {
		o.Tamper(fmt.Sprintf(`INSERT INTO device_key (key_id, device, public_key, report_key, created_at, reporter)
			SELECT '%s', id, $1, $1, 1, %d FROM device`, key, i), []byte{0})
	}
	return page.Items[0].UUID
}

// alerted has alerts that ring and were told, and gives a channel for them.
func (c *caller) alerted(t *testing.T) string {
	t.Helper()
	channel, _, err := c.desk.AddAlertChannel(t.Context(), "chat", alerts.Target{
		Webhook: &alerts.Webhook{URL: "https://hooks.example.com/lts"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.desk.Store.Update(t.Context(), func(tx store.Tx) error {
		events := []alerts.Event{{At: 1, Kind: alerts.Quota, Subject: "scans", Level: 75, Text: "first"},
			{At: 2, Kind: alerts.Quota, Subject: "scans", Level: 90, Text: "last"}}
		if err := alerts.AddEvents(t.Context(), tx, events); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), "INSERT INTO alert_state (kind, subject, level, period, value, since) VALUES "+
			"('quota', 'scans', 90, '', 91, 1)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return channel.ID
}

// Alerts are listed as they ring and as they were told, page by page, and rules changed
// by their levels hold.
func TestAlerts(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	channel := c.alerted(t)
	_, _, object := c.call(t, "GET", "alerts", "")
	if fmt.Sprint(object) != "map[items:[map[kind:quota level:90 since:1 subject:scans text:last value:91]]]" {
		t.Error(object)
	}
	var texts []any
	for path, pages := "alerts/history?limit=1", 0; pages < 3; pages++ {
		_, _, object := c.call(t, "GET", path, "")
		for _, event := range object["items"].([]any) {
			texts = append(texts, event.(map[string]any)["text"])
		}
		next, more := object["next"].(string)
		if !more {
			break
		}
		path = "alerts/history?limit=1&after=" + next
	}
	if fmt.Sprint(texts) != "[last first]" {
		t.Error(texts)
	}
	c.call(t, "PUT", "alerts/rules/quota", `{"levels": [1000, 60]}`)
	c.call(t, "PUT", "alerts/rules/silent", `{"levels": []}`)
	_, _, object = c.call(t, "GET", "alerts/rules", "")
	if text := fmt.Sprint(object); !strings.Contains(text, "map[kind:quota levels:[60 1000]]") ||
		!strings.Contains(text, "map[kind:silent levels:[]]") {
		t.Error(text)
	}
	for range 2 {
		if status, _, object := c.call(t, "POST", "alerts/channels/"+channel+"/test", "", "Idempotency-Key",
			"k"); status != 204 {
			t.Error(status, object)
		}
	}
	if c.sent != 1 {
		t.Errorf("%d tests were sent", c.sent)
	}
	for range 2 * alerts.TestsAtOnce {
		status, _, object := c.call(t, "POST", "alerts/channels/"+channel+"/test", "")
		if status != 204 && (status != 429 || !strings.Contains(fmt.Sprint(object), "send the next test in 1m5")) {
			t.Error(status, object)
		}
	}
	if c.sent != alerts.TestsAtOnce {
		t.Errorf("%d tests were sent", c.sent)
	}
	c.as(t, administration.ScopeRead, "")
	if status, _, _ := c.call(t, "POST", "alerts/channels/"+channel+"/test", ""); status != 403 {
		t.Errorf("a token that reads sends: %d", status)
	}
}

// seated gives a device a seat of an item places, and makes another device.
func (c *caller) seated(t *testing.T, device string) (other string) {
	t.Helper()
	other = uuid.NewString()
	err := c.desk.Store.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.AddItem(store.Item{ID: "places", Organization: "100001", ChargeWay: protocol.ChargeWayDeviceCount,
			Quota: 2, ExpiresAt: 1 << 40}); err != nil {
			return err
		}
		item, err := tx.Item("places")
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(),
			`INSERT INTO device (uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
			VALUES (?, '', 'other', '', '', 1, 1)`, other)
		if err != nil {
			return err
		}
		found, err := records.Repairs(t.Context(), tx, device)
		if err != nil {
			return err
		}
		now := c.desk.Now().Unix()
		return tx.ChangeSeats(now, item, []store.Reporter{
			{Device: found[device].Key, UUID: device},
		}, func(state *store.State) *store.Change {
			return &store.Change{
				Seats: map[store.SeatKey]store.Seat{
					{Item: item.Key, Device: device, From: now - 60}: {From: now - 60, Until: now + 86400, Weight: 1},
				},
				Steps: map[store.StepKey]int64{
					{Item: item.Key, At: now - 60}: 1, {Item: item.Key, At: now + 86400}: -1,
				},
				Sums: map[store.ID]store.SeatSum{item.Key: {At: now, Active: 1}}, Known: state.Devices,
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// Send takes what alerts send.
func (c *caller) Send(context.Context, alerts.Target, string, alerts.Message) error {
	c.sent++
	return nil
}

// Each operation of the contract does what it says.
func TestContract(t *testing.T) {
	o := servertest.NewOffice(t)
	c := newCallerOf(t, o.Store, o.Clock)
	uuid := used(t, o)
	c.as(t, administration.ScopeWrite, "")
	channel := c.alerted(t)
	other := c.seated(t, uuid)
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "organizations", `{"name": "Example", "id": "100009"}`, 201},
		{"POST", "organizations", `{"name": "Example", "id": "100009"}`, 409},
		{"GET", "organizations", ``, 200},
		{"PATCH", "organizations/100009", `{"name": "Renamed"}`, 200},
		{"GET", "organizations/100009", ``, 200},
		{"GET", "organizations/5", ``, 404},
		{"POST", "handshakes", `{"organization": "100009", "custom": "reader"}`, 201},
		{"GET", "handshakes?organization=100009&limit=1", ``, 200},
		{"GET", "handshakes?limit=0", ``, 422},
		{"GET", "handshakes/100009-reader", ``, 200},
		{"PATCH", "handshakes/100009-reader", `{"validationFields": ["www.example.com"]}`, 200},
		{"POST", "handshakes/100009-reader/key", `{"server": "https://lts.example.com"}`, 200},
		{"POST", "items",
			`{"organization": "100009", "chargeWay": "scan", "name": "Scans", "id": "more", "quota": 10}`, 201},
		{"POST", "items",
			`{"organization": "100009", "chargeWay": "scan", "name": "Scans", "quota": 10, "qouta": 1}`, 422},
		{"GET", "items?state=active&sort=name&reverse=true", ``, 200},
		{"GET", "items?after=x", ``, 422},
		{"GET", "items/more", ``, 200},
		{"PATCH", "items/more", `{"quota": 20}`, 200},
		{"PATCH", "items/more", `{"quota": 0}`, 422},
		{"PUT", "items/more/handshakes/100009-reader", `{"position": 1}`, 204},
		{"DELETE", "items/more/handshakes/100009-reader", ``, 204},
		{"POST", "items/more/archive", ``, 204},
		{"POST", "items/more/unarchive", ``, 204},
		{"POST", "items/nothing/archive", ``, 404},
		{"POST", "organizations/100009/archive", ``, 204},
		{"POST", "organizations/100009/unarchive", ``, 204},
		{"POST", "organizations/100404/archive", ``, 404},
		{"POST", "handshakes/100009-reader/archive", ``, 204},
		{"POST", "handshakes/100009-reader/unarchive", ``, 204},
		{"POST", "handshakes/100009-reader/password", `{"sessionPassword": "secret", "overlapDays": 30}`, 204},
		{"POST", "handshakes/100009-reader/password",
			`{"sessionPassword": "secret", "overlapDays": 9223372036854775807}`, 422},
		{"POST", "handshakes/100009-reader/replace", `{"custom": "next"}`, 422},
		{"POST", "handshakes/100009-reader/replace", `{"custom": "reader", "sessionPassword": "x"}`, 409},
		{"POST", "handshakes/100009-reader/replace",
			`{"custom": "next", "sessionPassword": "x", "overlapDays": 9223372036854775807}`, 422},
		{"POST", "handshakes/100009-reader/replace",
			`{"custom": "next", "sessionPassword": "x", "overlapDays": 3}`, 201},
		{"POST", "handshakes/100404-reader/replace", `{"custom": "next"}`, 404},
		{"DELETE", "handshakes/100009-next", ``, 204},
		{"GET", "statistics?by=day,type&since=2026-01-01&until=2026-02-01&zone=Europe/Berlin&compare=true", ``, 200},
		{"GET", "statistics?by=day,type&since=2026-01-01&format=csv", ``, 200},
		{"GET", "statistics?by=slot", ``, 422},
		{"GET", "statistics?by=nothing", ``, 422},
		{"GET", "statistics?zone=nowhere", ``, 422},
		{"GET", "statistics?item=nothing", ``, 404},
		{"GET", "statistics?since=yesterday", ``, 422},
		{"POST", "organizations/100001/statements", `{"month": "2026-01", "zone": "Europe/Berlin"}`, 201},
		{"POST", "organizations/100001/statements", `{"month": "2026-01"}`, 412},
		{"POST", "organizations/100001/statements", `{"month": "2099-02"}`, 412},
		{"POST", "organizations/100001/statements", `{"month": "soon"}`, 422},
		{"GET", "organizations/100001/statements", ``, 200},
		{"GET", "organizations/100001/statements/2026-01", ``, 200},
		{"GET", "organizations/100001/statements/2026-01?format=csv", ``, 200},
		{"GET", "organizations/100001/statements/2026-02", ``, 404},
		{"GET", "organizations/100001/statements/2026-01/reports", ``, 200},
		{"GET", "organizations/100001/statements/2026-02/reports", ``, 404},
		{"POST", "items/scans/adjustments", `{"units": -5, "reason": "tests"}`, 201},
		{"POST", "items/scans/adjustments", `{"units": 0, "reason": "tests"}`, 422},
		{"POST", "items/nothing/adjustments", `{"units": 1, "reason": "tests"}`, 404},
		{"GET", "items/scans/adjustments", ``, 200},
		{"GET", "retention", ``, 200},
		{"PUT", "retention/audit", `{"days": 90}`, 403},
		{"GET", "devices/" + uuid + "/keys", ``, 200},
		{"GET", "devices/x/keys", ``, 404},
		{"GET", "devices/" + uuid + "/reports?since=0&type=QR_CODE&limit=2", ``, 200},
		{"GET", "devices/" + uuid + "/reports?since=5&until=5", ``, 422},
		{"GET", "devices/" + uuid + "/reports?item=nothing", ``, 200},
		{"GET", "devices/x/reports", ``, 404},
		{"POST", "devices/" + uuid + "/keys/x/confirm", ``, 404},
		{"POST", "devices/" + uuid + "/keys/second/confirm", ``, 200},
		{"POST", "devices/" + uuid + "/clear-clone", ``, 204},
		{"POST", "devices/" + uuid + "/block", ``, 204},
		{"POST", "devices/" + uuid + "/block", ``, 412},
		{"POST", "devices/" + uuid + "/unblock", ``, 204},
		{"POST", "devices/x/block", ``, 404},
		{"GET", "items/places/seats?limit=1", ``, 200},
		{"GET", "items/nothing/seats", ``, 404},
		{"POST", "devices/" + uuid + "/move-seats", `{"to": "` + other + `", "items": ["places"]}`, 204},
		{"POST", "devices/" + uuid + "/move-seats", `{"to": "` + other + `"}`, 412},
		{"POST", "devices/" + uuid + "/move-seats", `{"to": "` + uuid + `"}`, 422},
		{"POST", "devices/" + uuid + "/move-seats", `{"to": "x"}`, 404},
		{"DELETE", "items/places/seats/" + other, ``, 204},
		{"DELETE", "items/places/seats/" + other, ``, 404},
		{"POST", "devices/" + other + "/merge", `{"into": "` + uuid + `"}`, 204},
		{"GET", "devices/" + uuid, ``, 200},
		{"GET", "devices/" + other, ``, 200},
		{"POST", "devices/" + other + "/merge", `{"into": "` + uuid + `"}`, 412},
		{"POST", "devices/" + other + "/merge", `{"onto": "` + uuid + `"}`, 422},
		{"POST", "devices/" + other + "/separate", ``, 204},
		{"POST", "devices/" + other + "/separate", ``, 412},
		{"POST", "devices/" + other + "/erase", ``, 204},
		{"POST", "devices/x/erase", ``, 404},
		{"POST", "items/more/revoke", ``, 204},
		{"POST", "items/more/revoke", ``, 412},
		{"GET", "organizations/100001/statements/2026-02/draft?zone=Europe/Berlin", ``, 200},
		{"GET", "organizations/100001/statements/2026-02/draft?zone=moon", ``, 422},
		{"POST", "items/scans/replay", `{"quota": 5, "from": 1767225600}`, 200},
		{"POST", "items/scans/replay", `{"chargeWay": "concurrent-device", "quota": 1, "chargeTerms": {"exceptions": 2}, "from": 1767225600, "until": 1769900000}`,
			200},
		{"POST", "items/scans/replay", `{"quota": 0, "from": 1767225600}`, 422},
		{"POST", "items/scans/replay", `{"chargeWay": "domain", "from": 1767225600}`, 422},
		{"POST", "items/scans/replay", `{"chargeTerms": {"window": 5}, "from": 1767225600}`, 422},
		{"POST", "items/scans/replay", `{"from": 5, "until": 4}`, 422},
		{"POST", "items/nothing/replay", `{"from": 5}`, 404},
		{"GET", "products", ``, 200},
		{"POST", "products", `{"name": "ACME-OCR"}`, 201},
		{"POST", "products", `{"name": "acme-ocr"}`, 409},
		{"POST", "products", `{"name": "ACME-TWO", "bit": 33}`, 422},
		{"PATCH", "products/acme-ocr", `{"name": "ACME-READER"}`, 200},
		{"PATCH", "products/ACME-READER", `{"name": "DBR"}`, 422},
		{"PATCH", "products/DBR", `{"name": "mine"}`, 422},
		{"PATCH", "products/ACME-OCR", `{"name": "mine"}`, 404},
		{"GET", "server", ``, 200},
		{"GET", "vendors", ``, 200},
		{"GET", "vendors/key", ``, 404},
		{"POST", "licenses/issue", `{"items": ["scans"]}`, 404},
	} {
		if got, _, object := c.call(t, step.method, step.path, step.body); got != step.want {
			t.Errorf("%s %s: %d, want %d: %v", step.method, step.path, got, step.want, object)
		}
	}
	if _, err := c.desk.VendorKey(t.Context()); err != nil { // an owner makes it
		t.Fatal(err)
	}
	_, _, issued := c.call(t, "POST", "licenses/issue", `{"items": ["scans"], "alias": "Spring", "days": 90}`)
	license, err := json.Marshal(issued["license"])
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "vendors/key", ``, 200},
		{"POST", "licenses/issue", `{"items": []}`, 422},
		{"POST", "licenses/issue", `{"items": ["nothing"]}`, 404},
		{"POST", "licenses/issue", `{"items": ["scans"], "serverUUID": "mine"}`, 422},
		{"POST", "licenses/issue", `{"items": ["scans"], "replaces": ` + string(license) + `}`, 201},
		{"POST", "licenses/show", `{"license": ` + string(license) + `}`, 200},
		{"POST", "licenses/show", `{"license": "no license"}`, 422},
		// items of these ids are here
		{"POST", "licenses", `{"license": ` + string(license) + `, "onlyShow": true}`, 422},
		{"POST", "licenses", `{"license": "no license"}`, 422},
		{"GET", "licenses", ``, 200},
		{"POST", "licenses/revoke", `{"license": ` + string(license) + `}`, 201},
		{"POST", "licenses/revoke", `{"license": "no license"}`, 422},
		{"GET", "alerts", ``, 200},
		{"GET", "alerts/history?limit=1", ``, 200},
		{"GET", "alerts/history?after=soon", ``, 422},
		{"GET", "alerts/rules", ``, 200},
		{"PUT", "alerts/rules/quota", `{"levels": [60, 1000]}`, 204},
		{"PUT", "alerts/rules/quota", `{"levels": [0]}`, 422},
		{"PUT", "alerts/rules/silent", `{"levels": []}`, 204},
		{"PUT", "alerts/rules/weather", `{"levels": [1]}`, 422},
		{"GET", "alerts/channels", ``, 200},
		{"POST", "alerts/channels/nothing/test", ``, 404},
		{"POST", "alerts/channels/" + channel + "/test", ``, 204},
		{"GET", "devices", ``, 200},
		{"GET", "devices/x", ``, 404},
		{"GET", "denials?since=1", ``, 200},
		{"GET", "anomalies", ``, 200},
		{"GET", "audit?kind=item.add", ``, 200},
		{"DELETE", "items/more", ``, 204},
		{"DELETE", "organizations/100009", ``, 409},
		{"DELETE", "handshakes/100009-reader", ``, 204},
		{"DELETE", "organizations/100009", ``, 204},
	} {
		if got, _, object := c.call(t, step.method, step.path, step.body); got != step.want {
			t.Errorf("%s %s: %d, want %d: %v", step.method, step.path, got, step.want, object)
		}
	}
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			if strings.HasPrefix(path, rest.Prefix) && !c.asked[operation.OperationID] {
				t.Errorf("%s %s was not tried", method, path)
			}
		}
	}
}

func TestTagsAndIdempotency(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	body := `{"name": "Example"}`
	for range 2 {
		if status, _, object := c.call(t, "POST", "organizations", body, "Idempotency-Key", "k"); status != 201 ||
			object["id"] != "100001" {
			t.Errorf("%d %v", status, object)
		}
	}
	if status, _, _ := c.call(t, "POST", "organizations", `{"name": "Other"}`, "Idempotency-Key", "k"); status != 412 {
		t.Errorf("another request with the key: %d", status)
	}
	_, header, _ := c.call(t, "GET", "organizations/100001", "")
	tag := header.Get("ETag")
	for i, want := range []int{200, 412} {
		if status, _, _ := c.call(t, "PATCH", "organizations/100001", `{"name": "`+strings.Repeat("x", i+1)+`"}`,
			"If-Match", tag); status != want {
			t.Errorf("change %d with %s: %d", i, tag, status)
		}
	}
}

// A caller without the right gets an error that says so; what belongs to others does not exist.
func TestScopes(t *testing.T) {
	c := newCaller(t)
	if status, _, _ := c.call(t, "GET", "items", ""); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	c.as(t, administration.ScopeWrite, "")
	for _, id := range []string{"100001", "100002"} {
		c.call(t, "POST", "organizations", `{"name": "x", "id": "`+id+`"}`)
		c.call(t, "POST", "handshakes", `{"organization": "`+id+`", "custom": "a"}`)
	}
	c.as(t, administration.ScopeRead, "")
	if status, _, _ := c.call(t, "PATCH", "organizations/100001", `{"name": "y"}`); status != 403 {
		t.Errorf("a token that reads changes: %d", status)
	}
	c.as(t, administration.ScopeWrite, "100001")
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "handshakes/100001-a", "", 200}, {"GET", "handshakes/100002-a", "", 404},
		{"PATCH", "handshakes/100002-a", `{"default": true}`, 404}, {"DELETE", "handshakes/100002-a", "", 404},
		{"POST", "handshakes/100002-a/key", `{"server": "https://x"}`, 404}, {"GET", "organizations/100002", "", 404},
		{"PATCH", "organizations/100002", `{"name": "y"}`, 404}, {"POST", "organizations", `{"name": "y"}`, 403},
		{"GET", "audit", "", 403},
	} {
		if status, _, _ := c.call(t, step.method, step.path, step.body); status != step.want {
			t.Errorf("%s %s: %d, want %d", step.method, step.path, status, step.want)
		}
	}
}
