package main

import (
	"context"
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
)

// serveForever serves until its parent closes the standard input. It prints its
// address.
func serveForever(ctx context.Context, what string, arguments []string) error {
	memory.Tune()
	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	if what != empty {
		name := what
		if what == decode {
			name = arguments[0]
		}
		s, err := database.Open(ctx, name, true)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		if what == decode {
			handler = &decoder{store: s}
		} else {
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
	key, err := d.store.ReportKey(r.Context(), r.Header.Get(protocol.HeaderKey), "")
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !protocol.EqualMAC(r.Header.Get(protocol.HeaderMAC), protocol.ReportMAC(key.Secret, body)) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	batch, err := wire.ReadBatch(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	policy.NewBatch(batch, key.Devices[batch.Device], time.Now())
	w.Header().Set(protocol.HeaderMAC, protocol.ReceiptMAC(key.Secret, body, nil))
}
