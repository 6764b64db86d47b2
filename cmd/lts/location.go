package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/openlts/openlts/server/store/database"
)

// databaseVariable is the variable of the environment that names the database.
const databaseVariable = "LTS_DATABASE"

// location is where the data is, as the flags and the environment specify.
type location struct {
	data, database, file string
	flags                *pflag.FlagSet
}

func (l *location) addFlags(flags *pflag.FlagSet) {
	l.flags = flags
	flags.StringVar(&l.data, "data", "lts-data", "the `directory` of the SQLite database")
	flags.StringVar(&l.database, "database", "",
		"the `database`: sqlite:DIRECTORY or postgres://USER@HOST/NAME; also "+databaseVariable+" in the environment")
	flags.StringVar(&l.file, "database-file", "", "a `file` whose first line is the database, for one with a password")
}

// name returns the name of the database; see package database.
func (l *location) name() (string, error) {
	places := []string{"data", "database", "database-file"}
	var given []string
	for _, flag := range places {
		if l.flags.Changed(flag) {
			given = append(given, "--"+flag)
		}
	}
	if len(given) == 0 {
		for _, flag := range places {
			if os.Getenv(variable(flag)) != "" {
				given = append(given, variable(flag))
			}
		}
	}
	if len(given) > 1 {
		return "", fmt.Errorf("%s and %s both say where the state lives; give one of them", given[0], given[1])
	}
	data, file, from := l.data, l.file, "--data"
	if len(given) == 1 {
		from = given[0]
	}
	switch from {
	case "--database":
		return checked(from, l.database, true)
	case databaseVariable:
		return checked(from, os.Getenv(from), false)
	case variable("data"):
		data = os.Getenv(from)
	case variable("database-file"):
		file = os.Getenv(from)
	}
	if from == "--database-file" || from == variable("database-file") {
		name, err := database.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s: %w", from, err)
		}
		return checked(from, name, false)
	}
	return checked(from, database.SQLite(data), false)
}

// checked checks the name of a database. If everybody can see it, like arguments in a list of
// processes, it must not contain a password.
func checked(from, name string, visible bool) (string, error) {
	if visible && database.HasSecret(name) {
		return "", errors.New(from + " holds a password (or ':' before '@'), which everyone on this machine could " +
			"see; leave it to ~/.pgpass, PGPASSFILE or PGPASSWORD, " +
			"or put the whole URL into a file (--database-file) or into " + databaseVariable)
	}
	if err := database.Check(name); err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	return name, nil
}
