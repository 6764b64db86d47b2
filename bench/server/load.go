package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/servertest"
)

// reportsInBatch is the size of the larger batches.
const reportsInBatch = 100

// firstSlot is where reports begin: 2026-01-01.
const firstSlot = 1767225600

// reporter is a device that reports on one item.
type reporter struct {
	*servertest.Device
	item, run string
	slot      int64 // the next
}

// request makes the next batch of the device, as it goes over the wire.
func (r *reporter) request(reports int) ([]byte, error) {
	group := protocol.ReportGroup{Run: r.run, HandshakeCode: "100001-" + r.item, Item: r.item, SlotSeconds: 180}
	for range reports {
		group.Reports = append(group.Reports, protocol.Report{
			Slot: firstSlot + r.slot*180, Revision: 1, Counts: map[string]int64{"QR_CODE": 3, "EAN_13": 2},
		})
		r.slot++
	}
	body, err := json.Marshal(r.Batch(group))
	if err != nil {
		return nil, err
	}
	return post(protocol.PathReports, body, r.Proof(body)), nil
}

// units are those of one report.
const units = 5

func post(path string, body []byte, header http.Header) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "POST %s HTTP/1.1\r\nHost: lts\r\nContent-Type: application/json\r\nContent-Length: %d\r\n",
		path, len(body))
	_ = header.Write(&text) // memory takes it all
	text.WriteString("\r\n")
	text.Write(body)
	return text.Bytes()
}

// fire sends requests over so many connections, each after the answer to the one
// before, for a time. It gives the requests answered a second, and how many there
// were of each target.
func fire(targets []string, requests [][]byte, connections int,
	length time.Duration) (rate float64, answered int64, err error) {
	var next, done atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	start := time.Now()
	deadline := start.Add(length)
	for i := range connections {
		target, err := url.Parse(targets[i%len(targets)])
		if err != nil {
			return 0, 0, err
		}
		all.Go(func() {
			err := converse(target.Host, func() []byte {
				n := next.Add(1) - 1
				if n >= int64(len(requests)) || time.Now().After(deadline) || failed.Load() != nil {
					return nil
				}
				return requests[n]
			}, &done)
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, 0, *err
	}
	return float64(done.Load()) / time.Since(start).Seconds(), done.Load(), nil
}

// converse sends requests over one connection until there are no more.
func converse(host string, next func() []byte, done *atomic.Int64) error {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for request := next(); request != nil; request = next() {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			return err
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(answer.Body)
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d: %.300s", answer.StatusCode, body.Bytes())
		}
		done.Add(1)
	}
	return nil
}

// newReporters authorizes devices, which report on these items in turn.
func newReporters(base string, n int, items ...string) ([]*reporter, error) {
	list := make([]*reporter, n)
	for i := range list {
		r := &reporter{Device: servertest.NewDevice(base), item: items[i%len(items)], run: uuid.NewString()}
		if _, err := r.Authorize(r.Request("100001-" + r.item)); err != nil {
			return nil, err
		}
		list[i] = r
	}
	return list, nil
}
