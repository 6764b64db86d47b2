// Command campaign tests the promise of exactly-once counting with real
// processes: clients in C and in Python that record on several threads, fork,
// are stopped and killed, against real servers that are killed as well, over a
// network that does what networks do. In the end the books of all sides must
// agree to the unit. docs/reliability.md says more.
//
// Run it with build/campaign, which builds what it needs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// What servers keep their state in.
const (
	sqliteDatabase   = "sqlite"
	postgresDatabase = "postgres"
)

// options are what the command line says.
type options struct {
	Seed     uint64        `json:"seed"`
	Faults   int64         `json:"faultsWanted"`
	Kills    int           `json:"killsWanted,omitempty"`
	Clients  int           `json:"clients"`
	Devices  int           `json:"devices"`
	Servers  int           `json:"servers"`
	Database string        `json:"database"` // sqlite or postgres
	MaxTime  time.Duration `json:"-"`
	Control  bool          `json:"control"`
	Damage   int           `json:"damage"`
	Only     string        `json:"only,omitempty"`
	Strict   bool          `json:"strict"`
	Keep     bool          `json:"-"`
	mistake  *mistake      // that is made on purpose; nil if none is
	JSON     bool          `json:"-"`
}

const usage = `usage: build/campaign [flags]         clients and servers under faults of all kinds
       build/campaign kill9 [flags]   one client after the other, killed in the middle of recording
       build/campaign attack [flags]  the client's store, attacked at each of its system calls
       build/campaign copies [RUNS]   two copies of the library in one process, and hosts that read its files

Ends with 0 if the books of clients, library and server agree to the unit, with
1 if they do not (then the directory with everything in it is kept), with 2 if
it could not run. The seed decides what is injected and how likely; processes
and their timing differ from run to run all the same.

`

func main() {
	o := options{Seed: rand.Uint64() >> 12}
	arguments := os.Args[1:]
	kill9 := len(arguments) > 0 && arguments[0] == "kill9"
	if kill9 {
		arguments = arguments[1:]
	}
	flags := flag.NewFlagSet("campaign", flag.ContinueOnError)
	flags.Usage = func() {
		_, _ = fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "seed; a new one by default")
	flags.Int64Var(&o.Faults, "faults", 300, "how many faults to inject")
	flags.IntVar(&o.Kills, "kills", 500, "kill9: how many kills")
	flags.IntVar(&o.Clients, "clients", 6, "clients at a time")
	flags.IntVar(&o.Devices, "devices", 3,
		"devices (data directories) in use at a time; new ones take the place of old ones")
	flags.IntVar(&o.Servers, "servers", 2, "servers on the one server directory or database")
	flags.StringVar(&o.Database, "database", sqliteDatabase,
		"what the servers keep their state in: sqlite, or postgres, whose server is made for this, and killed as well")
	flags.DurationVar(&o.MaxTime, "max-time", 30*time.Minute,
		"when to stop disturbing, even if there were too few faults")
	flags.BoolVar(&o.Control, "control", false,
		"negative controls: mistakes are made on purpose, and success is that each is found")
	flags.IntVar(&o.Damage, "damage", 0, "also damage files of so many dead devices, each on its own")
	flags.BoolVar(&o.Strict, "strict", false,
		"calls must not fail for want of the ledger where nobody holds it; needs a machine on which nothing else works")
	flags.StringVar(&o.Only, "only", "", "of the damages, only those whose names match this regular expression")
	flags.BoolVar(&o.Keep, "keep", false, "keep the directory in any case")
	flags.BoolVar(&o.JSON, "json", false, "print the summary as JSON")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			os.Exit(0)
		}
		os.Exit(2)
	}
	if flags.NArg() > 0 || o.Clients < 1 || o.Devices < 1 || o.Servers < 1 || o.Faults < 0 || o.Kills < 1 ||
		o.Damage < 0 ||
		o.Database != sqliteDatabase && o.Database != postgresDatabase {
		flags.Usage()
		os.Exit(2)
	}
	if err := adoptOrphans(); err != nil {
		fmt.Fprintln(os.Stderr, "campaign:", err)
		os.Exit(2)
	}
	made := []*mistake{nil}
	switch {
	case o.Control && kill9:
		made = []*mistake{heldBack}
	case o.Control:
		made = mistakes
	}
	code := 0
	for _, o.mistake = range made {
		code = max(code, run(o, kill9))
	}
	os.Exit(code)
}

func run(o options, kill9 bool) int {
	fmt.Fprintln(os.Stderr, "seed", o.Seed)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var s summary
	var l *laboratory
	var err error
	if kill9 {
		var k *kills
		k, err = runKills(ctx, o)
		l, s = k.laboratory, k.summary()
	} else {
		var c *campaign
		c, err = runCampaign(ctx, o)
		l, s = c.laboratory, c.summary()
	}
	s.judge(err == nil)
	if l != nil {
		l.close(o.Keep || s.Code == 1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "campaign:", err)
	}
	if o.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(s)
	} else {
		s.print(os.Stdout)
	}
	return s.Code
}
