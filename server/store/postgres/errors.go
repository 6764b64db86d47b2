package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/openlts/openlts/server/store"
)

// errConflict is the error of a group that conflicts with the changes of another one.
var errConflict = errors.New("another server changed the same rows")

// PostgreSQL's codes of errors.
const (
	codeConflict             = "22012" // division by zero: see batch.all
	codeUniqueViolation      = "23505"
	codeForeignKeyViolation  = "23503"
	codeSerializationFailure = "40001"
	codeDeadlock             = "40P01"
	codeReadOnly             = "25006"
	codeInvalidPassword      = "28P01"
	codeInvalidAuthorization = "28000"
	codeNoDatabase           = "3D000"
	codeNoSchema             = "3F000"
	codeNoPrivilege          = "42501"
	codeTooManyConnections   = "53300"
)

func codeOf(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// conflicting tells whether an error means that the group must be decided again.
func conflicting(err error) bool {
	switch codeOf(err) {
	case codeConflict, codeUniqueViolation, codeSerializationFailure, codeDeadlock:
		return true
	}
	return errors.Is(err, errConflict)
}

// away tells whether an error means that the database does not answer: it was stopped or never
// started, the connection is cut, or it became a replica.
func away(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	switch code := codeOf(err); {
	case code == codeReadOnly, code == codeTooManyConnections:
		return true
	case len(code) == 5:
		// Connection exceptions; an operator intervened, or the server is starting or stopping.
		return code[:2] == "08" || code[:3] == "57P"
	}
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// unavailable marks an error with ErrUnavailable if it means that.
func unavailable(err error) error {
	if err != nil && away(err) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// Repetitions of a group.
const (
	maxConflicts   = 100
	maxBroken      = 3 // connections in the pool that broke when the database was started anew
	longestBackoff = 20 * time.Millisecond
)

// repeat runs f until there is no conflict. After a broken connection, it tries another one: even
// if the group was stored and only the answer got lost, its operations are counted only once.
func repeat(ctx context.Context, f func() error) error {
	var conflicts, broken int
	for {
		err := f()
		switch {
		case err == nil:
			return nil
		case conflicting(err) && conflicts < maxConflicts:
			conflicts++
		case away(err) && broken < maxBroken && ctx.Err() == nil && !isConnect(err):
			broken++
		default:
			return unavailable(err)
		}
		select {
		case <-time.After(rand.N(min(longestBackoff, time.Duration(conflicts+broken)*time.Millisecond))):
		case <-ctx.Done():
			return unavailable(errors.Join(ctx.Err(), err))
		}
	}
}

func isConnect(err error) bool {
	var connect *pgconn.ConnectError
	return errors.As(err, &connect)
}

// explain tells what happened when a database was opened, and what to do. The error names the
// location of the database, but never a password.
func explain(config *pgxpool.Config, err error) error {
	c := config.ConnConfig
	where := fmt.Sprintf("the database %q of user %q at %s", c.Database, c.User, address(c.Host, c.Port))
	advice := ""
	switch codeOf(err) {
	case codeInvalidPassword, codeInvalidAuthorization:
		advice = "; check the user name and the password (in the password file, PGPASSWORD, or the file that " +
			"--database-file names) and the server's pg_hba.conf"
	case codeNoDatabase:
		advice = "; make it: createdb --owner=" + c.User + " " + c.Database
	case codeNoPrivilege, codeNoSchema:
		advice = "; the user must be allowed to make tables: let it own the database, or GRANT CREATE ON SCHEMA public"
	case codeTooManyConnections:
		advice = "; raise the server's max_connections, or limit those of each lts by ?pool_max_conns=4"
	case codeReadOnly:
		advice = "; it is a replica: name the primary, or all of them with ?target_session_attrs=read-write"
	case "":
		if isConnect(err) {
			advice = "; is the server running, and does it listen there?"
		}
	}
	return unavailable(fmt.Errorf("opening %s: %w%s", where, err, advice))
}

func address(host string, port uint16) string {
	if host != "" && (host[0] == '/' || host[0] == '@') {
		return fmt.Sprintf("the socket in %s, port %d", host, port)
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
