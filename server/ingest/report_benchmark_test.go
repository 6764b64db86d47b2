package ingest_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// BenchmarkReports measures durable ingestion without HTTP and JSON: 64 senders,
// 1000 devices, 20 items, each batch waiting for its commit.
func BenchmarkReports(b *testing.B) {
	for _, size := range []int64{1, 100} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			c := newCounter(b)
			type device struct {
				id   store.Reporter
				run  string
				slot atomic.Int64
			}
			devices := make([]*device, 1000)
			for i := range devices {
				devices[i] = &device{id: c.newDevice(b), run: uuid.NewString()}
			}
			codes := make([]string, 20)
			for i := range codes {
				codes[i], _ = c.newItem(b, fmt.Sprintf("item%d", i))
			}
			for i, d := range devices {
				c.grant(b, d.id, []protocol.ReportGroup{
					{HandshakeCode: codes[i%20], Item: fmt.Sprintf("item%d", i%20)},
				})
			}
			var next atomic.Int64
			b.ResetTimer()
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						d := devices[n%1000]
						group := protocol.ReportGroup{
							Run: d.run, HandshakeCode: codes[n%20], Item: fmt.Sprintf("item%d", n%20), SlotSeconds: 180,
							Reports: make([]protocol.Report, size),
						}
						first := d.slot.Add(size) - size
						for i := range group.Reports {
							group.Reports[i] = protocol.Report{
								Slot: (9_000_000 + first + int64(i)) * 180, Revision: 1,
								Counts: map[string]int64{"QR_CODE": 3, "EAN_13": 1},
							}
						}
						if receipt := c.send(b, d.id, group); receipt.Accepted != int(size) {
							b.Errorf("%+v", receipt)
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(int64(b.N)*size)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}
