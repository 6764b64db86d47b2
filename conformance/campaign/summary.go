package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// summary is what a run came to.
type summary struct {
	options
	Seconds          float64         `json:"seconds"`
	FaultsInjected   int64           `json:"faultsInjected"`
	FaultsByKind     map[fault]int64 `json:"faultsByKind"`
	KillsOfClients   int64           `json:"killsOfClients"`
	ServerRestarts   int64           `json:"serverRestarts"`
	DatabaseRestarts int64           `json:"databaseRestarts,omitempty"`
	ClientsStarted   int             `json:"clientsStarted"`
	Licenses         int64           `json:"licensesOpened"`
	DevicesUsed      int             `json:"devicesUsed"`
	Operations       int64           `json:"operations"`   // acknowledged to clients
	Counted          int64           `json:"counted"`      // by the server
	Lost             int64           `json:"declaredLost"` // to the server, by report
	Batches          int             `json:"reportBatches,omitempty"`
	Replayed         int             `json:"oldReportsReplayed,omitempty"`
	Reports          int64           `json:"reports"` // that the server holds and verified
	Directory        string          `json:"directory,omitempty"`
	Violations       []violation     `json:"violations"`
	Verdict          string          `json:"verdict"`
	Code             int             `json:"exitCode"`
}

func (c *campaign) summary() summary {
	s := summary{options: c.options}
	s.Kills = 0
	if c.laboratory != nil {
		s.fromLaboratory(c.laboratory)
	}
	s.ClientsStarted, s.Licenses, s.DevicesUsed = c.clients, c.licenses, len(c.all)
	s.Operations, s.Counted, s.Lost = c.operations, c.serverSays.Total, c.serverSays.Lost
	s.Reports, s.Replayed = c.serverSays.Verified.Reports, c.replayed
	if c.proxy != nil {
		s.Batches = c.proxy.reports()
	}
	return s
}

func (s *summary) fromLaboratory(l *laboratory) {
	s.Seconds = time.Since(l.began).Seconds()
	s.FaultsInjected, s.FaultsByKind = l.faults.sum(), l.faults.byKind()
	s.KillsOfClients = l.faults.of(clientKilled, familyKilled, holderKilled)
	s.ServerRestarts = l.faults.of(serverKilled, serverRestart)
	s.DatabaseRestarts = l.faults.of(databaseKilled, databaseRestart)
	s.Directory, s.Violations = l.directory, l.found()
}

// judge decides the verdict and the exit code.
func (s *summary) judge(complete bool) {
	losses, others := 0, 0
	for _, v := range s.Violations {
		if v.Kind == kindLoss {
			losses++
		} else {
			others++
		}
	}
	switch {
	case s.mistake != nil && complete:
		var found bool
		if found, s.Verdict = s.mistake.found(losses, others); !found {
			s.Code = 1
		}
	case losses+others > 0:
		s.Code, s.Verdict = 1, fmt.Sprintf("FAILED: %d violations", losses+others)
	case !complete:
		s.Code, s.Verdict = 2, "did not run to its end"
	default:
		s.Code, s.Verdict = 0, "passed: all books agree to the unit"
	}
	if s.Code != 1 {
		s.Directory = ""
	}
	if s.Violations == nil {
		s.Violations = []violation{}
	}
}

func (s *summary) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { _, _ = fmt.Fprintf(table, "%s\t%v\n", name, value) }
	for _, kind := range sortedKinds(s.FaultsByKind) {
		row(string(kind), s.FaultsByKind[kind])
	}
	_ = table.Flush()
	_, _ = fmt.Fprintln(out)
	row("seed", s.Seed)
	row("seconds", fmt.Sprintf("%.0f", s.Seconds))
	if s.Faults > 0 && s.FaultsInjected < s.Faults {
		row("faults", fmt.Sprintf("%d of %d, then the time was over", s.FaultsInjected, s.Faults))
	} else {
		row("faults", s.FaultsInjected)
	}
	row("clients killed", s.KillsOfClients)
	row("servers restarted", s.ServerRestarts)
	if s.Database == postgresDatabase {
		row("database restarted", s.DatabaseRestarts)
	}
	row("clients started", s.ClientsStarted)
	row("licenses opened", s.Licenses)
	row("devices", s.DevicesUsed)
	if s.Batches > 0 {
		row("report batches", s.Batches)
		row("old batches replayed", s.Replayed)
	}
	row("reports verified", s.Reports)
	row("operations acknowledged", s.Operations)
	row("operations counted", s.Counted)
	if s.Lost > 0 {
		row("operations given up as too old", s.Lost)
	}
	for _, v := range slices.Compact(s.Violations) {
		row("violation", v)
	}
	if s.Directory != "" {
		row("directory", s.Directory)
	}
	row("verdict", s.Verdict)
	_ = table.Flush()
}
