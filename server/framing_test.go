package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/servertest"
)

// postText posts plain text as a browser does, and gives the first line of the answer
// and what follows it.
func postText(t *testing.T, address, contentType, text string) (first, rest string, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header["Content-Type"] = nil
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %s: %s", response.StatusCode, response.Header.Get("Content-Type"), body)
	}
	first, rest, found := strings.Cut(string(body), "\n")
	if !found || !strings.HasPrefix(first, "openlts/1") {
		t.Fatalf("%q is not framed", body)
	}
	return first, rest, response.Header
}

func framedProblem(t *testing.T, rest string) (problem protocol.Problem, retryAfter int) {
	t.Helper()
	var framed struct {
		Problem    *protocol.Problem
		RetryAfter int
	}
	if err := json.Unmarshal([]byte(rest), &framed); err != nil || framed.Problem == nil {
		t.Fatalf("%s can't be read as a problem: %v", rest, err)
	}
	return *framed.Problem, framed.RetryAfter
}

// A browser gets by plain text all that others get.
func TestFraming(t *testing.T) {
	l := start(t)
	device := l.device()
	request := device.Request("100001-reader")
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	for _, contentType := range []string{"text/plain", "text/plain;charset=UTF-8", ""} {
		for _, end := range []string{"\n", "\r\n"} {
			first, rest, _ := postText(t, l.url+protocol.PathAuthorizations, contentType, "openlts/1"+end+string(body))
			var response protocol.AuthorizationResponse
			if err := json.Unmarshal([]byte(rest), &response); err != nil || first != "openlts/1" {
				t.Fatal(first, err)
			}
			key, _ := protocol.Encoding.DecodeString(response.PublicKey)
			granted, err := protocol.VerifyAuthorization(response.Authorization, key)
			if err != nil || granted.Request != protocol.Digest(body) {
				t.Fatalf("%+v, %v", granted, err)
			}
		}
	}
	if _, err := device.Authorize(request); err != nil {
		t.Fatal(err)
	}
	batch, err := json.Marshal(device.Batch(group(uuid.NewString(), "100001-reader", "scans",
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 3}})))
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := postText(t, l.url+protocol.PathReports, "text/plain",
		"openlts/1 "+device.ReportKeyID+" "+protocol.ReportMAC(device.ReportKey, batch)+"\n"+string(batch))
	if first != "openlts/1 "+protocol.ReceiptMAC(device.ReportKey, batch, []byte(rest)) {
		t.Errorf("the receipt begins with %q", first)
	}
	var receipt protocol.Receipt
	if err := json.Unmarshal([]byte(rest), &receipt); err != nil || receipt.Accepted != 1 {
		t.Errorf("%s, %v", rest, err)
	}
}

