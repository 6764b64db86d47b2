package records

import (
	"context"

	"github.com/openlts/openlts/server/store"
)

// Account is a user of the pages.
type Account struct {
	Key          store.ID
	Name         string
	Role         string
	Organization string // id; "": all
	Password     string // argon2id in PHC format
	CreatedAt    int64
	SeenAt       int64 // 0: never
}

const accountColumns = `SELECT a.id, a.name, a.role, coalesce(o.public_id, ''), a.password, a.created_at, a.seen_at
	FROM account a LEFT JOIN organization o ON o.id = a.organization`

func accounts(ctx context.Context, r store.Reader, condition string, arguments ...any) (list []Account, err error) {
	err = r.Query(ctx, accountColumns+condition, arguments, func(scan func(...any) error) error {
		var a Account
		err := scan(&a.Key, &a.Name, &a.Role, &a.Organization, &a.Password, &a.CreatedAt, &a.SeenAt)
		list = append(list, a)
		return err
	})
	return list, err
}

// Accounts lists all accounts.
func Accounts(ctx context.Context, r store.Reader) ([]Account, error) {
	return accounts(ctx, r, " ORDER BY a.name")
}

// AccountByName finds an account; store.ErrNotFound.
func AccountByName(ctx context.Context, r store.Reader, name string) (Account, error) {
	return one(accounts(ctx, r, " WHERE a.name = ?", name))
}

func one[R any](list []R, err error) (R, error) {
	var none R
	if err != nil {
		return none, err
	}
	if len(list) == 0 {
		return none, store.ErrNotFound
	}
	return list[0], nil
}

// organizationKey is the SQL for the key of an organization, which may be none.
const organizationKey = "(SELECT id FROM organization WHERE public_id = ?)"

// AddAccount adds an account; store.ErrExists.
func AddAccount(ctx context.Context, tx store.Tx, a Account) error {
	return exec(ctx, tx, "INSERT INTO account (name, role, organization, password, created_at, seen_at) VALUES (?, ?, "+
		organizationKey+", ?, ?, 0)",
		a.Name, a.Role, a.Organization, a.Password, a.CreatedAt)
}

// ChangeAccount changes the role and the organization of an account.
func ChangeAccount(ctx context.Context, tx store.Tx, a Account) error {
	return exec(ctx, tx, "UPDATE account SET role = ?, organization = "+organizationKey+" WHERE id = ?", a.Role,
		a.Organization, a.Key)
}

// SetPassword changes the password of an account.
func SetPassword(ctx context.Context, tx store.Tx, account store.ID, password string) error {
	return exec(ctx, tx, "UPDATE account SET password = ? WHERE id = ?", password, account)
}

// RemoveAccount removes an account with its sessions.
func RemoveAccount(ctx context.Context, tx store.Tx, account store.ID) error {
	if err := EndSessions(ctx, tx, account, ""); err != nil {
		return err
	}
	return exec(ctx, tx, "DELETE FROM account WHERE id = ?", account)
}

// Session is a browser that is signed in.
type Session struct {
	Digest    string // SHA-256 of its id, in hex
	Account   Account
	CreatedAt int64
	SeenAt    int64
}

// FindSession finds a session; store.ErrNotFound.
func FindSession(ctx context.Context, r store.Reader, digest string) (Session, error) {
	var list []Session
	err := r.Query(ctx, `SELECT s.digest, s.created_at, s.seen_at, a.id, a.name, a.role, coalesce(o.public_id, ''), a.password, a.created_at, a.seen_at
		FROM session s JOIN account a ON a.id = s.account LEFT JOIN organization o ON o.id = a.organization WHERE s.digest = ?`,
		[]any{digest}, func(scan func(...any) error) error {
			var s Session
			a := &s.Account
			err := scan(&s.Digest, &s.CreatedAt, &s.SeenAt, &a.Key, &a.Name, &a.Role, &a.Organization, &a.Password,
				&a.CreatedAt, &a.SeenAt)
			list = append(list, s)
			return err
		})
	return one(list, err)
}

// AddSession adds a session, and records that its account was active.
func AddSession(ctx context.Context, tx store.Tx, s Session) error {
	err := exec(ctx, tx, "INSERT INTO session (digest, account, created_at, seen_at) VALUES (?, ?, ?, ?)", s.Digest,
		s.Account.Key, s.CreatedAt, s.SeenAt)
	if err != nil {
		return err
	}
	return exec(ctx, tx, "UPDATE account SET seen_at = ? WHERE id = ?", s.SeenAt, s.Account.Key)
}

