package license

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"

	"github.com/openlts/openlts/core/protocol"
)

// question is a request as it was sent to a server.
type question struct {
	server  string
	request *protocol.AuthorizationRequest
	body    []byte
	at      reading // when it was sent
}

// signed is what a server signed, as received.
type signed[T any] struct {
	value T
	jws   string
}

// serverKey is the Ed25519 key a server signs with.
type serverKey struct {
	public ed25519.PublicKey
	// first means that the server has just shown the key: nobody pinned it, and this is the first
	// contact.
	first bool
}

func (k serverKey) text() string { return protocol.Encoding.EncodeToString(k.public) }

func (k serverKey) id() string { return protocol.SigningKeyID(k.public) }

// known is the key that a server must have: the pinned one, or else the one that it showed at the
// first contact.
func (a *Authorizer) known(ctx context.Context, server string) (key serverKey, known bool) {
	if a.Parameters.ServerPublicKey != "" {
		public, err := a.Parameters.pinnedKey()
		return serverKey{public: public}, err == nil // Check has verified it
	}
	ctx, cancel := briefly(ctx)
	defer cancel()
	text, err := a.Ledger.ServerKey(ctx, server)
	if err != nil || text == "" {
		return serverKey{}, false // an unreadable ledger must not keep an honest user out
	}
	public, err := decodeKey(text)
	return serverKey{public: public}, err == nil
}

// knownServers are the keys of the servers that these parameters name. Authorizations and refusals
// by any other server don't concern us, even with the same directory and handshake code: they
// belong to another vendor.
func (a *Authorizer) knownServers(ctx context.Context) []serverKey {
	var keys []serverKey
	for _, server := range a.Parameters.Servers() {
		key, known := a.known(ctx, server)
		if known && (len(keys) == 0 || !keys[0].public.Equal(key.public)) {
			keys = append(keys, key)
		}
	}
	return keys
}

// keyFor is the key with which a server must sign an answer: the one it is known by, or else the
// one it shows.
func (a *Authorizer) keyFor(ctx context.Context, server, shown string) (serverKey, error) {
	if key, known := a.known(ctx, server); known {
		return key, nil
	}
	public, err := decodeKey(shown)
	if err != nil {
		return serverKey{},
			protocol.Errorf(protocol.StatusServerResponseInvalid, "%s does not show a valid signing key", server)
	}
	return serverKey{public, true}, nil
}

var errNoKey = errors.New("not an Ed25519 key")

func decodeKey(text string) (ed25519.PublicKey, error) {
	key, err := protocol.Encoding.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errNoKey
	}
	return key, nil
}

// granted verifies an answer that grants an authorization.
func (a *Authorizer) granted(ctx context.Context, asked question,
	answer *Answer) (signed[*protocol.Authorization], serverKey, error) {
	var none signed[*protocol.Authorization]
	var response protocol.AuthorizationResponse
	if json.Unmarshal(answer.Body, &response) != nil || response.Authorization == "" {
		return none, serverKey{}, protocol.Errorf(protocol.StatusServerResponseInvalid,
			"%s answered, but not as a License Tracking Server does (a proxy or a login page?)", asked.server)
	}
	key, err := a.keyFor(ctx, asked.server, response.PublicKey)
	if err != nil {
		return none, key, err
	}
	authorization, err := protocol.VerifyAuthorization(response.Authorization, key.public)
	if errors.Is(err, protocol.ErrSignature) {
		return none, key, otherKey(asked.server, "the answer")
	}
	if err != nil {
		return none, key, protocol.Errorf(protocol.StatusServerResponseInvalid, "%s: %w", asked.server, err)
	}
	if !asked.answeredBy(authorization.Device, authorization.DeviceKey, authorization.Nonce, authorization.Request) {
		return none, key, protocol.Errorf(protocol.StatusServerResponseInvalid,
			"the authorization of %s is for another request or device", asked.server)
	}
	return signed[*protocol.Authorization]{authorization, response.Authorization}, key, nil
}

