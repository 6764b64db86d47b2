package trial

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// ClientCode is the handshake code that a client which is judged uses.
const ClientCode = "100001-reader"

const (
	clientOrganization = "100001"
	clientItem         = "scans"
)

// Addresses of a scenario, below its base URL: the main server is there itself.
const (
	atMain      = ""
	atStandby   = "/standby"
	atElsewhere = "/elsewhere" // where nobody was sent
)

// identity is whom a server is known as.
type identity struct {
	signing ed25519.PrivateKey
	report  *ecdh.PrivateKey
}

func newIdentity() (i identity, err error) {
	if _, i.signing, err = ed25519.GenerateKey(rand.Reader); err == nil {
		i.report, err = ecdh.X25519().GenerateKey(rand.Reader)
	}
	return i, err
}

func (i identity) public() string {
	return protocol.Encoding.EncodeToString(i.signing.Public().(ed25519.PublicKey))
}

// referee is the server of one scenario: it answers as the protocol has it, but for what
// the scenario meddles with, and keeps the books.
type referee struct {
	base    string // the scenario's base URL
	scene   *clientScene
	now     func() time.Time
	self    identity
	another identity // for answers by a key that is not the server's

	mu       sync.Mutex // held during each exchange
	books    *books
	secrets  map[string][]byte // report keys by their ids
	lost     map[string]bool   // ids of those that it has forgotten
	requests map[string]int    // by address and path
}

func newReferee(base string, scene *clientScene, now func() time.Time) (*referee, error) {
	self, err := newIdentity()
	if err != nil {
		return nil, err
	}
	another, err := newIdentity()
	return &referee{
		base:    base,
		scene:   scene,
		now:     now,
		self:    self,
		another: another,
		books: newBooks(
			now,
			clientItem,
		),
		secrets:  map[string][]byte{},
		lost:     map[string]bool{},
		requests: map[string]int{},
	}, err
}

// exchange is a request, and how it is answered.
type exchange struct {
	w      http.ResponseWriter
	at     string // atMain or another address
	path   string // such as protocol.PathReports
	nth    int    // of the requests for this path at this address, from 1
	body   []byte
	framed bool
	key    string // the id of the report key, and the MAC
	mac    string
}

// came is how many requests came for a path at an address.
func (f *referee) came(at, path string) int { return f.requests[at+path] }

// ServeHTTP answers requests whose path begins with that of an address.
func (f *referee) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{
		w:    w,
		path: r.URL.Path,
		key:  r.Header.Get(protocol.HeaderKey),
		mac:  r.Header.Get(protocol.HeaderMAC),
	}
	for _, at := range []string{atStandby, atElsewhere} {
		if rest, found := strings.CutPrefix(e.path, at); found {
			e.at, e.path = at, rest
		}
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type, "+protocol.HeaderKey+", "+protocol.HeaderMAC)
	w.Header().Set("Access-Control-Expose-Headers", protocol.HeaderMAC)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, protocol.MaxReportBody+4096))
	if err != nil {
		return // the client went away
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests[e.at+e.path]++
	e.nth = f.requests[e.at+e.path]
	e.body = body
	if strings.HasPrefix(r.Header.Get("Content-Type"), protocol.ContentTypeText) ||
		bytes.HasPrefix(body, []byte("openlts/")) {
		f.unframe(e)
	}
	if f.scene.meddle != nil && f.scene.meddle(f, e) {
		return
	}
	switch {
	case e.path == protocol.PathAuthorizations && r.Method == http.MethodPost:
		f.authorize(e, f.self, nil)
	case e.path == protocol.PathReports && r.Method == http.MethodPost:
		if batch, secret := f.authenticated(e); batch != nil {
			e.receipt(secret, f.receive(e.body, batch), nil)
		}
	case e.path == protocol.PathKeys && r.Method == http.MethodGet:
		f.keys(e, f.self)
	default:
		f.books.complain("%s %.80q is not a request of the protocol", r.Method, r.URL.Path)
		e.problem(http.StatusNotFound, protocol.StatusNotFound)
	}
}

