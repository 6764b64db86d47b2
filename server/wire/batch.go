package wire

import (
	"errors"
	"fmt"

	"github.com/openlts/openlts/core/protocol"
)

// ErrTooMany is the error for a batch with more groups or reports than a batch may have.
var ErrTooMany = errors.New("too many reports")

// noSlot is the slot of a report that names none. It is not 0, because slot 0 exists.
const noSlot = -1

// ReadBatch reads the body of a report batch. It skips unknown fields, because newer clients may
// send more. It does not check single reports, for example for an unknown cause; if a report has
// too many counts, it returns just enough of them to show that.
func ReadBatch(body []byte) (*protocol.ReportBatch, error) {
	r := batchReader{reader: reader{text: body, names: make(map[string]string, 32)}}
	batch := &protocol.ReportBatch{}
	if err := r.batch(batch); err != nil {
		return nil, err
	}
	return batch, r.end()
}

type batchReader struct {
	reader
	reports int
}

// unknown is the number of an unknown field.
const unknown = -1

// fields reads an object. read reads the value of a field and returns the field's number, or
// returns unknown and reads nothing. A field may occur only once, because another program might use
// the other value. Null means that the field is missing.
func (r *batchReader) fields(read func(name string) (number int, err error)) error {
	var seen uint64
	return r.object(func(name string) error {
		if r.null() {
			return nil
		}
		number, err := read(name)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		case number == unknown:
			return r.skip(1)
		case seen&(1<<number) != 0:
			return fmt.Errorf("%q is there twice", name)
		}
		seen |= 1 << number
		return nil
	})
}

func (r *batchReader) readInt(to *int64) (err error) {
	*to, err = r.integer()
	return err
}

func (r *batchReader) readText(to *string) (err error) {
	*to, err = r.name()
	return err
}

// readSmall reads a number that fits 32 bits.
func (r *batchReader) readSmall(to *int) error {
	n, err := r.integer()
	if err == nil && int64(int32(n)) != n {
		err = fmt.Errorf("%d is too large", n)
	}
	*to = int(n)
	return err
}

func (r *batchReader) batch(b *protocol.ReportBatch) error {
	return r.fields(func(name string) (int, error) {
		switch name {
		case "protocol":
			return 0, r.readSmall(&b.Protocol)
		case "batch":
			return 1, r.readText(&b.Batch)
		case "device":
			return 2, r.readText(&b.Device)
		case "sentAt":
			return 3, r.readInt(&b.SentAt)
		case "groups":
			return 4, r.array(func() error {
				if len(b.Groups) == protocol.MaxReportsInBatch {
					return ErrTooMany
				}
				b.Groups = append(b.Groups, protocol.ReportGroup{})
				return r.group(&b.Groups[len(b.Groups)-1])
			})
		case "account":
			b.Account = &protocol.DeviceAccount{}
			return 5, r.account(b.Account)
		case "closed":
			return 6, r.array(func() error {
				if len(b.Closed) == protocol.MaxClosedInBatch {
					return fmt.Errorf("more than %d licenses", protocol.MaxClosedInBatch)
				}
				b.Closed = append(b.Closed, protocol.ClosedLicense{})
				return r.closed(&b.Closed[len(b.Closed)-1])
			})
		}
		return unknown, nil
	})
}

func (r *batchReader) closed(c *protocol.ClosedLicense) error {
	if r.null() {
		return nil
	}
	return r.fields(func(name string) (int, error) {
		switch name {
		case "handshakeCode":
			return 0, r.readText(&c.HandshakeCode)
		case "item":
			return 1, r.readText(&c.Item)
		}
		return unknown, nil
	})
}

func (r *batchReader) account(a *protocol.DeviceAccount) error {
	return r.fields(func(name string) (int, error) {
		switch name {
		case "recorded":
			return 0, r.readInt(&a.Recorded)
		case "expired":
			return 1, r.readInt(&a.Expired)
		case "refused":
			return 2, r.readInt(&a.Refused)
		case "storage":
			return 3, r.readInt(&a.Storage)
		}
		return unknown, nil
	})
}

func (r *batchReader) group(g *protocol.ReportGroup) error {
	if r.null() {
		return nil
	}
	return r.fields(func(name string) (int, error) {
		switch name {
		case "run":
			return 0, r.readText(&g.Run)
		case "handshakeCode":
			return 1, r.readText(&g.HandshakeCode)
		case "item":
			return 2, r.readText(&g.Item)
		case "slotSeconds":
			return 3, r.readSmall(&g.SlotSeconds)
		case "reports":
			return 4, r.array(func() error {
				if r.reports++; r.reports > protocol.MaxReportsInBatch {
					return ErrTooMany
				}
				g.Reports = append(g.Reports, protocol.Report{Slot: noSlot})
				return r.report(&g.Reports[len(g.Reports)-1])
			})
		}
		return unknown, nil
	})
}

func (r *batchReader) report(p *protocol.Report) error {
	if r.null() {
		return nil
	}
	return r.fields(func(name string) (int, error) {
		switch name {
		case "slot":
			return 0, r.readInt(&p.Slot)
		case "revision":
			return 1, r.readInt(&p.Revision)
		case "counts":
			return 2, r.counts(p)
		case "lost":
			return 3, r.readText(&p.Lost)
		case "found":
			var err error
			p.Found, err = r.boolean()
			return 4, err
		}
		return unknown, nil
	})
}

func (r *batchReader) counts(p *protocol.Report) error {
	p.Counts = make(map[string]int64, 2)
	return r.object(func(name string) error {
		n, err := r.integer()
		if err != nil {
			return fmt.Errorf("%.70q: %w", name, err)
		}
		if _, twice := p.Counts[name]; twice {
			return fmt.Errorf("%.70q is there twice", name)
		}
		if len(p.Counts) <= protocol.OperationTypes {
			p.Counts[name] = n
		}
		return nil
	})
}
