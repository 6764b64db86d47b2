package server_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// answer sends a body to the handler and checks the answer: success, or a
// problem which is not the server's fault.
func answer(t *testing.T, handler http.Handler, path string, body []byte,
	header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	for name, values := range header {
		request.Header[name] = values
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	if recorder.Code == http.StatusOK {
		return recorder
	}
	var p protocol.Problem
	if err := json.Unmarshal(recorder.Body.Bytes(), &p); err != nil || p.Status != recorder.Code ||
		!p.Code.FromServer() || p.Status >= 500 {
		t.Errorf("%q is answered with %d %s", body, recorder.Code, recorder.Body)
	}
	return recorder
}

func FuzzAuthorization(f *testing.F) {
	l := start(f)
	device := l.device()
	for _, code := range []string{"100001-reader", "100001-nobody", ""} {
		body, err := json.Marshal(device.Request(code))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, body := range []string{"", "null", "[]", `{"protocol":1}`,
		`{"protocol":1,"device":null,"nonce":"AAAAAAAAAAAAAAAAAAAAAA"}`,
		`{"protocol":1e400}`, "{\"protocol\":1,\"nonce\":\"\\ud800\"}"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		recorder := answer(t, l.handler, protocol.PathAuthorizations, body, nil)
		if recorder.Code == http.StatusOK {
			var response protocol.AuthorizationResponse
			if err := json.Unmarshal(recorder.Body.Bytes(), &response); err != nil || response.Authorization == "" {
				t.Errorf("%s, %v", recorder.Body, err)
			}
		}
	})
}

func FuzzReport(f *testing.F) {
	l := start(f)
	device := l.device()
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		f.Fatal(err)
	}
	run := uuid.NewString()
	for _, reports := range [][]protocol.Report{
		nil,
		{{Slot: 180, Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}},
		{{Slot: 180, Revision: 2, Counts: map[string]int64{"QR_CODE": 2}}, {Slot: 181, Revision: 1}},
		{{Slot: -180, Revision: -1, Counts: map[string]int64{"": -1}},
			{Slot: 360, Revision: 1, Counts: map[string]int64{"MRZ": 1 << 60}}},
		{{Slot: 180, Revision: 3, Counts: map[string]int64{"QR_CODE": 3}, Lost: "expired"}},
	} {
		body, err := json.Marshal(device.Batch(group(run, "100001-reader", "scans", reports...)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, body := range []string{"", "null", `{"protocol":1,"groups":[{}]}`, `{"protocol":1,"groups":null}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		recorder := answer(t, l.handler, protocol.PathReports, body, device.Proof(body))
		if recorder.Code != http.StatusOK {
			return
		}
		var receipt protocol.Receipt
		var batch protocol.ReportBatch
		if err := json.Unmarshal(recorder.Body.Bytes(), &receipt); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &batch); err != nil {
			t.Fatal(err)
		}
		reports := 0
		for _, g := range batch.Groups {
			reports += len(g.Reports)
		}
		if receipt.Accepted+len(receipt.Exceptions) != reports {
			t.Errorf("%d reports: %+v", reports, receipt)
		}
		// Once more: nothing is added.
		before := l.used(t)
		answer(t, l.handler, protocol.PathReports, body, device.Proof(body))
		if after := l.used(t); after != before {
			t.Errorf("the second time %d were added", after-before)
		}
	})
}
