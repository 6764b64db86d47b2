package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/servertest"
)

// leastMachine is the memory of a machine that a server has to itself.
const leastMachine = 512 << 20

// A server on a small machine lives through 200 bodies of a megabyte at once, which
// decode to a hundred each: by who has a key, by who has none, and as authorizations;
// over and over. Then it still authorizes and counts.
func TestSmallMachine(t *testing.T) {
	data := standard(t)
	server := startServer(t, data)
	device := servertest.NewDevice(server.url)
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	begin := `{"protocol":1,"groups":[{"counts":{`
	body := []byte(begin + strings.Repeat(`"a":1,`, (protocol.MaxReportBody-len(begin))/6))
	proof := device.Proof(body)
	forged := proof.Clone()
	forged.Set(protocol.HeaderMAC, strings.Repeat("A", 43))
	// Each on a connection of its own, so that they come at once.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answers := map[int]int{}
	var mu sync.Mutex
	for round := range 3 {
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				attacker := servertest.NewDevice(server.url)
				attacker.Client = &client
				path, header := protocol.PathReports, proof
				switch i % 4 {
				case 1:
					header = forged
				case 2:
					path, header = protocol.PathAuthorizations, http.Header{}
				}
				_, _, err := attacker.Post(path, body, header.Clone())
				status := 0 // the server hung up, as it may on who sends too much
				var problem *servertest.Problem
				if errors.As(err, &problem) {
					status = problem.Status
				}
				mu.Lock()
				defer mu.Unlock()
				answers[status]++
				if err == nil || status >= 500 {
					t.Errorf("round %d: a hostile body was answered with %v", round, err)
				}
			})
		}
		all.Wait()
	}
	if _, err := device.Report(device.Batch()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	peak := peakMemory(t, server.cmd.Process.Pid)
	t.Logf("at most %d MiB; answers by status: %v", peak>>20, answers)
	if peak > leastMachine {
		t.Errorf("the server took %d MiB", peak>>20)
	}
}

// peakMemory is the most that a process ever had in memory, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("this system does not tell how much memory a process took: %v", err)
	}
	found := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("there is no VmHWM in\n%s", text)
	}
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
