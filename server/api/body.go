package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/openlts/openlts/core/protocol"
)

// readBody reads a body of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, max(r.ContentLength, 512)))
	_, err := io.Copy(buffer, http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, tooLarge(limit)
	}
	if err != nil {
		return nil, malformed("the body could not be read: %w", err)
	}
	return buffer.Bytes(), nil
}

func tooLarge(limit int64) error {
	return protocol.Errorf(protocol.StatusRequestTooLarge, "The request is too large: more than %d bytes.", limit)
}

// decode reads one JSON value and nothing after it. Fields it does not know are
// left alone: newer clients may send more.
func decode(body []byte, value any) error {
	if err := json.Unmarshal(body, value); err != nil {
		return malformed("the body is not the JSON expected: %w", err)
	}
	return nil
}

func malformed(format string, arguments ...any) error {
	return protocol.Errorf(protocol.StatusRequestMalformed, "The request is malformed: "+format+".", arguments...)
}
