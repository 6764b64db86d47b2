package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/wire"
)

func sample(reports int) protocol.ReportBatch {
	batch := protocol.ReportBatch{
		Protocol: 1, Batch: "0b9f1c2e-6a53-4f6d-8f0e-2d1c3b4a5968", Device: "5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a",
		SentAt:  1772366590,
		Account: &protocol.DeviceAccount{Recorded: 5, Expired: 1, Refused: 2, Storage: 1},
		Groups: []protocol.ReportGroup{{Run: "c0ffee00-0000-4000-8000-000000000001", HandshakeCode: "100001-reader",
			Item: "ü \"\\\n", SlotSeconds: 180}},
	}
	for i := range int64(reports) {
		batch.Groups[0].Reports = append(batch.Groups[0].Reports, protocol.Report{
			Slot: 1772366400 + i*180, Revision: i + 1, Counts: map[string]int64{"EAN_13": 2, "QR_CODE": 1 << 53},
			Lost: "expired", Found: true,
		})
	}
	return batch
}

// It reads what encoding/json reads.
func TestReadsWhatIsWritten(t *testing.T) {
	want := sample(3)
	compact, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	indented, err := json.MarshalIndent(want, "\t", " \r\n")
	if err != nil {
		t.Fatal(err)
	}
	more := strings.Replace(string(compact), `{`, `{"new":{"a":[1,-2.5e3,true,false,null,"\u00fc",{}]},"other":[],`, 1)
	for _, body := range []string{string(compact), string(indented), " " + more + "\n"} {
		got, err := wire.ReadBatch([]byte(body))
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s is read as %+v, %v", body, got, err)
		}
	}
}

func TestBadBatches(t *testing.T) {
	for _, body := range []string{
		"", " ", "null", "[]", "1", `"x"`, "{", "{}}", "{} {}", `{"protocol"}`, `{"protocol":}`, `{"protocol":1,}`,
		`{,}`, `{"protocol":1 "batch":"x"}`, `{"protocol":"1"}`, `{"protocol":1.5}`, `{"protocol":1e3}`,
		`{"protocol":01}`, `{"protocol":-}`, `{"protocol":+1}`, `{"protocol":99999999999}`,
		`{"sentAt":9223372036854775808}`, `{"batch":1}`, `{"batch":"x}`, "{\"batch\":\"a\nb\"}", "{\"batch\":\"\xff\"}",
		`{"batch":"\x"}`, `{"batch":"\`, `{"groups":{}}`, `{"groups":[1]}`, `{"groups":[{}}`, `{"groups":[{},]}`,
		`{"protocol":1,"protocol":1}`, `{"groups":[{"reports":[{"counts":[]}]}]}`,
		`{"groups":[{"reports":[{"counts":{"A":1,"A":1}}]}]}`, `{"groups":[{"reports":[{"counts":{"A":null}}]}]}`,
		`{"groups":[{"reports":[{"found":1}]}]}`, `{"closed":1}`, `{"closed":[1]}`, `{"closed":[{"item":1}]}`,
		`{"closed":[` + strings.Repeat(`{},`, protocol.MaxClosedInBatch) + `{}]}`,
		`{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, `{"x":nul}`, `{"x":tru}`, `{"x":1..2}`,
	} {
		if batch, err := wire.ReadBatch([]byte(body)); err == nil {
			t.Errorf("%s is read as %+v", body, batch)
		}
	}
}

// A report that names no slot is not one of slot 0.
func TestNoSlot(t *testing.T) {
	for _, report := range []string{`{}`, `{"slot":null}`} {
		batch, err := wire.ReadBatch([]byte(`{"groups":[{"reports":[` + report + `]}]}`))
		if err != nil || batch.Groups[0].Reports[0].Slot >= 0 {
			t.Errorf("%+v, %v", batch, err)
		}
	}
}

// No body of a megabyte makes it keep much more than a megabyte.
func TestHostileBodies(t *testing.T) {
	fill := func(begin, element, end string) []byte {
		n := (protocol.MaxReportBody - len(begin) - len(end)) / len(element)
		return []byte(begin + strings.TrimSuffix(strings.Repeat(element, n), ",") + end)
	}
	var counts strings.Builder
	for i := range 80_000 {
		fmt.Fprintf(&counts, `"T%d":1,`, i)
	}
	for name, body := range map[string][]byte{
		"groups":  fill(`{"protocol":1,"groups":[`, `{},`, `]}`),
		"reports": fill(`{"protocol":1,"groups":[{"reports":[`, `{},`, `]}]}`),
		"counts":  fill(`{"groups":[{"reports":[{"counts":{`+counts.String(), `"A":1,`, `}}]}]}`),
		"nesting": fill(`{"x":`, `[`, ``),
		"objects": fill(`{"x":[`, `{},`, `]}`),
		"strings": fill(`{"x":[`, `"\n",`, `]}`),
		"numbers": fill(`{"x":[`, `1.5,`, `]}`),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			batch, err := wire.ReadBatch(body)
			runtime.ReadMemStats(&after)
			if (name == "groups" || name == "reports") && !errors.Is(err, wire.ErrTooMany) {
				t.Error(err)
			}
			// What was used and left over again, is not kept.
			if used := after.TotalAlloc - before.TotalAlloc; used > 40<<20 {
				t.Errorf("it took %d bytes: %+v", used, err)
			}
			runtime.KeepAlive(batch)
		})
	}
}

func FuzzReadBatch(f *testing.F) {
	body, err := json.Marshal(sample(2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"closed":[{"handshakeCode":"c","item":"i"},{},null],"groups":[]}`))
	f.Add([]byte(`{"protocol":1,"x":[{"y":"\ud800\u00fc"}],"groups":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := wire.ReadBatch(body)
		if err != nil {
			return
		}
		// Whatever it reads is JSON, and means the same to others.
		if !json.Valid(body) {
			t.Fatalf("%q is not JSON", body)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := wire.ReadBatch(again); err != nil || !reflect.DeepEqual(got, twice) {
			t.Fatalf("%q is read as %+v, then %+v, %v", body, got, twice, err)
		}
	})
}

func BenchmarkReadBatch(b *testing.B) {
	for _, reports := range []int{1, 100} {
		body, err := json.Marshal(sample(reports))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("reports=%d", reports), func(b *testing.B) {
			for b.Loop() {
				if _, err := wire.ReadBatch(body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("encoding/json=%d", reports), func(b *testing.B) {
			for b.Loop() {
				var batch protocol.ReportBatch
				if err := json.Unmarshal(body, &batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
