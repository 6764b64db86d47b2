// Command server measures what a License Tracking Server takes on, beside the same
// HTTP server that stores nothing. See bench/README.md; build/bench server runs it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// options are how much is measured.
type options struct {
	rounds   int
	length   time.Duration // of a case in a round
	grown    int           // reports that are stored before the case "grown"
	seats    int           // devices on the list of the case "seats"
	json     string        // the file for all figures
	postgres bool
}

func main() {
	var o options
	serve := flag.String("serve", "", "serve a database, or `decode`, `journal` or `empty`; for the benchmark itself")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each case is measured")
	flag.DurationVar(&o.length, "length", 2*time.Second, "how long a case is measured in a round")
	flag.IntVar(&o.grown, "grown", 200_000, "how many reports are stored before the case that has some")
	flag.IntVar(&o.seats, "seats", 5000, "how many devices are on the item's list in the case that has one")
	flag.StringVar(&o.json, "json", "", "write all figures to this `file`")
	flag.BoolVar(&o.postgres, "postgres", true, "also PostgreSQL, if it is installed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *serve != "" {
		err = serveForever(ctx, *serve, flag.Args())
	} else {
		err = measure(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/server:", err)
		os.Exit(1)
	}
}

// closing are the lines at the end: a case, divided by another one of the same round.
var closing = []struct {
	name, over, under string
}{
	{"sqlite/ceiling", "sqlite single", "decode single"},
	{"journal/ceiling", "journal single", "decode single"},
	{"sqlite/journal", "sqlite single", "journal single"},
	{"batch100/empty", "sqlite batch100", "empty batch100"},
	{"postgres/sqlite", "postgres single", "sqlite single"},
	{"postgres2/postgres", "postgres2 batch100", "postgres batch100"},
	{"hot/cold sqlite", "sqlite single", "sqlite cold"},
	{"hot/cold postgres", "postgres single", "postgres cold"},
	{"sums/none", "sqlite single", "sqlite unsummed"},
	{"grown/empty", "sqlite grown", "sqlite single"},
	{"seats/none sqlite", "sqlite seats", "sqlite devices"},
	{"seats/none postgres", "postgres seats", "postgres devices"},
}

func measure(ctx context.Context, o options) error {
	directory, err := os.MkdirTemp(".", "data-server-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	b := &bench{ctx: ctx, options: o, directory: directory}
	defer b.end()
	if o.postgres {
		cluster, err := postgrestest.Make(ctx, true)
		if err != nil {
			fmt.Println("skipped: the cases on PostgreSQL:", err)
		} else {
			b.cluster = cluster
			defer func() { _ = cluster.Remove() }()
		}
	}
	cases, err := b.cases()
	if err != nil {
		return err
	}
	for _, c := range cases { // what is done once, such as planning statements, is done
		if _, err := c.run(o.length / 4); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	rates, busy := map[string][]float64{}, map[string][]float64{}
	for round := range o.rounds {
		order := slices.Clone(cases)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, c := range order {
			before := readTicks()
			rate, err := c.run(o.length)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			rates[c.name] = append(rates[c.name], rate*c.reports)
			busy[c.name] = append(busy[c.name], busySince(before))
		}
		fmt.Printf("round %d of %d\n", round+1, o.rounds)
	}
	if err := b.check(); err != nil {
		return err
	}
	fmt.Printf("\n%-22s %12s   %s\n", "", "median", "a second; least to most; how busy the processors are")
	for _, c := range cases {
		list := rates[c.name]
		fmt.Printf("%-22s %12.0f   %s; %.0f to %.0f; %s\n", c.name, median(list), c.unit, slices.Min(list),
			slices.Max(list), busyText(median(busy[c.name])))
	}
	fmt.Println()
	ratios := map[string]float64{}
	for _, line := range closing {
		over, under := rates[line.over], rates[line.under]
		if len(over) == 0 || len(under) == 0 {
			continue
		}
		var each []float64
		for i := range over {
			each = append(each, over[i]/under[i])
		}
		ratios[line.name] = median(each)
		fmt.Printf("ratio %s = %.2f\n", line.name, ratios[line.name])
	}
	if o.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(map[string]any{"rates": rates, "ratios": ratios}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(text, '\n'), 0o600)
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