// answeredBy tells whether the signed content answers exactly the request that was sent.
func (q question) answeredBy(device, deviceKey, nonce, request string) bool {
	return device == q.request.Device.UUID && deviceKey == q.request.Device.PublicKey &&
		nonce == q.request.Nonce && request == protocol.Digest(q.body)
}

// refused evaluates an answer that grants nothing. The error is a refusal (ErrRefused) only if the
// server proves that it decided about this request. Anybody on the way could have written anything
// else: then the server counts as not reached, and the error says what was found.
func (a *Authorizer) refused(ctx context.Context, asked question, answer *Answer) error {
	problem := answer.problem()
	if problem == nil || !problem.Code.Decision() {
		return answer.Problem(asked.server)
	}
	if problem.Refusal == "" {
		return protocol.Errorf(protocol.StatusServerResponseInvalid,
			"%s seems to refuse (%s, %d), but the refusal is not signed (a proxy, or somebody on the way?)",
			asked.server, problem.Code.Name(), problem.Code)
	}
	key, err := a.keyFor(ctx, asked.server, problem.PublicKey)
	if err != nil {
		return err
	}
	if key.first && a.strange(ctx, key) {
		return otherKey(asked.server, "the refusal")
	}
	refusal, err := protocol.VerifyRefusal(problem.Refusal, key.public)
	if errors.Is(err, protocol.ErrSignature) {
		return otherKey(asked.server, "the refusal")
	}
	if err != nil {
		return protocol.Errorf(protocol.StatusServerResponseInvalid, "%s: %w", asked.server, err)
	}
	if !asked.answeredBy(refusal.Device, refusal.DeviceKey, refusal.Nonce, refusal.Request) ||
		!refusal.Code.Decision() {
		return protocol.Errorf(protocol.StatusServerResponseInvalid,
			"the refusal of %s is for another request or device", asked.server)
	}
	if err := a.wrongClock(ctx, asked.server, refusal, key); err != nil {
		return err
	}
	// It ends what this server granted before. Its key is not remembered, because anybody may
	// refuse at the first contact.
	brief, cancel := briefly(ctx)
	defer cancel()
	_ = a.Ledger.DropAuthorization(brief, a.digest(key))
	return &protocol.Error{Status: refusal.Code, Detail: refusal.Detail, Reason: refusal.Reason, Err: ErrRefused}
}

// strange tells whether a key that we see for the first time differs from all known ones: if we
// know the key of a server, a stranger can't refuse in its place.
func (a *Authorizer) strange(ctx context.Context, key serverKey) bool {
	known := a.knownServers(ctx)
	for _, k := range known {
		if k.public.Equal(key.public) {
			return false
		}
	}
	return len(known) > 0
}

// wrongClock tells whether a refusal because of the time comes from a server whose clock is wrong,
// judged by what it granted before and the time that has passed since. If a user causes this by
// setting the own clock, the gain is the same as from cutting the network: the cached authorization
// until its end.
func (a *Authorizer) wrongClock(ctx context.Context, server string, refusal *protocol.Refusal, key serverKey) error {
	if !refusal.Code.Timely() {
		return nil
	}
	before := a.cached(ctx, key)
	if before == nil || !before.usable() {
		return nil
	}
	reckoned := before.granted.Time.server
	if off := refusal.IssuedAt - reckoned; max(off, -off) <= slackSeconds {
		return nil
	}
	return protocol.Errorf(refusal.Code,
		"%s refuses (%s), but its clock shows %s, where %s is expected by what it granted before",
		server, refusal.Code.Name(), moment(refusal.IssuedAt), moment(reckoned))
}

func otherKey(server, what string) error {
	return protocol.Errorf(protocol.StatusServerKeyMismatch,
		"%s of %s is not signed with the key this server is known by; if the server was set up anew, put the key that "+
			"`lts key show` prints there into serverPublicKey, or start with a new data directory", what, server)
}
