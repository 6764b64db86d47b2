package statement

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/verification"
)

// File is a statement as a file: to read, and to check.
type File struct {
	Statement *Statement `json:"statement"`
	// Signed is the same, signed by the server: a JWS.
	Signed string `json:"signed"`
	// ServerPublicKey is the key with which to check it. To be sure that it is the server's key,
	// compare it with another source, such as the license keys.
	ServerPublicKey string `json:"serverPublicKey"`
}

// NewFile is the file of a closed statement.
func NewFile(s *Statement, document string, key ed25519.PublicKey) File {
	return File{Statement: s, Signed: document, ServerPublicKey: protocol.Encoding.EncodeToString(key)}
}

// Write writes the file.
func (f File) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(f)
}

// Limits of what is read.
const (
	maxFile = 64 << 20
	maxLine = 1 << 20
)

// Proof is the result of checking a file.
type Proof struct {
	Statement *Statement
	Key       ed25519.PublicKey // the key that signed it
	Reports   bool              // whether it follows from the reports
	// Devices are the units of each device in the reports, by its UUID.
	Devices map[string]int64
}

// Prove checks a file: that the server signed the statement, with the given key or, if that is nil,
// the one in the file; and, if reports are given, that they are those behind the statement and add
// up to it. It needs no server.
func Prove(file io.Reader, key ed25519.PublicKey, reports io.Reader) (*Proof, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	var f File
	if err := readStrictly(text, &f); err != nil || len(text) > maxFile || f.Statement == nil {
		return nil,
			errors.Join(errors.New("it is not the file of a statement: that of `lts statement --json` is one"), err)
	}
	if key == nil {
		raw, err := protocol.Encoding.DecodeString(f.ServerPublicKey)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			return nil, errors.New("the file holds no public key, and none is given")
		}
		key = raw
	}
	if f.ServerPublicKey != protocol.Encoding.EncodeToString(key) {
		return nil, fmt.Errorf("%w: the file names another key than that of the server", protocol.ErrSignature)
	}
	signed := &Statement{}
	if err := protocol.VerifyDocument(protocol.DocumentStatement, f.Signed, key, signed); err != nil {
		return nil, fmt.Errorf("the statement is not what the server signed: %w", err)
	}
	shown, err := json.Marshal(f.Statement)
	if err != nil {
		return nil, err
	}
	if original, err := json.Marshal(signed); err != nil || !bytes.Equal(shown, original) {
		return nil, errors.Join(errors.New("the statement was changed: it is not what the server signed"), err)
	}
	proof := &Proof{Statement: signed, Key: key}
	if reports == nil {
		return proof, nil
	}
	proof.Reports = true
	proof.Devices, err = signed.follows(reports)
	return proof, err
}

// follows checks that the statement follows from reports, and gives the units of each
// device in them.
func (s *Statement) follows(reports io.Reader) (devices map[string]int64, err error) {
	if s.Digest == "" {
		return nil, errors.New("the reports were deleted before the month was closed: there is nothing to compare with")
	}
	fold := verification.NewFold()
	r := bufio.NewReaderSize(reports, maxLine)
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the reports: %w", n, err)
		}
		var e verification.Evidence
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("line %d of the reports is not one: %w", n, err)
		}
		if e.Slot < s.From || e.Slot >= s.Until || e.ReceivedAt >= s.AsOf {
			return nil, fmt.Errorf("line %d of the reports is of another month, or came later", n)
		}
		if err := fold.Add(line, e); err != nil {
			return nil, err
		}
	}
	collected := fold.Collected()
	if collected.Digest != s.Digest || collected.Reports != s.Reports {
		return nil, fmt.Errorf("the reports are not those behind the statement: %d with the digest %s, not %d with %s",
			collected.Reports, collected.Digest, s.Reports, s.Digest)
	}
	var lines []Line
	for _, sum := range collected.Sums {
		lines = append(lines, Line{Item: sum.Item, Code: sum.Code, Type: sum.Type, Units: sum.Units})
	}
	for _, line := range difference(lines, s.Usage) {
		return nil, fmt.Errorf("the statement does not follow from the reports: item %s, handshake code %s, type "+
			"%s differs by %d", line.Item, line.Code, line.Type, line.Units)
	}
	return fold.Devices(), nil
}
