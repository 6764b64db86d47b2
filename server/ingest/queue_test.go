package ingest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// sent is a request of a device, of a batch with so many reports that can't be
// counted.
func sent(device string, reports int) *job {
	group := protocol.ReportGroup{Reports: make([]protocol.Report, reports)}
	batch := &protocol.ReportBatch{Groups: []protocol.ReportGroup{group}}
	return &job{request: policy.NewBatch(batch, store.Reporter{UUID: device}, time.Unix(1_800_000_000, 0))}
}

// Heavy requests go one at a time, by turns, and never before light ones.
func TestTurns(t *testing.T) {
	q := newQueue()
	for range 20 {
		q.add(sent("greedy", 3000))
	}
	q.add(sent("honest", 1))
	q.add(sent("backlog", 2500))
	q.add(sent("backlog", 2500))
	q.add(sent("honest", 1))
	q.close()
	if q.add(sent("late", 1)) {
		t.Error("it was added to a closed queue")
	}
	var order []string
	for group := q.take(); group != nil; group = q.take() {
		for _, j := range group {
			order = append(order, j.request.Sender())
		}
		order = append(order, "|")
		if len(order) == 4 { // meanwhile
			q.closed = false
			q.add(sent("other", 1))
			q.close()
		}
	}
	want := "[honest honest greedy | other backlog | greedy | backlog | greedy | greedy |"
	if got := fmt.Sprint(order); !strings.HasPrefix(got, want) {
		t.Errorf("%s, want %s ...", got, want)
	}
	if n := len(slices.DeleteFunc(order, func(s string) bool { return s == "|" })); n != 25 {
		t.Errorf("%d requests came out, of 25", n)
	}
}

// A group of light requests ends at some weight.
func TestGroupsEnd(t *testing.T) {
	q := newQueue()
	for range 100 {
		q.add(sent("d", 999))
	}
	q.close()
	for n := 100; n > 0; n -= 20 {
		if group := q.take(); len(group) != 20 {
			t.Fatalf("a group of %d", len(group))
		}
	}
	if q.take() != nil {
		t.Error("more came out than in")
	}
}
