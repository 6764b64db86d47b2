package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
)

// bed has the servers of one run of tests.
type bed struct {
	lts     string // the command, unless a request names another
	servers []*server
	// patterns have the fixture, which servers begin with a copy of, by the command that
	// made it: making it takes longer than all else. They never run.
	patterns map[string]*server
	held     []net.Conn // whose ports nobody else gets
}

func (b *bed) do(r request) (any, error) {
	switch r.Do {
	case "make":
		return b.make(r)
	case "unreachable":
		return b.unreachable()
	}
	if r.Server < 1 || r.Server > len(b.servers) {
		return nil, fmt.Errorf("%s: there is no server %d", r.Do, r.Server)
	}
	s := b.servers[r.Server-1]
	switch r.Do {
	case "start":
		return s.start()
	case "stop":
		return nil, s.stop()
	case "remove":
		return nil, s.remove()
	case "run":
		return s.run(r.Arguments...)
	case "counts":
		return s.counts(r.By)
	case "total":
		return s.total()
	default:
		return nil, fmt.Errorf("%q is nothing to do", r.Do)
	}
}

// make gives the number of a new server, from 1.
func (b *bed) make(r request) (int, error) {
	lts := cmp.Or(r.Command, b.lts)
	if !r.Empty && b.patterns[lts] == nil {
		if err := b.makePattern(lts); err != nil {
			return 0, err
		}
	}
	s, err := newServer(lts, r.Directory)
	if err != nil {
		return 0, err
	}
	b.servers = append(b.servers, s)
	if !r.Empty {
		if err := os.CopyFS(s.data(), os.DirFS(b.patterns[lts].data())); err != nil {
			return 0, err
		}
	}
	return len(b.servers), nil
}

func (b *bed) makePattern(lts string) error {
	s, err := newServer(lts, "")
	if err != nil {
		return err
	}
	for _, arguments := range fixture {
		if _, err := s.run(arguments...); err != nil {
			return errors.Join(err, s.remove())
		}
	}
	if b.patterns == nil {
		b.patterns = map[string]*server{}
	}
	b.patterns[lts] = s
	return nil
}

// unreachable gives an address at which nobody listens, and nobody will: the port is taken,
// by the client's side of a connection.
func (b *bed) unreachable() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return "", err
	}
	b.held = append(b.held, client)
	accepted, err := listener.Accept()
	if err != nil {
		return "", err
	}
	b.held = append(b.held, accepted)
	return "http://" + client.LocalAddr().String(), nil
}

// close ends and removes everything.
func (b *bed) close() {
	var failed []error
	for _, s := range b.servers {
		failed = append(failed, s.remove())
	}
	for _, s := range b.patterns {
		failed = append(failed, s.remove())
	}
	for _, connection := range b.held {
		failed = append(failed, connection.Close())
	}
	if err := errors.Join(failed...); err != nil {
		fmt.Fprintln(os.Stderr, "testbed:", err)
	}
}
