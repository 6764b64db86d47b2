package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/player"
)

// naive is a client of a hundred lines. It keeps its counts in a file, without a lock or
// a copy, and is right as far as it goes, but for the defect it is made with.
type naive struct {
	defect  string
	file    string
	device  *player.Device
	granted *protocol.Authorization
	slot    int64 // of the moment of opening: its life is short
	state   naiveState
}

// naiveState is what it keeps.
type naiveState struct {
	UUID   string                          `json:"uuid"`
	Secret []byte                          `json:"secret"`
	Run    string                          `json:"run"`
	Counts map[int64]map[string]int64      `json:"counts"` // of this run, by slot
	Sent   map[int64]int64                 `json:"sent"`   // sums that a receipt was for
	Old    map[string]protocol.ReportGroup `json:"old"`    // what former runs left, by run
}

func (n *naive) save() error {
	text, err := json.Marshal(n.state)
	if err != nil {
		return err
	}
	return os.WriteFile(n.file, text, 0o600)
}

func (n *naive) open(main, standby, code, directory string) error {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	n.file = directory + "/state.json"
	n.slot = time.Now().Unix() / protocol.DefaultSlotSeconds * protocol.DefaultSlotSeconds
	text, err := os.ReadFile(n.file)
	if err == nil {
		err = json.Unmarshal(text, &n.state)
	}
	n.device = player.NewDevice(main)
	n.device.Client = &http.Client{Timeout: 10 * time.Second}
	if n.defect != "follows redirects" {
		n.device.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	if err == nil {
		old, made := n.device.Key.Curve().NewPrivateKey(n.state.Secret)
		if made != nil {
			return made
		}
		n.device.UUID, n.device.Key = n.state.UUID, old
		n.keep()
	}
	n.state.UUID, n.state.Secret = n.device.UUID, n.device.Key.Bytes()
	if n.state.Run == "" || n.defect != "one run for all" {
		n.state.Run, n.state.Counts, n.state.Sent = uuid.NewString(), map[int64]map[string]int64{}, map[int64]int64{}
	}
	n.granted, err = n.authorize(code)
	for _, address := range []string{standby} {
		if err == nil || address == "" || n.final(err) {
			break
		}
		n.device.BaseURL = address
		n.granted, err = n.authorize(code)
	}
	return errors.Join(err, n.save())
}

// final tells whether a refusal is believed.
func (n *naive) final(err error) bool {
	var p *player.Problem
	if !errors.As(err, &p) || !p.Code.Decision() {
		return false
	}
	return p.Refusal != "" || n.defect == "believes anybody's refusal"
}

func (n *naive) authorize(code string) (*protocol.Authorization, error) {
	request := n.device.Request(code)
	if n.defect == "the same nonce" {
		request.Nonce = "AAECAwQFBgcICQoLDA0ODw"
	}
	granted, err := n.device.Authorize(request)
	var p *player.Problem
	if n.defect == "ignores refusals" && errors.As(err, &p) && p.Code.Decision() {
		err = nil
	}
	return granted, err
}

// keep makes a group of what the last run left.
func (n *naive) keep() {
	if n.defect == "one run for all" {
		return
	}
	if n.state.Old == nil {
		n.state.Old = map[string]protocol.ReportGroup{}
	}
	if g := n.group(); len(g.Reports) > 0 && n.defect != "forgets what is left" {
		n.state.Old[n.state.Run] = g
	}
}

func (n *naive) record(name string, count uint32) error {
	slot := n.slot
	if n.defect == "slots of its own" {
		slot -= 7
	}
	if n.state.Counts[slot] == nil {
		n.state.Counts[slot] = map[string]int64{}
	}
	n.state.Counts[slot][name] += int64(count)
	if n.defect == "writes at the end" {
		return nil
	}
	return n.save()
}

// group holds what the run has counted and no receipt was for.
func (n *naive) group() protocol.ReportGroup {
	g := protocol.ReportGroup{
		Run:           n.state.Run,
		HandshakeCode: ClientCode,
		Item:          clientItem,
		SlotSeconds:   protocol.DefaultSlotSeconds,
	}
	for slot, counts := range n.state.Counts {
		var sum int64
		for _, c := range counts {
			sum += c
		}
		if sum > n.state.Sent[slot] {
			g.Reports = append(g.Reports, protocol.Report{Slot: slot, Revision: sum, Counts: counts})
		}
	}
	return g
}

func (n *naive) submit() error {
	var groups []protocol.ReportGroup
	for _, g := range n.state.Old {
		groups = append(groups, g)
	}
	current := n.group()
	if len(current.Reports) > 0 {
		groups = append(groups, current)
	}
	if len(groups) == 0 {
		return nil
	}
	batch := n.device.Batch(groups...)
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	proof := n.device.Proof(body)
	if n.defect == "no MAC" {
		proof.Del(protocol.HeaderMAC)
	}
	answer, header, err := n.device.Post(protocol.PathReports, body, proof)
	var p *player.Problem
	if errors.As(err, &p) && p.Code == protocol.StatusRequestNotAuthenticated && n.defect != "never asks anew" {
		n.granted, err = n.authorize(ClientCode)
		return errors.Join(err, errors.New("to be sent again"))
	}
	if err != nil {
		return err
	}
	var receipt protocol.Receipt
	if n.defect != "believes any answer" {
		if !protocol.EqualMAC(header.Get(protocol.HeaderMAC), protocol.ReceiptMAC(n.device.ReportKey, body, answer)) {
			return errors.New("the receipt is not one")
		}
		if err := json.Unmarshal(answer, &receipt); err != nil {
			return err
		}
	}
	for _, e := range receipt.Exceptions {
		if e.Retry || n.defect == "takes nothing for final" {
			return fmt.Errorf("to be sent again: %d", int(e.Code))
		}
	}
	n.state.Old = nil
	for _, r := range current.Reports {
		n.state.Sent[r.Slot] = r.Revision
		if n.defect == "counts by itself" {
			delete(n.state.Counts, r.Slot)
			delete(n.state.Sent, r.Slot)
		}
	}
	return n.save()
}

func (n *naive) close() error {
	err := n.submit()
	return errors.Join(err, n.save())
}
