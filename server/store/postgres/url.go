package postgres

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// errURL is all that is said of a URL that can't be read: any part of it may be
// a part of a password.
var errURL = errors.New("this is not the URL of a PostgreSQL database. Write " +
	"postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full, or " +
	"postgres:///DATABASE?host=/run/postgresql for a socket; in a name or password, %3A stands for ':', %2F for '/', " +
	"%40 for '@', %25 for '%'")

// IsURL tells whether a text is meant to be the URL of a PostgreSQL database.
func IsURL(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && (scheme == "postgres" || scheme == "postgresql")
}

// HasPassword tells whether a URL holds a password, or may: also one that can't be
// read, in which a password may hold anything.
func HasPassword(text string) bool {
	_, rest, _ := strings.Cut(text, "://")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 && strings.ContainsRune(rest[:i], ':') {
		return true
	}
	_, rest, _ = strings.Cut(rest, "?")
	query, err := url.ParseQuery(rest)
	return err != nil || query.Has("password") || query.Has("sslpassword")
}

// ParseURL reads the URL of a database: postgres:// with what libpq understands.
// What it leaves out comes from libpq's environment (PGHOST, PGPASSWORD, ...), its
// password file and its service file. The error holds nothing of the URL.
func ParseURL(text string) (*pgxpool.Config, error) {
	if !IsURL(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, errURL
	}
	if _, err := url.Parse(text); err != nil {
		return nil, errURL
	}
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, errURL
	}
	parameters := config.ConnConfig.RuntimeParams
	set := func(name, value string) {
		if _, ok := parameters[name]; !ok {
			parameters[name] = value
		}
	}
	set("application_name", "lts")
	// A server that hangs within a transaction must not hold up the others.
	set("idle_in_transaction_session_timeout", "60s")
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		// An answer must outlive a power cut, whatever the database's default is. And queries
		// are over before they could be compiled.
		_, err := conn.Exec(ctx, `SELECT set_config(name, setting, false) FROM (VALUES ('jit', 'off'),
			('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'))) AS s(name, setting)`)
		return err
	}
	return config, nil
}

// forWriting gives the same database to groups of requests. Each of their
// statements finds rows by their keys, whatever PostgreSQL has learned of the sizes
// of tables yet: it plans each once for a connection, and must not plan it for
// tables that are still empty.
func forWriting(config *pgxpool.Config) *pgxpool.Config {
	writing := config.Copy()
	connected := config.AfterConnect
	writing.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if err := connected(ctx, conn); err != nil {
			return err
		}
		_, err := conn.Exec(ctx,
			`SELECT set_config(name, setting, false) FROM (VALUES ('plan_cache_mode', 'force_generic_plan'),
			('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off')) AS s(name, setting)`)
		return err
	}
	return writing
}