// unframe takes the first line of a request off.
func (f *referee) unframe(e *exchange) {
	e.framed = true
	first, rest, found := bytes.Cut(e.body, []byte("\n"))
	words := strings.Split(strings.TrimSuffix(string(first), "\r"), " ")
	if !found || words[0] != "openlts/1" || len(words) != 1 && len(words) != 3 {
		f.books.complain("a request as plain text begins with %.80q", first)
		return
	}
	e.body, e.key, e.mac = rest, "", ""
	if len(words) == 3 {
		e.key, e.mac = words[1], words[2]
	}
}

// answer writes an answer of the protocol's.
func (e *exchange) answer(status int, contentType, mac string, body []byte) {
	if e.framed {
		first := "openlts/1"
		if mac != "" {
			first += " " + mac
		}
		if status != http.StatusOK {
			body = append(append([]byte(`{"problem":`), body...), '}')
		}
		e.w.Header().Set("Content-Type", protocol.ContentTypeText+"; charset=utf-8")
		_, _ = fmt.Fprintf(e.w, "%s\n%s", first, body)
		return
	}
	e.w.Header().Set("Content-Type", contentType)
	if mac != "" {
		e.w.Header().Set(protocol.HeaderMAC, mac)
	}
	e.w.WriteHeader(status)
	_, _ = e.w.Write(body)
}

// problem answers with an error that nobody signed.
func (e *exchange) problem(status int, code protocol.Status) {
	e.answerProblem(
		protocol.Problem{Type: "about:blank", Title: code.Name(), Status: status, Detail: code.Message(), Code: code},
	)
}

func (e *exchange) answerProblem(p protocol.Problem) {
	text, err := json.Marshal(p)
	if err != nil {
		return // numbers and texts always can be
	}
	e.answer(p.Status, protocol.ContentTypeProblem, "", text)
}

// cut ends the connection without an answer.
func (e *exchange) cut() { panic(http.ErrAbortHandler) }

func (f *referee) keys(e *exchange, by identity) {
	public := by.signing.Public().(ed25519.PublicKey)
	text, err := json.Marshal(protocol.KeysResponse{SigningKeys: []protocol.SigningKey{
		{ID: protocol.SigningKeyID(public), PublicKey: by.public()},
	}})
	if err == nil {
		e.answer(http.StatusOK, protocol.ContentTypeJSON, "", text)
	}
}

// authorize grants what is asked for, by an identity; change changes what is granted
// before it is signed.
func (f *referee) authorize(e *exchange, by identity, change func(*protocol.Authorization)) {
	r := f.books.request(e.body)
	if r == nil {
		e.problem(http.StatusBadRequest, protocol.StatusRequestMalformed)
		return
	}
	raw, err := protocol.Encoding.DecodeString(r.Device.PublicKey)
	var public *ecdh.PublicKey
	if err == nil {
		public, err = ecdh.X25519().NewPublicKey(raw)
	}
	var secret []byte
	var id string
	if err == nil {
		secret, id, err = protocol.DeriveReportKey(by.report, public, by.report.PublicKey())
	}
	if err != nil {
		f.books.complain("a device key that is no X25519 key: %v", err)
		e.problem(http.StatusBadRequest, protocol.StatusRequestMalformed)
		return
	}
	f.secrets[id] = secret
	now := f.now().Unix()
	const day = 24 * 60 * 60
	a := protocol.Authorization{
		Protocol:       protocol.Version,
		Device:         r.Device.UUID,
		DeviceKey:      r.Device.PublicKey,
		Nonce:          r.Nonce,
		Request:        protocol.Digest(e.body),
		HandshakeCode:  ClientCode,
		OrganizationID: clientOrganization,
		Item: protocol.Item{
			ID: clientItem, Name: clientItem, Products: protocol.ProductAll, ChargeWay: protocol.ChargeWayScanCount,
			StartsAt: now - day, ExpiresAt: now + 365*day,
		},
		Quota:       protocol.Quota{Limit: 1_000_000, Tolerance: 50_000, State: protocol.QuotaOK},
		IssuedAt:    now,
		ValidUntil:  now + 372*day,
		BufferUntil: now + 7*day,
		ReportKey: protocol.ReportKey{
			ID:              id,
			ServerPublicKey: protocol.Encoding.EncodeToString(by.report.PublicKey().Bytes()),
		},
	}
	if change != nil {
		change(&a)
	}
	jws, err := protocol.SignAuthorization(&a, by.signing)
	if err != nil {
		return
	}
	f.granted(e, jws)
}

