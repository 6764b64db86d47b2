package rest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// idempotencyTime is how long a request with an Idempotency-Key is answered the same.
const idempotencyTime = 24 * time.Hour

// maxKey is the longest Idempotency-Key, in bytes.
const maxKey = 255

// once is a request with an Idempotency-Key: what it changes, it changes once. The key
// is claimed in the transaction that changes something, so neither two requests at once
// nor a server that dies in between do it twice. What was asked and answered may hold
// passwords and license keys: it is kept under keys made from the token, which the
// database does not hold.
type once struct {
	store.Store
	claim records.Claim // without object and answer
	since int64         // older ones are forgotten
	seal  cipher.AEAD
	taken bool // this request made the claim
}

// errTaken ends the transaction of a change that another request made.
var errTaken = errors.New("the Idempotency-Key is in use")

// repeat answers a request that was carried out, but whose answer is not there: it is
// being made, or was lost with the server. It goes by the object that was changed.
type repeat func(r *request, object string) (answer, error)

func newOnce(r *request, token, key string) (*once, error) {
	derive := func(purpose string, texts ...string) []byte {
		h := hmac.New(sha256.New, []byte(token))
		for _, text := range append([]string{"openlts/1/once/" + purpose}, texts...) {
			sum := sha256.Sum256([]byte(text))
			h.Write(sum[:])
		}
		return h.Sum(nil)
	}
	block, err := aes.NewCipher(derive("answer", key))
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	now := r.admin.Now()
	return &once{
		Store: r.admin.Store, since: now.Add(-idempotencyTime).Unix(), seal: seal,
		claim: records.Claim{
			Digest:    hex.EncodeToString(derive("key", key)),
			Request:   hex.EncodeToString(derive("request", r.Method, r.URL.Path, string(r.body))),
			CreatedAt: now.Unix(),
		},
	}, nil
}

// Update claims the key with whatever f changes. Each change has its audit in its
// transaction, and the object in that, so none slips by; and what only reads claims nothing.
func (o *once) Update(ctx context.Context, f func(store.Tx) error) error {
	var tx *claimingTx
	err := o.Store.Update(ctx, func(inner store.Tx) error {
		tx = &claimingTx{Tx: inner, of: o, add: func(claim records.Claim) error {
			return records.AddClaim(ctx, inner, claim, o.since)
		}}
		return f(tx)
	})
	o.taken = o.taken || err == nil && tx.claimed
	return err
}

// claimingTx claims the key of a request with the first thing that is changed.
type claimingTx struct {
	store.Tx
	of      *once
	add     func(records.Claim) error
	claimed bool
}

// AddAudit claims the key for the object.
func (t *claimingTx) AddAudit(audit store.Audit) error {
	if !t.claimed && !t.of.taken {
		claim := t.of.claim
		claim.Object = audit.Object
		if err := t.add(claim); errors.Is(err, store.ErrExists) {
			return errTaken
		} else if err != nil {
			return err
		}
		t.claimed = true
	}
	return t.Tx.AddAudit(audit)
}

// sealed is an answer, as it is kept.
type sealed struct {
	Status int             `json:"status"`
	Value  json.RawMessage `json:"value,omitempty"`
	Tag    string          `json:"tag,omitempty"`
}

// before gives the answer to a request that came before with the same key;
// store.ErrNotFound: none did.
func (o *once) before(r *request, again repeat) (answer, error) {
	before, err := records.FindClaim(r.Context(), o.Store, o.claim.Digest, o.since)
	if err != nil {
		return answer{}, err
	}
	if before.Request != o.claim.Request {
		return answer{}, &administration.Error{
			Kind: administration.Conflict, Text: "this Idempotency-Key was used for another request",
		}
	}
	if before.Answer == "" {
		done, err := again(r, before.Object)
		if errors.Is(err, store.ErrNotFound) { // not to be taken for a request that never came
			err = &administration.Error{
				Kind: administration.NotFound, Text: "what this request made is not there any more",
			}
		}
		return done, err
	}
	text, err := base64.RawStdEncoding.DecodeString(before.Answer)
	if err == nil {
		text, err = o.seal.Open(nil, nil, text, []byte(o.claim.Request))
	}
	var first sealed
	if err == nil {
		err = json.Unmarshal(text, &first)
	}
	if first.Value == nil {
		return answer{status: first.Status}, err
	}
	return answer{status: first.Status, value: first.Value, tag: first.Tag}, err
}

