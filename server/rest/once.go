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
// is kept in the transaction that changes something, so neither two requests at once
// nor a server that dies in between do it twice. What was asked and answered may hold
// passwords and license keys: it is kept under keys made from the token, which the
// database does not hold.
type once struct {
	store.Store
	kept  records.Answer // without the answer
	since int64          // older ones are forgotten
	seal  cipher.AEAD
	taken bool // it is kept
}

// errTaken is the error of a change whose Idempotency-Key was used meanwhile.
var errTaken = errors.New("the Idempotency-Key is in use")

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
		kept: records.Answer{
			Digest: hex.EncodeToString(derive("key", key)), Request: hex.EncodeToString(derive("request", r.URL.Path, string(r.body))),
			CreatedAt: now.Unix(),
		},
	}, nil
}

// Update changes something, and keeps the key with it.
func (o *once) Update(ctx context.Context, f func(store.Tx) error) error {
	if o.taken {
		return o.Store.Update(ctx, f)
	}
	err := o.Store.Update(ctx, func(tx store.Tx) error {
		if err := records.AddAnswer(ctx, tx, o.kept, o.since); errors.Is(err, store.ErrExists) {
			return errTaken
		} else if err != nil {
			return err
		}
		return f(tx)
	})
	o.taken = err == nil
	return err
}

// sealed is an answer, as it is kept.
type sealed struct {
	Status int             `json:"status"`
	Value  json.RawMessage `json:"value,omitempty"`
}

// before gives the answer to a request that came before with the same key;
// store.ErrNotFound: none did.
func (o *once) before(ctx context.Context) (answer, error) {
	before, err := records.FindAnswer(ctx, o.Store, o.kept.Digest)
	if err != nil {
		return answer{}, err
	}
	switch {
	case before.CreatedAt <= o.since:
		return answer{}, store.ErrNotFound
	case before.Request != o.kept.Request:
		return answer{}, &administration.Error{Kind: administration.Conflict, Text: "this Idempotency-Key was used for another request"}
	case before.Answer == "":
		return answer{}, &administration.Error{
			Kind: administration.Conflict,
			Text: "a request with this Idempotency-Key is being answered, or was carried out and its answer lost; ask again in a moment, else look what is there",
		}
	}
	text, err := base64.RawStdEncoding.DecodeString(before.Answer)
	if err == nil {
		text, err = o.seal.Open(nil, nil, text, []byte(o.kept.Request))
	}
	var first sealed
	if err == nil {
		err = json.Unmarshal(text, &first)
	}
	if first.Value == nil {
		return answer{status: first.Status}, err
	}
	return answer{status: first.Status, value: first.Value}, err
}

// keep keeps the answer to a request that changed something.
func (o *once) keep(ctx context.Context, done answer) error {
	first := sealed{Status: done.status}
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
	text = o.seal.Seal(nil, nil, text, []byte(o.kept.Request))
	return o.Store.Update(ctx, func(tx store.Tx) error {
		return records.SetAnswer(ctx, tx, o.kept.Digest, base64.RawStdEncoding.EncodeToString(text))
	})
}

// once answers a request with an Idempotency-Key: one that comes again is answered as
// the first was, and does nothing.
func (a *API) once(r *request, token, key string, handle handler) (answer, error) {
	if len(key) > maxKey {
		return answer{}, &administration.Error{Kind: administration.Invalid, Text: "the Idempotency-Key is longer than " + strconv.Itoa(maxKey) + " bytes"}
	}
	o, err := newOnce(r, token, key)
	if err != nil {
		return answer{}, err
	}
	if first, err := o.before(r.Context()); !errors.Is(err, store.ErrNotFound) {
		return first, err
	}
	changing := *r.admin
	changing.Store = o
	r.admin = &changing
	done, err := handle(r)
	if errors.Is(err, errTaken) {
		return o.before(r.Context())
	}
	if err != nil || !o.taken {
		return done, err
	}
	return done, o.keep(context.WithoutCancel(r.Context()), done)
}