// TouchSession records when a session was last used.
func TouchSession(ctx context.Context, tx store.Tx, s Session, at int64) error {
	if err := exec(ctx, tx, "UPDATE session SET seen_at = ? WHERE digest = ?", at, s.Digest); err != nil {
		return err
	}
	return exec(ctx, tx, "UPDATE account SET seen_at = ? WHERE id = ?", at, s.Account.Key)
}

// EndSession ends a session, if there is one.
func EndSession(ctx context.Context, tx store.Tx, digest string) error {
	return exec(ctx, tx, "DELETE FROM session WHERE digest = ?", digest)
}

// EndSessions ends the sessions of an account, except one.
func EndSessions(ctx context.Context, tx store.Tx, account store.ID, but string) error {
	return exec(ctx, tx, "DELETE FROM session WHERE account = ? AND digest <> ?", account, but)
}

// DropSessions deletes sessions that began or were last used too long ago.
func DropSessions(ctx context.Context, tx store.Tx, madeBefore, seenBefore int64) error {
	return exec(ctx, tx, "DELETE FROM session WHERE created_at < ? OR seen_at < ?", madeBefore, seenBefore)
}

// Token is a token with which a program uses the API.
type Token struct {
	ID           string
	Digest       string // SHA-256 of the token, in hex
	Name         string
	Scope        string
	Organization string // id; "": all
	CreatedBy    string
	CreatedAt    int64
	ExpiresAt    int64 // 0: never
	SeenAt       int64 // 0: never
}

func tokens(ctx context.Context, r store.Reader, condition string, arguments ...any) (list []Token, err error) {
	err = r.Query(ctx, `SELECT t.public_id, t.digest, t.name, t.scope, coalesce(o.public_id, ''), t.created_by, t.created_at, t.expires_at, t.seen_at
		FROM api_token t LEFT JOIN organization o ON o.id = t.organization`+condition, arguments,
		func(scan func(...any) error) error {
			var t Token
			err := scan(&t.ID, &t.Digest, &t.Name, &t.Scope, &t.Organization, &t.CreatedBy, &t.CreatedAt,
				&t.ExpiresAt, &t.SeenAt)
			list = append(list, t)
			return err
		})
	return list, err
}

// Tokens lists all tokens.
func Tokens(ctx context.Context, r store.Reader) ([]Token, error) {
	return tokens(ctx, r, " ORDER BY t.id")
}

// FindToken finds a token by its digest; store.ErrNotFound.
func FindToken(ctx context.Context, r store.Reader, digest string) (Token, error) {
	return one(tokens(ctx, r, " WHERE t.digest = ?", digest))
}

// AddToken adds a token.
func AddToken(ctx context.Context, tx store.Tx, t Token) error {
	return exec(ctx, tx, `INSERT INTO api_token (public_id, digest, name, scope, organization, created_by, created_at, expires_at, seen_at)
		VALUES (?, ?, ?, ?, `+organizationKey+`, ?, ?, ?, 0)`, t.ID, t.Digest, t.Name, t.Scope, t.Organization,
		t.CreatedBy, t.CreatedAt, t.ExpiresAt)
}

// TouchToken records when a token was last used.
func TouchToken(ctx context.Context, tx store.Tx, digest string, at int64) error {
	return exec(ctx, tx, "UPDATE api_token SET seen_at = ? WHERE digest = ?", at, digest)
}

// RemoveToken removes a token; store.ErrNotFound.
func RemoveToken(ctx context.Context, tx store.Tx, id string) error {
	n, err := tx.Exec(ctx, "DELETE FROM api_token WHERE public_id = ?", id)
	if err == nil && n == 0 {
		err = store.ErrNotFound
	}
	return err
}

// AddSetUpLink stores the digest of a link with which the first account can be made, and deletes
// expired links.
func AddSetUpLink(ctx context.Context, tx store.Tx, digest string, now, expiresAt int64) error {
	if err := exec(ctx, tx, "DELETE FROM set_up_link WHERE expires_at <= ?", now); err != nil {
		return err
	}
	return exec(ctx, tx, "INSERT INTO set_up_link (digest, expires_at) VALUES (?, ?)", digest, expiresAt)
}

// SetUpLink tells whether there is such a link that has not expired.
func SetUpLink(ctx context.Context, r store.Reader, digest string, now int64) (bool, error) {
	found, err := texts(ctx, r, "SELECT digest FROM set_up_link WHERE digest = ? AND expires_at > ?", digest, now)
	return len(found) > 0, err
}

// DropSetUpLinks deletes all links.
func DropSetUpLinks(ctx context.Context, tx store.Tx) error {
	return exec(ctx, tx, "DELETE FROM set_up_link")
}
