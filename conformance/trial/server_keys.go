package trial

import (
	"crypto/ecdh"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/openlts/openlts/conformance"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/player"
)

var keyScenes = []scene{
	{
		"keys",
		"GET /v1/keys lists the signing keys, each under its id, and the one that signs is among them.",
		nil,
		keys,
	},
	{"vector_request", "The golden request is answered by a document over its golden digest.", nil, vectorRequest},
	{
		"vector_slots",
		"Reports of the slots of the vectors are accepted; other starts and lengths are not.",
		nil,
		vectorSlots,
	},
}

func keys(s *stage) error {
	got, err := s.send(http.MethodGet, protocol.PathKeys, "", nil)
	if err != nil {
		return err
	}
	var listed protocol.KeysResponse
	if err := json.Unmarshal([]byte(got.body), &listed); err != nil || got.status != http.StatusOK {
		return fmt.Errorf("HTTP status %d, and %.80q", got.status, got.body)
	}
	known := map[string]bool{}
	for _, key := range listed.SigningKeys {
		raw, err := protocol.Encoding.DecodeString(key.PublicKey)
		if err != nil || len(raw) != 32 || protocol.SigningKeyID(raw) != key.ID {
			return fmt.Errorf("%q is no Ed25519 key of id %q", key.PublicKey, key.ID)
		}
		known[key.PublicKey] = true
	}
	d := s.device()
	request, err := json.Marshal(d.Request(s.options.HandshakeCode))
	if err != nil {
		return err
	}
	answer, _, err := d.Post(protocol.PathAuthorizations, request, nil)
	if err != nil {
		return err
	}
	var granted protocol.AuthorizationResponse
	if err := json.Unmarshal(answer, &granted); err != nil {
		return err
	}
	if !known[granted.PublicKey] {
		return fmt.Errorf("what it grants is signed by %q, which it does not list", granted.PublicKey)
	}
	return signedBy(granted.Authorization, granted.PublicKey)
}

// signedBy checks that the header of a JWS names the key.
func signedBy(jws, publicKey string) error {
	raw, err := protocol.Encoding.DecodeString(publicKey)
	if err != nil {
		return err
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	first, _, _ := strings.Cut(jws, ".")
	decoded, err := protocol.Encoding.DecodeString(first)
	if err == nil {
		err = json.Unmarshal(decoded, &header)
	}
	if err != nil {
		return fmt.Errorf("the header of the JWS: %w", err)
	}
	if header.KeyID != protocol.SigningKeyID(raw) {
		return fmt.Errorf("the header of the JWS names the key %q, not %q", header.KeyID, protocol.SigningKeyID(raw))
	}
	return nil
}

// vectorRequest sends a request that is known byte by byte. Its code may be there or not.
func vectorRequest(s *stage) error {
	v, err := conformance.SigningVectors()
	if err != nil {
		return err
	}
	secret, err := protocol.Encoding.DecodeString(v.DevicePrivateKey)
	if err != nil {
		return err
	}
	key, err := ecdh.X25519().NewPrivateKey(secret)
	if err != nil {
		return err
	}
	var request protocol.AuthorizationRequest
	if err := json.Unmarshal([]byte(v.RequestBody), &request); err != nil {
		return err
	}
	d := s.device()
	answer, _, err := d.Post(protocol.PathAuthorizations, []byte(v.RequestBody), nil)
	var refused *player.Problem
	switch {
	case errors.As(err, &refused):
		raw, err := protocol.Encoding.DecodeString(refused.PublicKey)
		if err != nil {
			return err
		}
		refusal, err := protocol.VerifyRefusal(refused.Refusal, raw)
		if err != nil {
			return err
		}
		if refusal.Request != v.RequestDigest || refusal.DeviceKey != v.DevicePublicKey ||
			refusal.Nonce != request.Nonce {
			return fmt.Errorf("the refusal is about another request: %+v", *refusal)
		}
		return signedBy(refused.Refusal, refused.PublicKey)
	case err != nil:
		return err
	}
	var response protocol.AuthorizationResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return err
	}
	raw, err := protocol.Encoding.DecodeString(response.PublicKey)
	if err != nil {
		return err
	}
	granted, err := protocol.VerifyAuthorization(response.Authorization, raw)
	if err != nil {
		return err
	}
	if granted.Request != v.RequestDigest || granted.DeviceKey != v.DevicePublicKey ||
		granted.Nonce != request.Nonce {
		return fmt.Errorf("the authorization answers another request: %+v", *granted)
	}
	return reportKeyOf(key, granted)
}

// reportKeyOf checks that both sides come to the same report key.
func reportKeyOf(own *ecdh.PrivateKey, granted *protocol.Authorization) error {
	raw, err := protocol.Encoding.DecodeString(granted.ReportKey.ServerPublicKey)
	if err != nil {
		return err
	}
	server, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return err
	}
	_, id, err := protocol.DeriveReportKey(own, own.PublicKey(), server)
	if err == nil && id != granted.ReportKey.ID {
		err = fmt.Errorf("the id of the report key is %q, not %q", granted.ReportKey.ID, id)
	}
	return err
}

// vectorSlots: the arithmetic of slots, as far as a server has to do with it. Before 1970
// there are no slots to report.
func vectorSlots(s *stage) error {
	v, err := conformance.SlotVectors()
	if err != nil {
		return err
	}
	d, granted, err := s.known()
	if err != nil {
		return err
	}
	try := func(start int64, seconds int) (refused bool, err error) {
		g := s.group(
			granted,
			protocol.Report{Slot: start, Revision: 1, Counts: map[string]int64{scan: 1}, Lost: protocol.LostStorage},
		)
		g.SlotSeconds = seconds
		receipt, err := d.Report(d.Batch(g))
		var p *player.Problem
		if errors.As(err, &p) && p.Code == protocol.StatusRequestMalformed {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		return receipt.Accepted == 0, nil
	}
	for _, vector := range v.Slots {
		if vector.Start < 0 {
			continue
		}
		if refused, err := try(vector.Start, vector.SlotSeconds); err != nil || refused {
			return fmt.Errorf(
				"%s: the slot %d of %d s is not accepted: %w",
				vector.Note,
				vector.Start,
				vector.SlotSeconds,
				orNil(err),
			)
		}
		if vector.SlotSeconds == 1 {
			continue
		}
		if refused, err := try(vector.Start+1, vector.SlotSeconds); err != nil || !refused {
			return fmt.Errorf(
				"%d is taken for the start of a slot of %d s: %w",
				vector.Start+1,
				vector.SlotSeconds,
				orNil(err),
			)
		}
	}
	for _, seconds := range v.InvalidSlotSeconds {
		if refused, err := try(0, seconds); err != nil || !refused {
			return fmt.Errorf("slots of %d s are accepted: %w", seconds, orNil(err))
		}
	}
	return nil
}

// errNone stands for no further error in a sentence that has room for one.
var errNone = errors.New("no error was told")

func orNil(err error) error {
	if err == nil {
		return errNone
	}
	return err
}
