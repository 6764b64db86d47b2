package records

import (
	"context"

	"github.com/openlts/openlts/server/store"
)

// Claim tells that a change with an Idempotency-Key was made. It is stored in the same transaction
// as the change, so that either both exist or neither.
type Claim struct {
	Digest    string // of who asked and the key, in hex
	Request   string // digest of what was asked for, in hex
	Object    string // the id of what was changed
	Answer    string // for who asked alone; "": not known yet
	CreatedAt int64
}

// FindClaim finds a claim that was made after a moment; store.ErrNotFound.
func FindClaim(ctx context.Context, r store.Reader, digest string, after int64) (Claim, error) {
	var list []Claim
	err := r.Query(ctx, "SELECT digest, request, object, answer, created_at FROM idempotency WHERE digest = ? AND "+
		"created_at > ?", []any{digest, after},
		func(scan func(...any) error) error {
			var c Claim
			err := scan(&c.Digest, &c.Request, &c.Object, &c.Answer, &c.CreatedAt)
			list = append(list, c)
			return err
		})
	return one(list, err)
}

// AddClaim stores a claim, and deletes those that were made until a moment; store.ErrExists:
// somebody else was first.
func AddClaim(ctx context.Context, tx store.Tx, c Claim, until int64) error {
	if err := exec(ctx, tx, "DELETE FROM idempotency WHERE created_at <= ?", until); err != nil {
		return err
	}
	return exec(ctx, tx, "INSERT INTO idempotency (digest, request, object, answer, created_at) VALUES (?, ?, ?, ?, ?)",
		c.Digest, c.Request, c.Object, c.Answer, c.CreatedAt)
}

// AnswerClaim stores the answer.
func AnswerClaim(ctx context.Context, tx store.Tx, digest, answer string) error {
	return exec(ctx, tx, "UPDATE idempotency SET answer = ? WHERE digest = ?", answer, digest)
}
