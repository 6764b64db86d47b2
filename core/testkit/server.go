package testkit

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// ReportKey is the key of a report at the server.
type ReportKey struct {
	Device, Run, HandshakeCode, Item string
	Slot                             int64
}

// Server is a License Tracking Server for tests: it speaks the protocol with real
// keys, keeps everything in memory, and misbehaves on demand. It decides nothing;
// for the real rules, run the real server.
type Server struct {
	URL string
	// SigningKey is the public half of the key that signs authorizations.
	SigningKey ed25519.PublicKey

	signing ed25519.PrivateKey
	report  *ecdh.PrivateKey
	now     func() time.Time

	mu       sync.Mutex
	keys     map[string][]byte
	stored   map[ReportKey]protocol.Report
	requests map[string]int
	counted  map[ReportKey]map[string]int64 // counts of reports before they were declared lost
	account  *protocol.DeviceAccount
	closed   []protocol.ClosedLicense
	// The following fields are set by the set function, under mu.
	refuse  *protocol.Problem
	off     time.Duration // how far the server's clock is ahead
	handler func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)
	modify  func(*protocol.Authorization)
	verdict func(protocol.ReportGroup, protocol.Report) *protocol.Exception
}

// NewServer starts a server that ends with the test.
func NewServer(t testing.TB, now func() time.Time) *Server {
	t.Helper()
	_, signing, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	report, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{SigningKey: signing.Public().(ed25519.PublicKey), signing: signing, report: report, now: now,
		keys: map[string][]byte{}, stored: map[ReportKey]protocol.Report{}, counted: map[ReportKey]map[string]int64{},
		requests: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+protocol.PathAuthorizations, s.authorize)
	mux.HandleFunc("POST "+protocol.PathReports, s.reports)
	mux.HandleFunc("GET "+protocol.PathKeys, s.showKeys)
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests[r.URL.Path]++
		handler := s.handler
		s.mu.Unlock()
		if handler != nil {
			handler(w, r, mux.ServeHTTP)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(listener.Close)
	s.URL = listener.URL
	return s
}

// Refuse makes the server refuse every authorization; nil ends that. It signs codes that are
// decisions.
func (s *Server) Refuse(p *protocol.Problem) { s.set(func() { s.refuse = p }) }

// SetClock makes the server's clock wrong by off.
func (s *Server) SetClock(off time.Duration) { s.set(func() { s.off = off }) }

// Intercept puts a handler before the server's own; nil removes it.
func (s *Server) Intercept(handler func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)) {
	s.set(func() { s.handler = handler })
}

// Modify changes authorizations before they are signed.
func (s *Server) Modify(modify func(*protocol.Authorization)) { s.set(func() { s.modify = modify }) }

// Judge decides which reports are not accepted; nil accepts all.
func (s *Server) Judge(verdict func(protocol.ReportGroup, protocol.Report) *protocol.Exception) {
	s.set(func() { s.verdict = verdict })
}

// ForgetKeys makes the server forget all devices, as if it was restored from a backup.
func (s *Server) ForgetKeys() { s.set(func() { clear(s.keys) }) }

func (s *Server) set(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// Requests is how many requests came for a path.
func (s *Server) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[path]
}

// Stored is the highest revision of every report that the server has.
func (s *Server) Stored() map[ReportKey]protocol.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[ReportKey]protocol.Report{}
	for key, report := range s.stored {
		all[key] = report
	}
	return all
}

// Closed are the licenses that devices have closed.
func (s *Server) Closed() []protocol.ClosedLicense {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.closed)
}

// Account is the account that a device sent last; nil if none did.
func (s *Server) Account() *protocol.DeviceAccount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account
}

// Total is the sum of all counts that the server has, without what was declared lost.
func (s *Server) Total() (units int64) {
	for _, report := range s.Stored() {
		if report.Lost == "" {
			for _, n := range report.Counts {
				units += n
			}
		}
	}
	return units
}

