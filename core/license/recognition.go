package license

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/openlts/openlts/core/protocol"
)

// Recognition remembers which addresses turned out to belong to the intended server. Other
// addresses get nothing that is not meant for them: no handshake code, no password, no usage. An
// address may belong to another vendor's server by now, or a customer may have entered a wrong one.
// The zero value remembers none. Its methods may be called from any goroutine.
//
// This proves nothing, because anybody can show a server's public keys. We believe only what is
// signed.
type Recognition struct {
	mu    sync.Mutex
	shown map[string]string // the id of the signing key, by address
}

// Seen notes that an address answered with a signature by a key.
func (r *Recognition) Seen(server, lts string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown == nil {
		r.shown = map[string]string{}
	}
	r.shown[server] = lts
}

// Doubt forgets an address, because it gave an answer that the server would not give.
func (r *Recognition) Doubt(server string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.shown, server)
}

func (r *Recognition) knows(server, lts string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown[server] == lts
}

// Recognize says why an address does not belong to the server whose signing key has the given id;
// nil if it does. It asks an unknown address for its keys.
func (r *Recognition) Recognize(ctx context.Context, transport http.RoundTripper, server, lts string) error {
	if r.knows(server, lts) {
		return nil
	}
	answer, err := get(ctx, transport, server, protocol.PathKeys)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		problem := answer.Problem(server)
		if problem.Status == protocol.StatusNotFound || problem.Status == protocol.StatusMethodNotAllowed {
			problem.Status = protocol.StatusServerResponseInvalid // it shows no keys, so it is not a server
		}
		return problem
	}
	var keys protocol.KeysResponse
	if json.Unmarshal(answer.Body, &keys) != nil || len(keys.SigningKeys) == 0 {
		return protocol.Errorf(protocol.StatusServerResponseInvalid,
			"%s answered, but not as a License Tracking Server does (a proxy or a login page?)", server)
	}
	for _, key := range keys.SigningKeys {
		if public, err := decodeKey(key.PublicKey); err == nil && protocol.SigningKeyID(public) == lts {
			r.Seen(server, lts)
			return nil
		}
	}
	return protocol.Errorf(protocol.StatusServerKeyMismatch,
		"%s is another License Tracking Server than the one that is meant: it does not show that one's key, and was "+
			"sent nothing; "+
			"check the address, and that serverPublicKey is what `lts key show` prints there", server)
}
