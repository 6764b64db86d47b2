// Command attack attacks the client's store at its system calls: it runs a
// victim (a process that records, submits and closes) once to learn which calls
// touch its data directory, and then once for each call and each thing that can
// happen to it: it fails, it is done in half, it is done and says that it
// failed, it fails from now on, or the process is killed right before, in or
// after it. After each attack one more process, undisturbed, submits what is
// left in the directory, and a judge compares what was acknowledged with what
// the server counted. docs/reliability.md says more.
//
// Run it with build/campaign attack, which builds what it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	Seed    uint64
	Points  int
	Stride  int
	Workers int
	MaxTime time.Duration
	Only    string
	Point   string
	Victim  string
	Control bool
	List    bool
	Keep    bool
	JSON    bool
}

const usage = `usage: build/campaign attack [flags]

Attacks the client's store at its system calls, at a sample of all points, or at
each. Ends with 0 if the promise held everywhere, with 1 if not (then the
directories of those attacks are kept), with 2 if it could not run.

`

func main() {
	o := options{Seed: rand.Uint64() >> 12}
	flags := flag.NewFlagSet("attack", flag.ContinueOnError)
	flags.Usage = func() {
		_, _ = fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "which points are chosen; a new one by default")
	flags.IntVar(&o.Points, "points", 150, "how many points to attack; 0: all")
	flags.IntVar(&o.Stride, "stride", 1, "let lasting faults begin at every N-th call of a class only")
	flags.IntVar(&o.Workers, "workers", 2, "attacks at a time")
	flags.DurationVar(&o.MaxTime, "max-time", time.Hour, "when to stop, even if points are left")
	flags.StringVar(&o.Only, "only", "", "attack only points whose names match this regular expression")
	flags.StringVar(&o.Point, "point", "", "attack this one point, by the name that the report of a violation gives")
	flags.StringVar(&o.Victim, "victim", "out/bin/attack-victim", "the program to attack")
	flags.BoolVar(&o.Control, "control", false,
		"negative control: victims acknowledge what they hold back in memory; success is that losses are found")
	flags.BoolVar(&o.List, "list", false, "list how many points there are, and attack none")
	flags.BoolVar(&o.Keep, "keep", false, "keep all directories")
	flags.BoolVar(&o.JSON, "json", false, "print the summary as JSON")
	if err := flags.Parse(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			os.Exit(0)
		}
		os.Exit(2)
	}
	if flags.NArg() > 0 || o.Points < 0 || o.Stride < 1 || o.Workers < 1 {
		flags.Usage()
		os.Exit(2)
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		fmt.Println("attack: skipped: system calls can be traced on Linux on x86-64 only")
		os.Exit(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		code = 2
	}
	os.Exit(code)
}
