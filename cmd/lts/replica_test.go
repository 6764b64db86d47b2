package main

import (
	"errors"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// The machine with the main server and the primary database is gone at once, under
// load. The standby server, on a replica that is then promoted, goes on with all that
// was acknowledged, and counts nothing twice.
func TestPromotedReplica(t *testing.T) {
	t.Parallel() // waits more than it works
	primary := postgrestest.Durable(t)
	name, err := primary.Create(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	data := primary.URL(name)
	addStandard(t, data)
	replica := primary.DurableReplica(t)
	main := startServer(t, data)
	copied := replica.URL(name)
	standby := startServer(t, copied, append(quick, "--standby-of", main.url)...)
	// wants tells whether the standby server wants to serve; it can't.
	wants := func() bool {
		d := servertest.NewDevice(standby.url)
		_, err := d.Authorize(d.Request("100001-reader"))
		var problem *servertest.Problem
		if !errors.As(err, &problem) || problem.Status != http.StatusServiceUnavailable {
			t.Fatalf("a replica that was not promoted answers %v", err)
		}
		return problem.Code != protocol.StatusStandbyRefuses
	}
	until(t, "the main server serves alone", func() bool { return authorizes(t, main.url) && !wants() })

	urls := []string{main.url, standby.url}
	var turn atomic.Int64
	load := &servertest.Load{Code: "100001-reader", Item: "scans", Address: func() string {
		return urls[turn.Add(1)%2]
	}}
	done := load.Start(t, 4, servertest.Endless)
	until(t, "the load runs", func() bool { return load.Acknowledged.Load() > 100 })
	primary.Kill()
	_ = main.end(t, syscall.SIGKILL)
	before := load.Acknowledged.Load()

	until(t, "the standby takes over", wants)
	if status := readiness(t, standby.url); status != http.StatusServiceUnavailable {
		t.Errorf("on a replica that was not promoted, /readyz answers %d", status)
	}
	if err := replica.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the standby serves", func() bool { return readiness(t, standby.url) == http.StatusOK })
	load.Await(done, 100)
	load.Stop()
	<-done

	var s statisticsJSON
	mustJSON(t, &s, copied, "stats", "--by", "item")
	if s.Total != load.Units.Load() {
		t.Errorf("counted %d, recorded %d", s.Total, load.Units.Load())
	}
	must(t, copied, "verify")
	t.Logf("%d requests; %d acknowledged, %d of them by the server that was killed; %d units",
		load.Sent.Load(), load.Acknowledged.Load(), before, load.Units.Load())
	if after := load.Acknowledged.Load() - before; before == 0 || after == 0 {
		t.Errorf("%d acknowledged before, %d after", before, after)
	}
}

// readiness is the status with which a server answers a load balancer.
func readiness(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}
