// Command year measures how long what people look at takes on a server with a year
// of slots and millions of reports. See bench/README.md; build/bench year runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/openlts/openlts/bench/history"
	"github.com/openlts/openlts/server/store/copying"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/sqlite"
)

// options are how much there is, and how often it is looked at.
type options struct {
	history.Options
	directory string
	url       string
	rounds    int
	zones     string
	sqlite    bool
	postgres  bool
	json      string
	only      string
	profile   string
}

func main() {
	o := options{Options: history.Options{Seed: 1, Until: time.Now()}}
	flag.Int64Var(&o.Reports, "reports", 50_000_000, "about how many reports are stored")
	flag.IntVar(&o.Devices, "devices", 2400, "how many devices report")
	flag.IntVar(&o.Days, "days", 365, "over how many days")
	flag.IntVar(&o.rounds, "rounds", 7, "how often each view is looked at")
	flag.StringVar(&o.directory, "directory", "",
		"where the SQLite database is kept, made if it is not there; \"\": a temporary `directory`")
	flag.BoolVar(&o.sqlite, "sqlite", true, "look at the SQLite database")
	flag.BoolVar(&o.postgres, "postgres", true, "also PostgreSQL, if it is installed: the same, copied")
	flag.StringVar(&o.url, "url", "", "the `URL` of a PostgreSQL database that has it already")
	flag.StringVar(&o.zones, "zones", "UTC,Europe/Berlin,Asia/Kolkata", "the time `zones` of the statistics")
	flag.StringVar(&o.only, "only", "", "look at the views whose names have this `text` in them")
	flag.StringVar(&o.profile, "profile", "",
		"write to this `file` where the processor's time goes while they are looked at")
	flag.StringVar(&o.json, "json", "", "write all figures to this `file`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench/year:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.directory == "" {
		if o.directory, err = os.MkdirTemp(".", "data-year-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.directory)) }()
	}
	if err := fill(ctx, &o); err != nil {
		return err
	}
	told := time.Now()
	if err := history.Fold(ctx, o.directory, func(folded int64) {
		if time.Since(told) >= progressTime {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "the activity of %d rows is folded\n", folded)
		}
	}); err != nil {
		return err
	}
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	figures := map[string][]figure{}
	if o.sqlite {
		if figures["SQLite"], err = look(ctx, database.SQLite(o.directory), &o); err != nil {
			return err
		}
		show("SQLite", figures["SQLite"])
	}
	if o.postgres && o.url == "" {
		cluster, err := postgrestest.Make(ctx, false)
		if errors.Is(err, postgrestest.ErrMissing) {
			fmt.Println("skipped: the views on PostgreSQL:", err)
			o.postgres = false
		} else if err != nil {
			return err
		} else {
			defer func() { _ = cluster.Remove() }()
			if o.url, err = cluster.Fresh(ctx); err != nil {
				return err
			}
			if err := copyTo(ctx, o.directory, o.url); err != nil {
				return err
			}
		}
	}
	if o.postgres {
		if figures["PostgreSQL"], err = look(ctx, o.url, &o); err != nil {
			return err
		}
		show("PostgreSQL", figures["PostgreSQL"])
	}
	for name, list := range figures {
		fmt.Printf("slowest view on %s = %d ms\n", name, slowest(list).Median.Milliseconds())
	}
	if o.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(text, '\n'), 0o600)
}

// fill makes the history, unless it is there.
func fill(ctx context.Context, o *options) error {
	if _, err := os.Stat(filepath.Join(o.directory, sqlite.FileName)); err == nil {
		return nil
	}
	began, told := time.Now(), time.Time{}
	o.Progress = func(done, of int) {
		if time.Since(told) >= progressTime {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "day %d of %d is made\n", done+1, of)
		}
	}
	made, err := history.Fill(ctx, o.directory, o.Options)
	if err != nil {
		return err
	}
	file, err := os.Stat(filepath.Join(o.directory, sqlite.FileName))
	if err != nil {
		return err
	}
	fmt.Printf("%d reports of %d runs, %d units, in %.0f s; %d bytes a report\n",
		made.Reports, made.Runs, made.Units, time.Since(began).Seconds(), file.Size()/made.Reports)
	return nil
}

// progressTime is how long nothing is told at most.
const progressTime = 5 * time.Second

// copyTo copies the SQLite database to PostgreSQL.
func copyTo(ctx context.Context, directory, url string) error {
	s, err := sqlite.Open(ctx, directory, false)
	if err != nil {
		return err
	}
	told := time.Now()
	err = copying.Copy(ctx, s, url, func(what, table string, rows int64) {
		if time.Since(told) >= progressTime {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%s %d rows of %s\n", what, rows, table)
		}
	})
	return errors.Join(err, s.Close())
}