func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var request protocol.AuthorizationRequest
	if err := json.Unmarshal(body, &request); err != nil {
		Problem(w, http.StatusBadRequest, protocol.StatusRequestMalformed)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().Add(s.off).Unix()
	if s.refuse != nil {
		problem := *s.refuse
		if problem.Code.Decision() {
			problem.PublicKey = protocol.Encoding.EncodeToString(s.SigningKey)
			problem.Refusal, err = protocol.SignRefusal(&protocol.Refusal{
				Protocol: protocol.Version, Device: request.Device.UUID, DeviceKey: request.Device.PublicKey,
				Nonce: request.Nonce, Request: protocol.Digest(body), Code: problem.Code, Detail: problem.Detail,
				IssuedAt: now,
			}, s.signing)
			if err != nil {
				problem = protocol.Problem{Status: http.StatusInternalServerError, Code: protocol.StatusServerFailed}
			}
		}
		writeProblem(w, problem)
		return
	}
	raw, _ := protocol.Encoding.DecodeString(request.Device.PublicKey)
	devicePublic, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		Problem(w, http.StatusBadRequest, protocol.StatusRequestMalformed)
		return
	}
	secret, id, err := protocol.DeriveReportKey(s.report, devicePublic, s.report.PublicKey())
	if err != nil {
		Problem(w, http.StatusBadRequest, protocol.StatusRequestMalformed)
		return
	}
	s.keys[id] = secret
	a := protocol.Authorization{
		Protocol: protocol.Version, Device: request.Device.UUID, DeviceKey: request.Device.PublicKey,
		Nonce: request.Nonce, Request: protocol.Digest(body), HandshakeCode: request.HandshakeCode,
		OrganizationID: "100001",
		Item: protocol.Item{
			ID: "scans", ChargeWay: protocol.ChargeWayScanCount, StartsAt: now - 86400, ExpiresAt: now + 365*86400,
		},
		Quota:    protocol.Quota{Limit: 1000, Tolerance: 50, State: protocol.QuotaOK},
		IssuedAt: now, ValidUntil: now + 372*86400, BufferUntil: now + int64(request.MaxBufferDays)*86400,
		ReportKey: protocol.ReportKey{
			ID: id, ServerPublicKey: protocol.Encoding.EncodeToString(s.report.PublicKey().Bytes()),
		},
	}
	if s.modify != nil {
		s.modify(&a)
	}
	jws, err := protocol.SignAuthorization(&a, s.signing)
	if err != nil {
		Problem(w, http.StatusInternalServerError, protocol.StatusServerFailed)
		return
	}
	w.Header().Set("Content-Type", protocol.ContentTypeJSON)
	_ = json.NewEncoder(w).Encode(protocol.AuthorizationResponse{Authorization: jws,
		PublicKey: protocol.Encoding.EncodeToString(s.SigningKey)})
}

func (s *Server) showKeys(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", protocol.ContentTypeJSON)
	_ = json.NewEncoder(w).Encode(protocol.KeysResponse{SigningKeys: []protocol.SigningKey{
		{ID: protocol.SigningKeyID(s.SigningKey), PublicKey: protocol.Encoding.EncodeToString(s.SigningKey)}}})
}

func (s *Server) reports(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	secret := s.keys[r.Header.Get(protocol.HeaderKey)]
	if secret == nil || !protocol.EqualMAC(r.Header.Get(protocol.HeaderMAC), protocol.ReportMAC(secret, body)) {
		Problem(w, http.StatusUnauthorized, protocol.StatusRequestNotAuthenticated)
		return
	}
	var batch protocol.ReportBatch
	if err := json.Unmarshal(body, &batch); err != nil {
		Problem(w, http.StatusBadRequest, protocol.StatusRequestMalformed)
		return
	}
	if batch.Account != nil {
		s.account = batch.Account
	}
	s.closed = append(s.closed, batch.Closed...)
	receipt := protocol.Receipt{Batch: batch.Batch, ReceivedAt: s.now().Unix(), Digest: protocol.Digest(body)}
	for g, group := range batch.Groups {
		for i, report := range group.Reports {
			if s.verdict != nil {
				if e := s.verdict(group, report); e != nil {
					e.Group, e.Report = g, i
					receipt.Exceptions = append(receipt.Exceptions, *e)
					continue
				}
			}
			receipt.Accepted++
			key := ReportKey{batch.Device, group.Run, group.HandshakeCode, group.Item, report.Slot}
			if report.Lost != "" {
				receipt.Lost = append(receipt.Lost, protocol.ReportUnits{
					Group: g, Report: i, Units: s.missing(key, report),
				})
			}
			if added := s.store(key, report); report.Found && added > 0 {
				receipt.New = append(receipt.New, protocol.ReportUnits{Group: g, Report: i, Units: added})
			}
		}
	}
	answer, err := json.Marshal(receipt)
	if err != nil {
		Problem(w, http.StatusInternalServerError, protocol.StatusServerFailed)
		return
	}
	w.Header().Set("Content-Type", protocol.ContentTypeJSON)
	w.Header().Set(protocol.HeaderMAC, protocol.ReceiptMAC(secret, body, answer))
	_, _ = w.Write(answer)
}

// missing is how many units of a report that is declared lost were not counted before.
func (s *Server) missing(key ReportKey, report protocol.Report) (units int64) {
	counted := s.stored[key].Counts
	if s.stored[key].Lost != "" {
		counted = s.counted[key]
	}
	for name, n := range report.Counts {
		units += max(0, n-counted[name])
	}
	return units
}

// store stores a report with a higher revision, and returns how many units it added.
func (s *Server) store(key ReportKey, report protocol.Report) (added int64) {
	stored := s.stored[key]
	if report.Revision <= stored.Revision {
		return 0
	}
	if report.Lost == "" {
		for name, n := range stored.Counts {
			if stored.Lost == "" { // what was counted stays counted
				report.Counts[name] = max(report.Counts[name], n)
				added -= n
			}
		}
		for _, n := range report.Counts {
			added += n
		}
	}
	if report.Lost != "" && stored.Lost == "" {
		s.counted[key] = stored.Counts
	}
	s.stored[key] = report
	return added
}

// Problem answers with an error of the protocol, unsigned.
func Problem(w http.ResponseWriter, status int, code protocol.Status) {
	writeProblem(w, protocol.Problem{
		Type: "about:blank", Title: code.Name(), Status: status, Detail: code.Message(), Code: code,
	})
}

func writeProblem(w http.ResponseWriter, problem protocol.Problem) {
	w.Header().Set("Content-Type", protocol.ContentTypeProblem)
	w.WriteHeader(problem.Status)
	_ = json.NewEncoder(w).Encode(problem)
}
