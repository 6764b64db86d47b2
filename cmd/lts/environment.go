package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openlts/openlts/server/store/database"
)

// variablePrefix is the prefix of the environment variables that correspond to flags.
const variablePrefix = "LTS_"

// variable returns the variable for a flag.
func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// applyEnvironment sets the flags that the environment has variables for. Flags that were given on
// the command line stay. An empty variable is ignored.
func applyEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) (set []string, err error) {
	flags.VisitAll(func(flag *pflag.Flag) {
		value, ok := lookup(variable(flag.Name))
		if !ok || value == "" || flag.Changed || flag.Name == "help" || err != nil {
			return
		}
		if e := flags.Set(flag.Name, value); e != nil {
			err = fmt.Errorf("the variable %s: %w", variable(flag.Name), e)
			return
		}
		set = append(set, flag.Name)
	})
	return set, err
}

// Where the value of a setting comes from, the first of these that has one.
const (
	fromFlag        = "flag"
	fromEnvironment = "environment"
	fromFile        = "file"
	fromDefault     = "default"
)

// resolve gives the flags of serve the values that the command line, the environment and
// the settings file have for them, and tells where each came from. given are those that
// the file can't change.
func (f *serveFlags) resolve(flags *pflag.FlagSet) (given, sources map[string]string, err error) {
	given, sources = map[string]string{}, map[string]string{}
	flags.VisitAll(func(flag *pflag.Flag) {
		sources[flag.Name] = fromDefault
		if flag.Changed {
			sources[flag.Name] = fromFlag
		}
	})
	set, err := applyEnvironment(flags, os.LookupEnv)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range set {
		sources[name] = fromEnvironment
	}
	// Not Visit: this may be a part of the command's flags, which does not know of those
	// that were set.
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed {
			given[flag.Name] = valueOf(flag)
		}
	})
	if f.settings != "" {
		fixed := func(name string) bool { _, ok := given[name]; return ok }
		if err := readSettings(f.settings, flags, fixed); err != nil {
			return nil, nil, err
		}
		flags.VisitAll(func(flag *pflag.Flag) {
			if flag.Changed && !fixed(flag.Name) {
				sources[flag.Name] = fromFile
			}
		})
	}
	return given, sources, nil
}

// valueOf is the value of a flag as it can be set again: that of a list is shown in
// brackets, which would become part of it.
func valueOf(flag *pflag.Flag) string {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return strings.Join(list.GetSlice(), ",")
	}
	return flag.Value.String()
}

func (a *app) config() *cobra.Command {
	var f serveFlags
	check := &cobra.Command{
		Use: "check", Short: "Check how lts serve is configured, and show it", Args: cobra.NoArgs,
		Long: `Check how "lts serve" would start with these flags, this environment and this settings
file, without starting it, and show each setting and where it comes from. The first of
these counts: the flag, the variable of the environment (LTS_LISTEN for --listen), the
settings file, the default.`,
		Example: `  lts config check
  lts config check --settings /etc/lts/settings`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags := cmd.LocalNonPersistentFlags()
			_, sources, err := f.resolve(flags)
			if err != nil {
				return err
			}
			name, err := a.location.name()
			if err != nil {
				return err
			}
			if err := f.checkAll(); err != nil {
				return err
			}
			if a.json {
				type setting struct {
					Value string `json:"value"`
					From  string `json:"from"`
				}
				all := map[string]setting{}
				flags.VisitAll(func(flag *pflag.Flag) { all[flag.Name] = setting{valueOf(flag), sources[flag.Name]} })
				delete(all, "help")
				return printJSON(cmd.OutOrStdout(), all)
			}
			t := newTable(cmd.OutOrStdout(), "SETTING", "VALUE", "FROM")
			flags.VisitAll(func(flag *pflag.Flag) {
				if flag.Name != "help" {
					t.row(flag.Name, valueOf(flag), sources[flag.Name])
				}
			})
			if directory := database.Directory(name); directory != "" {
				t.row("(database)", "SQLite in "+directory, "")
			} else {
				t.row("(database)", "PostgreSQL", "")
			}
			if err := t.end(); err != nil {
				return err
			}
			for _, unknown := range unknownVariables(flags, os.Environ()) {
				if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "lts: the variable %s is not a setting and is ignored\n",
					unknown); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f.add(check.Flags())
	return group("config", "How lts serve is configured", check)
}

// unknownVariables returns the environment variables that look like settings but are none. They are
// no error, because Kubernetes sets such variables for a service with the name lts.
func unknownVariables(flags *pflag.FlagSet, environment []string) (unknown []string) {
	known := []string{databaseVariable, variable("data"), variable("database-file")}
	flags.VisitAll(func(flag *pflag.Flag) { known = append(known, variable(flag.Name)) })
	for _, each := range environment {
		name, _, _ := strings.Cut(each, "=")
		if strings.HasPrefix(name, variablePrefix) && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
