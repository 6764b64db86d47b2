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

// idempotencyTime is how long a repeated request with an Idempotency-Key gets the same answer.
const idempotencyTime = 24 * time.Hour

// maxKey is the longest Idempotency-Key, in bytes.
const maxKey = 255

// once is a request with an Idempotency-Key, which makes its change only once. The transaction of
// the change claims the key, so neither two simultaneous requests nor a server that dies in between
// make it twice. Requests and answers may contain passwords and license keys, so they are stored
// encrypted with keys derived from the token, which the database does not contain.
type once struct {
	store.Store
	claim records.Claim // without object and answer
	since int64         // older claims are deleted
	seal  cipher.AEAD
	taken bool // this request made the claim
}

// errTaken ends the transaction of a change that another request made.
var errTaken = errors.New("the Idempotency-Key is in use")

// repeat answers a request that was carried out but whose answer is missing, because it is not
// stored yet or was lost with the server. It uses the object that was changed.
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

// Update claims the key together with the change of f. Each change writes its audit, which names
// the object, in the same transaction, so no change is missed; a transaction that only reads claims
// nothing.
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

// claimingTx claims the key of a request with the first change.
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

// sealed is a stored answer.
type sealed struct {
	Status int             `json:"status"`
	Value  json.RawMessage `json:"value,omitempty"`
	Tag    string          `json:"tag,omitempty"`
}

// before gives the answer to an earlier request with the same key; the error is store.ErrNotFound
// if there was none.
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
		if errors.Is(err, store.ErrNotFound) { // must not look like a request that never came
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

// keep stores the answer to a request that changed something.
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

// once answers a request with an Idempotency-Key: a repeated one gets the answer of the first, and
// does nothing.
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
		// Another request with this key may have been first: then it is no mistake that the object
		// exists by now.
		if first, other := o.before(r, again); !errors.Is(other, store.ErrNotFound) {
			return first, other
		}
		return done, err
	}
	if !o.taken {
		return done, nil
	}
	if err := o.keep(context.WithoutCancel(r.Context()), done); err != nil {
		// The change is made: a repeated request is answered from the object as it is then.
		a.Log.Warn("the answer to a request with an Idempotency-Key was not kept", "path", r.URL.Path, "error", err)
	}
	return done, nil
}

// nothing repeats a request that has an empty answer.
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

// quietly repeats a request that changes nothing the second time, without another audit row.
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

// Update repeats a change that was made and audited before.
func (q quiet) Update(ctx context.Context, f func(store.Tx) error) error {
	return q.Store.Update(ctx, func(tx store.Tx) error { return f(quietTx{tx}) })
}

type quietTx struct{ store.Tx }

// AddAudit does nothing.
func (quietTx) AddAudit(store.Audit) error { return nil }

// lost is for requests whose result can neither be found nor made again.
func lost(*request, string) (answer, error) {
	return answer{}, &administration.Error{
		Kind: administration.Conflict,
		Text: "this was done, and its answer was lost with the server; ask with another Idempotency-Key",
	}
}
