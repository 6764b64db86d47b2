package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/player"
)

// ServerOptions say which server is judged, and what it holds for that.
type ServerOptions struct {
	URL string // its base URL
	// HandshakeCode has one item, charged by scans, with some hundred left. Nobody else
	// may use it meanwhile, because what is counted is told by its quota.
	HandshakeCode string
	// OrganizationID is that of an organization whose default code is HandshakeCode;
	// "": what that asks for is skipped.
	OrganizationID string
	// LockedCode is protected by SessionPassword; "": what that asks for is skipped.
	LockedCode      string
	SessionPassword string
	// Transport carries the requests; nil: the network.
	Transport http.RoundTripper
	Now       func() time.Time // nil: the machine's clock
}

// Limits of a request, and of an answer: a server that is judged may do anything.
const (
	requestTimeout = 20 * time.Second
	maxAnswer      = 1 << 20
)

// scene is a scenario that is played against a server.
type scene struct {
	id, text string
	needs    func(*ServerOptions) string // why it can't be played; nil: it can
	play     func(*stage) error
}

// Server plays every scenario against a server. The error is that of options which can't
// be played with; what is wrong with the server is in the report.
func Server(ctx context.Context, options ServerOptions) (*Report, error) {
	options.URL = strings.TrimRight(options.URL, "/")
	if options.URL == "" || options.HandshakeCode == "" {
		return nil, errors.New("a server is judged by its URL and a handshake code of its own")
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	transport := options.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	client := &http.Client{
		Transport: bounded{transport}, Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	report := &Report{Judged: "server"}
	for _, s := range serverScenes {
		var skipped string
		var err error
		if s.needs != nil {
			skipped = s.needs(&options)
		}
		if skipped == "" {
			err = s.play(&stage{ctx: ctx, options: options, client: client})
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		report.add(s.id, s.text, skipped, err)
	}
	return report, nil
}

// serverScenes are all there are, each in the file of what it is about.
var serverScenes = join(keyScenes, authorizationScenes, reportScenes, browserScenes)

func join[S any](lists ...[]S) (all []S) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// bounded reads no more of an answer than one may have.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxAnswer), response.Body}
	}
	return response, err
}

// stage is where a scenario is played.
type stage struct {
	ctx     context.Context
	options ServerOptions
	client  *http.Client
}

// device is one that the server has not seen.
func (s *stage) device() *player.Device {
	d := player.NewDevice(s.options.URL)
	d.Client, d.Now = s.client, s.options.Now
	return d
}

// known is a device that the server has granted the code to.
func (s *stage) known() (*player.Device, *protocol.Authorization, error) {
	d := s.device()
	granted, err := d.Authorize(d.Request(s.options.HandshakeCode))
	if err != nil {
		return nil, nil, fmt.Errorf("the authorization of %s: %w", s.options.HandshakeCode, err)
	}
	return d, granted, nil
}

// known has a scenario begin with a device that the server has granted the code to.
func known(play func(s *stage, d *player.Device, granted *protocol.Authorization) error) func(*stage) error {
	return func(s *stage) error {
		d, granted, err := s.known()
		if err != nil {
			return err
		}
		return play(s, d, granted)
	}
}

// slot is the start of the slot that was so many slots ago.
func (s *stage) slot(ago int64) int64 {
	now := s.options.Now().Unix()
	return now - now%protocol.DefaultSlotSeconds - ago*protocol.DefaultSlotSeconds
}

// used is how much of the item is used, as the server tells the device.
func (s *stage) used(d *player.Device) (int64, error) {
	granted, err := d.Authorize(d.Request(s.options.HandshakeCode))
	if err != nil {
		return 0, fmt.Errorf("the authorization of %s: %w", s.options.HandshakeCode, err)
	}
	return granted.Quota.Used, nil
}

// counted plays something, after which exactly so many units more are used.
func (s *stage) counted(d *player.Device, units int64, play func() error) error {
	before, err := s.used(d)
	if err != nil {
		return err
	}
	if err := play(); err != nil {
		return err
	}
	after, err := s.used(d)
	if err != nil {
		return err
	}
	if after-before != units {
		return fmt.Errorf("%d units were counted, and not %d", after-before, units)
	}
	return nil
}

// answer is what a server answered.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request of any form.
func (s *stage) send(method, path, body string, header http.Header) (*answer, error) {
	request, err := http.NewRequestWithContext(s.ctx, method, s.options.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return &answer{response.StatusCode, response.Header, string(text)}, err
}

// problem checks that an error is the protocol's problem of this code and HTTP status.
func problem(err error, code protocol.Status, status int) error {
	var p *player.Problem
	switch {
	case err == nil:
		return fmt.Errorf("it was taken, and should be answered by %d %s", int(code), code.Name())
	case !errors.As(err, &p):
		return err
	case p.Code != code || p.Status != status:
		return fmt.Errorf("it was answered by %d and HTTP status %d, not by %d %s and %d",
			int(p.Code), p.Status, int(code), code.Name(), status)
	case code.Decision() != (p.Refusal != ""):
		return fmt.Errorf("%d is signed: %t", int(code), p.Refusal != "")
	}
	return nil
}

// each joins what is wrong with several cases, each under its name.
func each(errs map[string]error) error {
	var all []error
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		if err := errs[name]; err != nil {
			all = append(all, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(all...)
}
