package device

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// content is the content of the identity's file.
type content struct {
	UUID       string `json:"uuid"`
	PrivateKey string `json:"privateKey"` // X25519, base64url
	// Check distinguishes a changed digit from another identity. Files of earlier versions have
	// none.
	Check string `json:"check,omitempty"`

	key *ecdh.PrivateKey // from PrivateKey; nil if that is not a key
}

// parse reads as much as it can: a damaged field is empty, and a damaged key nil. The content is
// sound if all of it is as it was written.
func parse(text []byte) (c content, sound bool) {
	if err := json.Unmarshal(text, &c); err != nil {
		c = content{UUID: field(text, "uuid"), PrivateKey: field(text, "privateKey"), Check: "damaged"}
	}
	if id, err := uuid.Parse(c.UUID); err != nil || len(c.UUID) != 36 || id == uuid.Nil {
		c.UUID = ""
	}
	if raw, err := protocol.Encoding.DecodeString(c.PrivateKey); err == nil {
		c.key, _ = ecdh.X25519().NewPrivateKey(raw)
	}
	if c.key == nil {
		c.PrivateKey = ""
	}
	return c, c.complete() && (c.Check == "" || c.Check == c.sum())
}

// field finds a value in JSON that is damaged elsewhere.
func field(text []byte, name string) string {
	_, rest, _ := strings.Cut(string(text), `"`+name+`"`)
	rest = strings.TrimLeft(rest, " \t\r\n:")
	value, _, _ := strings.Cut(strings.TrimPrefix(rest, `"`), `"`)
	return value
}

func (c content) complete() bool { return c.UUID != "" && c.key != nil }

func (c content) sum() string {
	sum := sha256.Sum256([]byte(c.UUID + "\n" + c.PrivateKey))
	return protocol.Encoding.EncodeToString(sum[:6])
}

func (c content) text() []byte {
	c.Check = c.sum()
	text, _ := json.Marshal(c) // can't fail: it is three strings
	return text
}

// filled is the content, with missing fields taken from another one.
func (c content) filled(other content) content {
	if c.UUID == "" {
		c.UUID = other.UUID
	}
	if c.key == nil {
		c.PrivateKey, c.key = other.PrivateKey, other.key
	}
	return c
}

// completed is the content, with missing fields created.
func (c content) completed() (content, error) {
	if c.UUID == "" {
		c.UUID = uuid.NewString()
	}
	if c.key == nil {
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return content{}, err
		}
		c.PrivateKey, c.key = protocol.Encoding.EncodeToString(key.Bytes()), key
	}
	return c, nil
}

// unkept are the identities that could not be stored, by the path where they would be. So a process
// is one device, however often it opens a license.
var unkept struct {
	sync.Mutex
	at map[string]content
}

func rememberUnkept(path string, c content) {
	unkept.Lock()
	defer unkept.Unlock()
	if unkept.at == nil {
		unkept.at = map[string]content{}
	}
	unkept.at[path] = c
}

func recallUnkept(path string) content {
	unkept.Lock()
	defer unkept.Unlock()
	return unkept.at[path]
}

func forgetUnkept(path string) {
	unkept.Lock()
	defer unkept.Unlock()
	delete(unkept.at, path)
}