func (f *referee) granted(e *exchange, jws string) {
	text, err := json.Marshal(protocol.AuthorizationResponse{Authorization: jws, PublicKey: f.self.public()})
	if err == nil {
		e.answer(http.StatusOK, protocol.ContentTypeJSON, "", text)
	}
}

// refuse refuses for good: signed.
func (f *referee) refuse(e *exchange, code protocol.Status) {
	r := f.books.request(e.body)
	if r == nil {
		e.problem(http.StatusBadRequest, protocol.StatusRequestMalformed)
		return
	}
	jws, err := protocol.SignRefusal(&protocol.Refusal{
		Protocol: protocol.Version, Device: r.Device.UUID, DeviceKey: r.Device.PublicKey, Nonce: r.Nonce,
		Request: protocol.Digest(e.body), Code: code, Detail: code.Message(), IssuedAt: f.now().Unix(),
	}, f.self.signing)
	if err != nil {
		return
	}
	e.answerProblem(protocol.Problem{
		Type: "about:blank", Title: code.Name(), Status: http.StatusForbidden, Detail: code.Message(), Code: code,
		Refusal: jws, PublicKey: f.self.public(),
	})
}

// authenticated gives a batch and the key it came with; nil if its MAC is not right,
// which has been answered then.
func (f *referee) authenticated(e *exchange) (*protocol.ReportBatch, []byte) {
	secret := f.secrets[e.key]
	switch {
	case e.key == "" || e.mac == "":
		f.books.complain("a batch without key or MAC")
	case secret == nil && f.lost[e.key]:
	case secret == nil:
		f.books.complain("a batch by a key that was not agreed on: %.80q", e.key)
	case !protocol.EqualMAC(e.mac, protocol.ReportMAC(secret, e.body)):
		f.books.complain("a batch whose MAC is wrong")
	default:
		if batch := f.books.batch(e.body); batch != nil {
			return batch, secret
		}
		e.problem(http.StatusBadRequest, protocol.StatusRequestMalformed)
		return nil, nil
	}
	e.problem(http.StatusUnauthorized, protocol.StatusRequestNotAuthenticated)
	return nil, nil
}

// forget forgets all keys, as a server does that was restored from a backup.
func (f *referee) forget() {
	for id := range f.secrets {
		f.lost[id] = true
	}
	clear(f.secrets)
}

// newReceipt is one that accepts nothing yet.
func (f *referee) newReceipt(body []byte, batch *protocol.ReportBatch) *protocol.Receipt {
	return &protocol.Receipt{Batch: batch.Batch, ReceivedAt: f.now().Unix(), Digest: protocol.Digest(body)}
}

// receive accepts all of a batch.
func (f *referee) receive(body []byte, batch *protocol.ReportBatch) *protocol.Receipt {
	receipt := f.newReceipt(body, batch)
	for g, group := range batch.Groups {
		for i, report := range group.Reports {
			added, missing := f.books.accept(reportKey{batch.Device, group.Run, report.Slot}, report)
			receipt.Accepted++
			if report.Lost != "" {
				receipt.Lost = append(receipt.Lost, protocol.ReportUnits{Group: g, Report: i, Units: missing})
			}
			if report.Found && added > 0 {
				receipt.New = append(receipt.New, protocol.ReportUnits{Group: g, Report: i, Units: added})
			}
		}
	}
	f.books.account(batch.Device, batch.Account)
	return receipt
}

// except accepts nothing of a batch: each report is an exception.
func (f *referee) except(
	body []byte,
	batch *protocol.ReportBatch,
	code protocol.Status,
	retry bool,
) *protocol.Receipt {
	receipt := f.newReceipt(body, batch)
	for g, group := range batch.Groups {
		for i := range group.Reports {
			receipt.Exceptions = append(receipt.Exceptions, protocol.Exception{
				Group: g, Report: i, Code: code, Message: code.Message(), Retry: retry,
			})
		}
	}
	return receipt
}

// receipt answers with a receipt; over is the body it proves to have got, nil: that of
// the request.
func (e *exchange) receipt(secret []byte, receipt *protocol.Receipt, over []byte) {
	text, err := json.Marshal(receipt)
	if err != nil {
		return
	}
	if over == nil {
		over = e.body
	}
	e.answer(http.StatusOK, protocol.ContentTypeJSON, protocol.ReceiptMAC(secret, over, text), text)
}
