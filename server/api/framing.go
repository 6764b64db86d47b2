package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
)

// Browsers ask the server for permission before a request with our own header fields or content
// type (CORS). Some of their functions can't send header fields at all: navigator.sendBeacon, which
// outlives the page, and XDomainRequest of old Internet Explorers, which even hides the status of
// an answer. So a request may be plain text, whose first line replaces the header fields. The
// answer has the same form, always with status 200:
//
//	request                             answer
//	openlts/1 <key id> <MAC>            openlts/1 <MAC>
//	<JSON>                              <JSON>, or {"problem":...,"retryAfter":...}
//
// This file removes the framing before the handlers, and adds it after them.

// frameName begins the first line; what follows is the version of the framing.
const frameName = "openlts/"

// maxFrameLine is longer than any first line.
const maxFrameLine = len(frameName) + 16 + maxKeyID + 64

// framedProblem is an error in the framing.
type framedProblem struct {
	Problem json.RawMessage `json:"problem"`
	// RetryAfter is the Retry-After of the answer, in seconds, if there is one.
	RetryAfter int `json:"retryAfter,omitempty"`
}

// framed lets a handler of JSON answer requests in the framing, too.
func (a *API) framed(handle handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		body, plain := plainText(r)
		if !plain {
			return handle(w, r)
		}
		inner := &innerAnswer{header: http.Header{}, status: http.StatusOK}
		request, err := unframe(r, body)
		if err == nil {
			err = handle(inner, request)
		}
		if err != nil {
			a.problem(inner, r, err)
		}
		return inner.frame(w)
	}
}

// plainText tells whether a request is framed: its content type is plain text, or it has none, as
// with XDomainRequest, and begins like a framed one.
func plainText(r *http.Request) (body *bufio.Reader, plain bool) {
	if contentType := r.Header.Get("Content-Type"); contentType != "" {
		mediaType, _, err := mime.ParseMediaType(contentType)
		if err != nil || mediaType != protocol.ContentTypeText {
			return nil, false
		}
		return bufio.NewReaderSize(r.Body, maxFrameLine), true
	}
	if len(r.Header.Values(protocol.HeaderKey)) > 0 {
		return nil, false
	}
	body = bufio.NewReaderSize(r.Body, maxFrameLine)
	begin, err := body.Peek(len(frameName))
	r.Body = readCloser{body, r.Body} // the next reader gets what was read here, too
	return body, err == nil && string(begin) == frameName
}

type readCloser struct {
	io.Reader
	io.Closer
}

// unframe gives the request without the framing.
func unframe(r *http.Request, body *bufio.Reader) (*http.Request, error) {
	line, err := body.ReadSlice('\n')
	if err != nil { // empty, or too long
		return nil, policy.Malformed(
			"the first line of plain text is not %s%d, followed by the key id and MAC of a report", frameName,
			protocol.Version)
	}
	size := len(line)
	words := strings.Split(strings.TrimRight(string(line), "\r\n"), " ")
	if words[0] != frameName+strconv.Itoa(protocol.Version) {
		if version, ok := strings.CutPrefix(words[0], frameName); ok {
			if n, err := strconv.Atoi(version); err == nil {
				return nil, checkVersion(n)
			}
		}
		return nil, policy.Malformed("plain text does not begin with %s%d", frameName, protocol.Version)
	}
	request := r.Clone(r.Context())
	request.Header.Del(protocol.HeaderKey)
	request.Header.Del(protocol.HeaderMAC)
	switch len(words) {
	case 1:
	case 3:
		request.Header.Set(protocol.HeaderKey, words[1])
		request.Header.Set(protocol.HeaderMAC, words[2])
	default:
		return nil, policy.Malformed(
			"the first line of plain text has %d words; it has one, or three with the key id and the MAC", len(words))
	}
	request.Body = readCloser{body, r.Body}
	if request.ContentLength >= 0 {
		request.ContentLength = max(0, request.ContentLength-int64(size))
	}
	return request, nil
}

// innerAnswer is what a handler answers, before it is framed.
type innerAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (i *innerAnswer) Header() http.Header                { return i.header }
func (i *innerAnswer) WriteHeader(status int)             { i.status = status }
func (i *innerAnswer) Write(body []byte) (n int, e error) { return i.body.Write(body) }

// frame writes the answer in the framing.
func (i *innerAnswer) frame(w http.ResponseWriter) error {
	first := frameName + strconv.Itoa(protocol.Version)
	body := i.body.Bytes()
	if i.status == http.StatusOK {
		if mac := i.header.Get(protocol.HeaderMAC); mac != "" {
			first += " " + mac
			w.Header().Set(protocol.HeaderMAC, mac)
		}
	} else {
		problem := framedProblem{Problem: body}
		if later := i.header.Get("Retry-After"); later != "" {
			seconds, err := strconv.Atoi(later)
			if err != nil {
				return errors.New("Retry-After is not a number of seconds: " + later)
			}
			problem.RetryAfter = seconds
			w.Header().Set("Retry-After", later)
		}
		var err error
		if body, err = json.Marshal(problem); err != nil {
			return err
		}
	}
	write(w, http.StatusOK, protocol.ContentTypeText+"; charset=utf-8", append([]byte(first+"\n"), body...))
	return nil
}
