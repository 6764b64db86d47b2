package rest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
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

// maxKey is how many bytes an Idempotency-Key has at most.
const maxKey = 255

// repeat answers a request that came before, when what it was answered with is not
// kept yet, or is nothing: by the object that it changed.
type repeat func(r *request, object string) (answer, error)

// errRepeated ends the transaction of a change that was made before.
var errRepeated = errors.New("the request came before")

// once answers a request with an Idempotency-Key: one that comes again is answered as
// the first was, and does nothing. The key is claimed in the transaction of the change
// itself, so of several requests at once one acts, and a crash leaves both or neither.
func (a *API) once(r *request, who administration.Principal, key string, handle handler, again repeat) (answer, error) {
	if len(key) > maxKey {
		return answer{}, &administration.Error{Kind: administration.Invalid, Text: "the Idempotency-Key is longer than " + strconv.Itoa(maxKey) + " bytes"}
	}
	ctx, now := r.Context(), a.Administrator.Now()
	name := sha256.Sum256([]byte(who.Name + "\n" + key))
	// Bodies hold session passwords: who finds this digest can't try them without the key.
	asked := hmac.New(sha256.New, []byte(key))
	asked.Write([]byte(r.URL.Path + "\n" + string(r.body)))
	claim := records.Claim{Digest: hex.EncodeToString(name[:]), Request: hex.EncodeToString(asked.Sum(nil)), CreatedAt: now.Unix()}
	if before, err := a.before(r, claim, again); err == nil || !errors.Is(err, store.ErrNotFound) {
		return before, err
	}
	r.admin = r.admin.On(&claimingStore{r.admin.Store, claim, now.Add(-idempotencyTime).Unix()})
	done, err := handle(r)
	if err != nil {
		// Another one may have come first: then what is there now is no mistake.
		if before, other := a.before(r, claim, again); !errors.Is(other, store.ErrNotFound) {
			return before, other
		}
		return done, err
	}
	if done.value == nil {
		return done, nil
	}
	text, err := json.Marshal(done.value)
	if err != nil {
		return answer{}, err
	}
	err = a.Administrator.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return records.AnswerClaim(ctx, tx, claim.Digest, string(text))
	})
	if err != nil { // the change is made; who asks again sees the object as it is then
		a.Log.Warn("the answer to a request with an Idempotency-Key was not kept", "path", r.URL.Path, "error", err)
	}
	return done, nil
}

// before answers as a request was before; store.ErrNotFound if it was not.
func (a *API) before(r *request, claim records.Claim, again repeat) (answer, error) {
	found, err := records.FindClaim(r.Context(), a.Administrator.Store, claim.Digest, claim.CreatedAt-int64(idempotencyTime/time.Second))
	if err != nil {
		return answer{}, err
	}
	if found.Request != claim.Request {
		return answer{}, &administration.Error{Kind: administration.Conflict, Text: "this Idempotency-Key was used for another request"}
	}
	if found.Answer != "" {
		return answer{status: http.StatusCreated, value: json.RawMessage(found.Answer)}, nil
	}
	done, err := again(r, found.Object)
	if errors.Is(err, store.ErrNotFound) { // not to be taken for a request that never came
		err = &administration.Error{Kind: administration.NotFound, Text: "what this request made is not there any more"}
	}
	return done, err
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

// claimingStore claims an Idempotency-Key in the transaction of the change. Every change
// has its audit in its transaction, and the object in that: no change slips by.
type claimingStore struct {
	store.Store
	claim records.Claim
	until int64 // claims that were made until then are forgotten
}

// Update claims the key if f changes anything.
func (s *claimingStore) Update(ctx context.Context, f func(store.Tx) error) error {
	return s.Store.Update(ctx, func(tx store.Tx) error { return f(&claimingTx{Tx: tx, ctx: ctx, of: s}) })
}

type claimingTx struct {
	store.Tx
	ctx     context.Context //nolint:containedctx // that of the transaction, which AddAudit has no parameter for
	of      *claimingStore
	claimed bool
}

// AddAudit claims the key for the object.
func (t *claimingTx) AddAudit(audit store.Audit) error {
	if !t.claimed {
		claim := t.of.claim
		claim.Object = audit.Object
		err := records.AddClaim(t.ctx, t.Tx, claim, t.of.until)
		if errors.Is(err, store.ErrExists) {
			return errRepeated
		}
		if err != nil {
			return err
		}
		t.claimed = true
	}
	return t.Tx.AddAudit(audit)
}