func TestFramedErrors(t *testing.T) {
	l := start(t)
	device := l.device()
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	unknown, err := json.Marshal(device.Request("nobody"))
	if err != nil {
		t.Fatal(err)
	}
	proof := device.ReportKeyID + " " + strings.Repeat("A", 43)
	for name, test := range map[string]struct {
		path, text string
		want       protocol.Status
		status     int
	}{
		"a refusal": {protocol.PathAuthorizations, "openlts/1\n" + string(unknown),
			protocol.StatusHandshakeCodeNotFound, 403},
		"no first line":   {protocol.PathAuthorizations, string(unknown), protocol.StatusRequestMalformed, 400},
		"nothing":         {protocol.PathAuthorizations, "", protocol.StatusRequestMalformed, 400},
		"no end":          {protocol.PathAuthorizations, "openlts/1", protocol.StatusRequestMalformed, 400},
		"another version": {protocol.PathAuthorizations, "openlts/2\n{}", protocol.StatusProtocolVersion, 400},
		"no version":      {protocol.PathAuthorizations, "openlts/x\n{}", protocol.StatusRequestMalformed, 400},
		"two words":       {protocol.PathReports, "openlts/1 x\n{}", protocol.StatusRequestMalformed, 400},
		"four words":      {protocol.PathReports, "openlts/1 x y z\n{}", protocol.StatusRequestMalformed, 400},
		"a long line": {protocol.PathReports, "openlts/1 " + strings.Repeat("x", 1000) + " y\n{}",
			protocol.StatusRequestMalformed, 400},
		"no proof": {protocol.PathReports, "openlts/1\n{}", protocol.StatusRequestNotAuthenticated, 401},
		"an unknown key": {protocol.PathReports, "openlts/1 nobody " + strings.Repeat("A", 43) + "\n{}",
			protocol.StatusRequestNotAuthenticated, 401},
		"a wrong MAC": {
			protocol.PathReports, "openlts/1 " + proof + "\n{}", protocol.StatusRequestNotAuthenticated, 401,
		},
		"too large": {protocol.PathReports, "openlts/1 " + proof + "\n" +
			strings.Repeat(" ", protocol.MaxReportBody+1), protocol.StatusRequestTooLarge, 413},
		"a large one": {protocol.PathAuthorizations,
			"openlts/1\n" + strings.Repeat(" ", protocol.MaxAuthorizationBody+1), protocol.StatusRequestTooLarge, 413},
		"more than one": {
			protocol.PathAuthorizations, "openlts/1\nopenlts/1\n{}", protocol.StatusRequestMalformed, 400,
		},
		"proof in an empty": {protocol.PathReports, "openlts/1  \n{}", protocol.StatusRequestNotAuthenticated, 401},
	} {
		t.Run(name, func(t *testing.T) {
			_, rest, _ := postText(t, l.url+test.path, "text/plain", test.text)
			got, _ := framedProblem(t, rest)
			if got.Code != test.want || got.Status != test.status {
				t.Errorf("got %+v, want %d with status %d", got, test.want, test.status)
			}
			if signed := got.Refusal != ""; signed != test.want.Decision() {
				t.Errorf("signed: %v", signed)
			}
		})
	}
	// Header fields beside the first line prove nothing.
	body := []byte(`{}`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+protocol.PathReports,
		bytes.NewReader(append([]byte("openlts/1\n"), body...)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/plain")
	request.Header.Set(protocol.HeaderKey, device.ReportKeyID)
	request.Header.Set(protocol.HeaderMAC, protocol.ReportMAC(device.ReportKey, body))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if text, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(text), "-20192") {
		t.Errorf("%s, %v", text, err)
	}
}

// When to come again is in the body: XDomainRequest shows no header fields.
func TestFramedRetryAfter(t *testing.T) {
	l := start(t)
	lts, err := server.New(t.Context(), server.Config{Store: l.store, Now: l.clock, Log: l.log,
		Limits: &server.Limits{Authorizations: 0.1, Loopback: true}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(contract(t, lts.Handler()))
	defer func() {
		web.Close()
		if err := lts.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	url := web.URL
	device := servertest.NewDevice(url)
	body, err := json.Marshal(device.Request("100001-reader"))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, rest, header := postText(t, url+protocol.PathAuthorizations, "text/plain", "openlts/1\n"+string(body))
		if !strings.Contains(rest, `"problem"`) {
			continue
		}
		got, after := framedProblem(t, rest)
		if got.Code == protocol.StatusRequestRateLimited {
			if after < 1 || header.Get("Retry-After") == "" {
				t.Errorf("%s, %v", rest, header)
			}
			return
		}
	}
	t.Error("nothing was limited")
}

// Whatever a first line holds, the answer is framed, and nothing fails inside.
func FuzzFraming(f *testing.F) {
	l := start(f)
	for _, text := range []string{"", "openlts/1\n{}", "openlts/1 a b\r\n{}", "openlts/2\n", "openlts/\n", "\n",
		"openlts/1 a b c\n",
		"openlts/99999999999999999999\n", "openlts/1\n\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range []string{protocol.PathAuthorizations, protocol.PathReports} {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(text))
			request.Header.Set("Content-Type", "text/plain")
			recorder := httptest.NewRecorder()
			l.handler.ServeHTTP(recorder, request)
			first, rest, found := strings.Cut(recorder.Body.String(), "\n")
			if recorder.Code != http.StatusOK || !found || first != "openlts/1" {
				t.Fatalf("%q is answered with %d %q", text, recorder.Code, recorder.Body)
			}
			if got, _ := framedProblem(t, rest); !got.Code.FromServer() || got.Status >= 500 {
				t.Errorf("%q is answered with %s", text, rest)
			}
		}
	})
}