// keep keeps the answer to a request that changed something.
func (o *once) keep(ctx context.Context, done answer) error {
	first := sealed{Status: done.status, Tag: done.tag}
	var err error
	if done.value != nil {
		if first.Value, err = json.Marshal(done.value); err != nil {
			return err
		}
	}
	text, err := json.Marshal(first)
	if err != nil {
		return err
	}
	text = o.seal.Seal(nil, nil, text, []byte(o.claim.Request))
	return o.Store.Update(ctx, func(tx store.Tx) error {
		return records.AnswerClaim(ctx, tx, o.claim.Digest, base64.RawStdEncoding.EncodeToString(text))
	})
}

// once answers a request with an Idempotency-Key: one that comes again is answered as
// the first was, and does nothing.
func (a *API) once(r *request, token, key string, handle handler, again repeat) (answer, error) {
	if len(key) > maxKey {
		return answer{}, &administration.Error{
			Kind: administration.Invalid, Text: "the Idempotency-Key is longer than " + strconv.Itoa(maxKey) + " bytes",
		}
	}
	o, err := newOnce(r, token, key)
	if err != nil {
		return answer{}, err
	}
	if first, err := o.before(r, again); !errors.Is(err, store.ErrNotFound) {
		return first, err
	}
	plain := r.admin
	r.admin = plain.On(o)
	done, err := handle(r)
	r.admin = plain
	if err != nil {
		// Another one may have come first: then what is there by now is no mistake.
		if first, other := o.before(r, again); !errors.Is(other, store.ErrNotFound) {
			return first, other
		}
		return done, err
	}
	if !o.taken {
		return done, nil
	}
	if err := o.keep(context.WithoutCancel(r.Context()), done); err != nil {
		// The change is made: who asks again is answered by what is there then.
		a.Log.Warn("the answer to a request with an Idempotency-Key was not kept", "path", r.URL.Path, "error", err)
	}
	return done, nil
}

// nothing repeats a request that is answered with nothing.
func nothing(*request, string) (answer, error) { return answer{}, nil }

// added repeats a request that added an object.
func added[O any](read func(*administration.Administrator, context.Context, string) (O, error)) repeat {
	return func(r *request, object string) (answer, error) {
		found, err := read(r.admin, r.Context(), object)
		return answer{status: http.StatusCreated, value: found}, err
	}
}

// changed repeats a request that changed an object.
func changed[O any](read func(*administration.Administrator, context.Context, string) (O, error),
	stated func(O) any) repeat {
	return func(r *request, object string) (answer, error) {
		found, err := read(r.admin, r.Context(), object)
		return answer{value: found, tag: administration.Tag(stated(found))}, err
	}
}

// quietly repeats a request that finds what it did before, and does it no further: it was
// in the audit the first time.
func quietly(handle handler) repeat {
	return func(r *request, _ string) (answer, error) {
		plain := r.admin
		defer func() { r.admin = plain }()
		r.admin = plain.On(quiet{plain.Store})
		return handle(r)
	}
}

// quiet is a store without audit.
type quiet struct{ store.Store }

// Update changes something that was changed and noted before.
func (q quiet) Update(ctx context.Context, f func(store.Tx) error) error {
	return q.Store.Update(ctx, func(tx store.Tx) error { return f(quietTx{tx}) })
}

type quietTx struct{ store.Tx }

// AddAudit notes nothing.
func (quietTx) AddAudit(store.Audit) error { return nil }

// lost is for what can neither be found nor done in the same way again.
func lost(*request, string) (answer, error) {
	return answer{}, &administration.Error{
		Kind: administration.Conflict,
		Text: "this was done, and its answer was lost with the server; ask with another Idempotency-Key",
	}
}
