// Package database opens a store by its name, whatever kind of database it is.
package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/sqlite"
)

// Schemes of the names of databases.
const sqliteScheme = "sqlite:"

// maxName is the longest name, in bytes.
const maxName = 4096

// SQLite is the name of the SQLite database in a directory.
func SQLite(directory string) string { return sqliteScheme + directory }

// Directory returns the directory of a SQLite database, and "" for others.
func Directory(name string) string {
	directory, _ := strings.CutPrefix(name, sqliteScheme)
	if directory == name {
		return ""
	}
	return directory
}

// Check tells what is wrong with a name. The error can be shown, because it contains no part of a
// password.
func Check(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("the name of the database is longer than %d bytes", maxName)
	case postgres.IsURL(name):
		_, err := postgres.ParseURL(name)
		return err
	case strings.HasPrefix(name, sqliteScheme):
		if directory := Directory(name); directory == "" || strings.Contains(directory, "\x00") {
			return errors.New("sqlite: is followed by the directory of the database, as in sqlite:/var/lib/lts")
		}
		return nil
	}
	return errors.New("a database is named by sqlite:DIRECTORY or postgres://USER@HOST/DATABASE")
}

// HasSecret tells whether a name contains a password.
func HasSecret(name string) bool {
	return !strings.HasPrefix(name, sqliteScheme) && postgres.HasPassword(name)
}

// Open opens the database with a name. With create, it creates the tables if there are none.
func Open(ctx context.Context, name string, create bool) (store.Store, error) {
	if err := Check(name); err != nil {
		return nil, err
	}
	// An interface that holds a nil pointer is not nil: hence not just "return".
	if directory := Directory(name); directory != "" {
		s, err := sqlite.Open(ctx, directory, create)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := postgres.Open(ctx, name, create)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// ReadFile reads a name, which may contain a password, from the first line of a file.
func ReadFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxName+2))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	name, _, _ := strings.Cut(string(text), "\n")
	if name = strings.TrimSpace(name); name == "" {
		return "", fmt.Errorf(
			"%s is empty; its first line names the database, such as postgres://lts:PASSWORD@db.example.com/lts", path)
	}
	return name, nil
}
