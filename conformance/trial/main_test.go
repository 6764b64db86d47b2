package trial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/player"
)

// asDriver makes this test a driver: of our client in Go, or of a naive one with a defect.
const asDriver = "OPENLTS_TEST_DRIVER"

func TestMain(m *testing.M) {
	switch defect := os.Getenv(asDriver); defect {
	case "":
		if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil { // or drivers would sleep at their end
			panic(err)
		}
		os.Exit(m.Run())
	case "ours":
		drive(&ours{})
	default:
		drive(&naive{defect: defect})
	}
}

// driven is a client that a driver drives.
type driven interface {
	open(main, standby, code, directory string) error
	record(name string, count uint32) error
	submit() error
	close() error
}

// drive does what standard input says.
func drive(c driven) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.SplitN(lines.Text(), " ", 5)
		var err error
		switch words[0] {
		case "open":
			err = c.open(words[1], strings.TrimPrefix(words[2], "-"), words[3], words[4])
		case "record":
			var n uint64
			if n, err = strconv.ParseUint(words[2], 10, 32); err == nil {
				err = c.record(words[1], uint32(n))
			}
		case "submit":
			err = c.submit()
		case "close":
			err = c.close()
		default:
			err = errors.New("what is " + words[0])
		}
		if err != nil {
			status := protocol.StatusOf(err)
			var p *player.Problem
			if errors.As(err, &p) {
				status = p.Code
			}
			fmt.Println("error", int(status), strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("ok")
	}
}

// ours is our client.
type ours struct{ license *client.License }

func (o *ours) open(main, standby, code, directory string) (err error) {
	p := license.Defaults()
	p.MainServerURL, p.StandbyServerURL, p.HandshakeCode, p.DataDirectory = main, standby, code, directory
	o.license, err = client.Open(context.Background(), p, client.Environment{})
	return err
}

func (o *ours) record(name string, count uint32) error {
	number, ok := protocol.OperationTypeByName(name)
	if !ok {
		return errors.New("unknown type")
	}
	return o.license.Record(number, count)
}

func (o *ours) submit() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return o.license.Submit(ctx)
}

func (o *ours) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return o.license.Close(ctx)
}
