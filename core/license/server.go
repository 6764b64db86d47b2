package license

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// maxAnswer is the longest answer that we read from a server, in bytes.
const maxAnswer = 1 << 20

// Answer is a server's answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Post sends a JSON body to a path of a server and reads the whole answer. The error has the status
// FAILED_TO_REACH_LTS and names the server; it does not say whether the server received the
// request.
func Post(ctx context.Context, transport http.RoundTripper, server, path string, header http.Header,
	body []byte) (*Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server+path, bytes.NewReader(body))
	if err != nil {
		return nil, protocol.Errorf(protocol.StatusInvalidArgument, "%s is not an address: %w", server, err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", protocol.ContentTypeJSON)
	return send(transport, server, request)
}

// get requests a path of a server; see Post.
func get(ctx context.Context, transport http.RoundTripper, server, path string) (*Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+path, http.NoBody)
	if err != nil {
		return nil, protocol.Errorf(protocol.StatusInvalidArgument, "%s is not an address: %w", server, err)
	}
	return send(transport, server, request)
}

func send(transport http.RoundTripper, server string, request *http.Request) (*Answer, error) {
	request.Header.Set("Accept", protocol.ContentTypeJSON+", "+protocol.ContentTypeProblem)
	// Follow no redirects: reports go where the vendor said, or nowhere.
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	response, err := client.Do(request)
	if err != nil {
		var reason *url.Error
		if errors.As(err, &reason) {
			err = reason.Err // without the method and the address, which the message has already
		}
		return nil, unreached(server, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, unreached(server, err)
	}
	if len(text) > maxAnswer {
		return nil, protocol.Errorf(protocol.StatusServerResponseInvalid, "%s sent an answer of more than %d bytes",
			server, maxAnswer)
	}
	return &Answer{response.StatusCode, response.Header, text}, nil
}

func unreached(server string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return protocol.Errorf(protocol.StatusFailedToReachLTS, "%s did not answer in time", server)
	}
	return protocol.Errorf(protocol.StatusFailedToReachLTS, "%s can't be reached: %w", server, err)
}

// problem reads an answer that is an error of the protocol; nil if it is not one.
func (a *Answer) problem() *protocol.Problem {
	mediaType, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	var problem protocol.Problem
	if mediaType != protocol.ContentTypeProblem || json.Unmarshal(a.Body, &problem) != nil ||
		!problem.Code.FromServer() {
		return nil
	}
	if problem.Detail == "" {
		problem.Detail = problem.Code.Message()
	}
	return &problem
}

// Problem reads an answer that is an error: its LTS code, or SERVER_RESPONSE_INVALID if it has
// none. The answer proves nothing: anybody on the way may have written it.
func (a *Answer) Problem(server string) *protocol.Error {
	if problem := a.problem(); problem != nil {
		return &protocol.Error{Status: problem.Code, Detail: problem.Detail, Reason: problem.Reason}
	}
	if a.Status >= 500 || a.Status == http.StatusTooManyRequests {
		return protocol.Errorf(protocol.StatusFailedToReachLTS, "%s answered with HTTP status %d", server, a.Status)
	}
	return protocol.Errorf(protocol.StatusServerResponseInvalid,
		"%s answered with HTTP status %d, and not as a License Tracking Server does", server, a.Status)
}

// Final tells whether an error in answer to reports is true for all servers, because the standby
// server has the same data as the main one. The reports are kept all the same: only a verified
// receipt settles a report.
func Final(err error) bool {
	switch status := protocol.StatusOf(err); status {
	case protocol.StatusStandbyRefuses, protocol.StatusServerFailed, protocol.StatusRequestRateLimited,
		protocol.StatusNotFound, protocol.StatusMethodNotAllowed: // the wrong address, or a proxy's answer
		return false
	default:
		return status.FromServer()
	}
}

// withTimeout limits the time of a request: to the timeout of one request, and to the time that ctx
// has left, divided by the number of servers still to ask, so that an unreachable main server
// leaves time for the standby server.
func withTimeout(ctx context.Context, timeout time.Duration, servers int) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok && servers > 1 {
		timeout = min(timeout, time.Until(deadline)/time.Duration(servers))
	}
	return context.WithTimeout(ctx, timeout)
}
