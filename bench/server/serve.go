package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/memory"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/wire"
)

// What the benchmark's own processes serve, beside databases.
const (
	empty  = "empty"  // reads the body and answers nothing
	decode = "decode" // checks and decodes reports, and stores nothing; takes the database with the keys
	// journal does that, appends each batch to a file, and answers with a receipt when it
	// is on the disk: no server that keeps its promises in this way can do less.
	journal = "journal"
)

// serveForever serves until its parent closes the standard input. It prints its
// address.
func serveForever(ctx context.Context, what string, arguments []string) error {
	memory.Tune()
	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	if what != empty {
		name := what
		if what == decode || what == journal {
			name = arguments[0]
		}
		s, err := database.Open(ctx, name, true)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		switch what {
		case decode:
			handler = &decoder{store: s}
		case journal:
			file, err := os.Create(arguments[1])
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }()
			j := &journaler{decoder: decoder{store: s}, waiting: make(chan entry, 1024)}
			go j.write(file)
			handler = j
		default:
			lts, err := server.New(ctx, server.Config{Store: s, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				return err
			}
			defer func() { _ = lts.Shutdown(context.Background()) }()
			handler = lts.Handler()
		}
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = web.Close()
	}()
	fmt.Println("http://" + listener.Addr().String())
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// decoder does with a batch of reports all that comes before storing it.
type decoder struct{ store store.Store }

func (d *decoder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, key, _ := d.decode(w, r)
	if body != nil {
		w.Header().Set(protocol.HeaderMAC, protocol.ReceiptMAC(key.Secret, body, nil))
	}
}

// decode answers what is wrong; then there is no body.
func (d *decoder) decode(w http.ResponseWriter, r *http.Request) ([]byte, store.ReportKey, *protocol.ReportBatch) {
	key, err := d.store.ReportKey(r.Context(), r.Header.Get(protocol.HeaderKey), "")
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return nil, key, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !protocol.EqualMAC(r.Header.Get(protocol.HeaderMAC), protocol.ReportMAC(key.Secret, body)) {
		w.WriteHeader(http.StatusUnauthorized)
		return nil, key, nil
	}
	batch, err := wire.ReadBatch(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return nil, key, nil
	}
	policy.NewBatch(batch, key.Devices[batch.Device], time.Now())
	return body, key, batch
}

// journaler appends batches to a file: those that wait share a write to the disk.
type journaler struct {
	decoder
	waiting chan entry
}

type entry struct {
	body []byte
	kept chan error
}

func (j *journaler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, key, batch := j.decode(w, r)
	if body == nil {
		return
	}
	e := entry{body, make(chan error, 1)}
	j.waiting <- e
	if <-e.kept != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	receipt := protocol.Receipt{Batch: batch.Batch, ReceivedAt: time.Now().Unix(), Digest: protocol.Digest(body)}
	for i := range batch.Groups {
		receipt.Accepted += len(batch.Groups[i].Reports)
	}
	answer, err := json.Marshal(receipt)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", protocol.ContentTypeJSON)
	w.Header().Set(protocol.HeaderMAC, protocol.ReceiptMAC(key.Secret, body, answer))
	_, _ = w.Write(answer) // who went away asks again
}

func (j *journaler) write(file *os.File) {
	for first := range j.waiting {
		group := []entry{first}
		for more := true; more; {
			select {
			case e := <-j.waiting:
				group = append(group, e)
			default:
				more = false
			}
		}
		var text []byte
		for _, e := range group {
			text = append(text, e.body...)
		}
		_, err := file.Write(text)
		err = errors.Join(err, file.Sync())
		for _, e := range group {
			e.kept <- err
		}
	}
}
