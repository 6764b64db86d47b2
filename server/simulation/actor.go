package simulation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/player"
)

// actor is a simulated device.
type actor struct {
	*player.Device
	member *member
	lane   int
	// item is what it was granted; "": nothing yet.
	item string
	run  string
	// until is when it asks again.
	until   time.Time
	account protocol.DeviceAccount
}

// renewal is how long an authorized device does not ask again: it restarts on its next day of work.
const renewal = 16 * time.Hour

func newActor(seed uint64, m *member, w *world, handler http.Handler) (*actor, error) {
	identity := m.number
	if m.copyOf >= 0 {
		identity = m.copyOf
	}
	device, err := player.NewRandomDevice("http://lts", stream(seed, "device", identity))
	if err != nil {
		return nil, err
	}
	device.Random = stream(seed, "requests", m.number)
	device.Now = func() time.Time { return w.now().Add(m.skew) }
	device.Client = &http.Client{
		Transport: inProcess{handler, fmt.Sprintf("%s.%d:40000", m.code.network, 1+m.number%250)},
	}
	a := &actor{Device: device, member: m, lane: identity}
	if m.code.quota > 0 {
		// The quota is not enough for all: the first devices get it.
		a.lane = -1
	}
	return a, nil
}

// stream is a source of random bytes for one purpose.
func stream(seed uint64, purpose string, number int) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(number))
	copy(key[16:], purpose)
	return rand.NewChaCha8(key)
}

// perform authorizes the device if it has to be, and reports a session.
func (a *actor) perform(w *world, s *session) error {
	if now := w.now(); !now.Before(a.until) {
		granted, err := a.ask(w)
		if err != nil || !granted {
			return err
		}
		a.until = now.Add(renewal)
	}
	return a.tell(w, s)
}

// ask asks for an authorization. A refusal is not an error: the device asks again when it works
// again.
func (a *actor) ask(w *world) (granted bool, err error) {
	m := a.member
	request := a.Request(m.code.full())
	if m.typo != "" {
		request.HandshakeCode = m.typo
	}
	request.Products, request.ValidationField = m.code.product, m.domain
	request.Device.FriendlyName, request.Device.Library = m.name, "openlts/simulated"
	if m.domain != "" {
		request.DeploymentType, request.Device.Platform = protocol.DeploymentTypeBrowser, "browser"
	}
	w.requests.Add(1)
	authorization, err := a.Authorize(request)
	var problem *player.Problem
	switch {
	case errors.As(err, &problem) && problem.Code.Decision():
		w.refusals.Add(1)
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%s: %w", m.name, err)
	}
	a.item, a.run = authorization.Item.ID, a.NewUUID()
	if m.copyOf >= 0 && a.account == (protocol.DeviceAccount{}) {
		a.account = w.players[m.copyOf].account // that was copied, too
	}
	return true, nil
}

// tell reports a session.
func (a *actor) tell(w *world, s *session) error {
	group := protocol.ReportGroup{
		Run: a.run, HandshakeCode: a.member.code.full(), Item: a.item, SlotSeconds: slotSeconds,
	}
	var sum int64
	for _, r := range s.reports {
		group.Reports = append(group.Reports, r.protocol())
		sum += r.sum()
	}
	a.account.Recorded += sum + s.lost
	a.account.Storage += s.lost
	batch := a.Batch(group)
	account := a.account
	batch.Account = &account
	w.requests.Add(1)
	receipt, err := a.Report(batch)
	if err != nil {
		return fmt.Errorf("%s: %w", a.member.name, err)
	}
	w.reports.Add(int64(receipt.Accepted))
	w.operations.Add(sum)
	if len(receipt.Exceptions) > 0 {
		return fmt.Errorf("%s: the server did not count all: %+v", a.member.name, receipt.Exceptions)
	}
	return nil
}

// inProcess sends requests to a handler in this process, as if from an address.
type inProcess struct {
	handler http.Handler
	address string
}

func (t inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.RemoteAddr, request.RequestURI = t.address, request.URL.RequestURI()
	w := &answer{header: http.Header{}, status: http.StatusOK}
	t.handler.ServeHTTP(w, request)
	return &http.Response{
		StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: request,
	}, nil
}

// answer holds what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answer) Header() http.Header { return w.header }

func (w *answer) Write(p []byte) (int, error) { return w.body.Write(p) }

func (w *answer) WriteHeader(status int) { w.status = status }
