// Command client is a program in Go that needs no library: it uses core/client,
// which the library is made of.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	parameters := license.Defaults()
	if err := parameters.ApplyKey(os.Getenv("LTS_KEY")); err != nil {
		return err
	}
	opened, err := client.Open(context.Background(), parameters, client.Environment{})
	if err != nil {
		return err
	}
	var threads sync.WaitGroup
	failures := make(chan error, 5)
	record := func(operationType protocol.OperationType, times int) {
		for range times {
			if err := opened.Record(operationType, 1); err != nil {
				failures <- err
				return
			}
		}
	}
	for range 4 {
		threads.Go(func() { record(protocol.OperationTypeQRCode, 1000) })
	}
	record(protocol.OperationTypePageScanned, 500)
	threads.Wait()
	close(failures)
	if err := <-failures; err != nil {
		return err
	}
	fmt.Println("recorded")
	return opened.Close(context.Background())
}
