// Package doctor checks whether a server is set up well: its machine, and the proxy in front of it.
// It changes nothing.
package doctor

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// State is the result of a check.
type State string

// States.
const (
	OK      State = "ok"
	Warning State = "warning" // it works, and may not for long, or not as safely as it could
	Wrong   State = "wrong"
)

// Finding says what was checked, with which result, and what to do.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	Text  string `json:"text"`
}

// Patient is the server that is checked.
type Patient struct {
	Store     store.Store
	Directory string // of a SQLite database; "": another database
	Now       func() time.Time
	// URL is the base URL by which clients reach the server; "": don't check its proxy.
	URL    string
	Client *http.Client
}

// Examine checks everything.
func (p *Patient) Examine(ctx context.Context) []Finding {
	findings := append([]Finding{p.schema(ctx)}, p.clock(ctx)...)
	findings = append(findings, p.disk()...)
	if p.Directory != "" {
		findings = append(findings, owners(p.Directory)...)
	}
	public, finding := p.keys(ctx)
	findings = append(findings, finding)
	if p.URL != "" {
		findings = append(findings, p.proxy(ctx, public)...)
	}
	return findings
}

// schema: the store was opened, so its schema is the program's.
func (p *Patient) schema(ctx context.Context) Finding {
	if err := p.Store.Ping(ctx); err != nil {
		return Finding{"schema", Wrong, fmt.Sprintf("the database does not answer: %s", err)}
	}
	return Finding{"schema", OK, "the database answers, and its schema is that of this program"}
}

// The largest harmless difference of clocks: if what is stored is further ahead, the clock was
// wrong.
const maxAhead = 10 * time.Minute

func (p *Patient) clock(ctx context.Context) (findings []Finding) {
	now, latest := p.Now(), int64(0)
	err := p.Store.Query(ctx, "SELECT coalesce(max(last_seen_at), 0) FROM device", nil,
		func(scan func(...any) error) error { return scan(&latest) })
	seen := time.Unix(latest, 0).UTC()
	switch {
	case err != nil:
		findings = append(findings, Finding{"clock", Wrong, fmt.Sprintf("what is stored can't be read: %s", err)})
	case seen.After(now.Add(maxAhead)):
		findings = append(findings, Finding{"clock", Wrong,
			fmt.Sprintf("it shows %s, but a device was seen at %s: it is behind, or was ahead. Set it right; "+
				"if it is right now, see --trust-clock", now.UTC().Format(time.RFC3339), seen.Format(time.RFC3339))})
	default:
		findings = append(findings, Finding{
			"clock", OK, "it shows " + now.UTC().Format(time.RFC3339) + ", which is after all that is stored",
		})
	}
	switch synchronized, known := clockSynchronized(); {
	case !known:
		findings = append(findings, Finding{"time service", Warning,
			"this system does not tell whether its clock is kept right; see to it that it is (NTP)"})
	case !synchronized:
		findings = append(findings, Finding{
			"time service", Warning, "nothing keeps the clock right; run chrony or systemd-timesyncd",
		})
	default:
		findings = append(findings, Finding{"time service", OK, "the clock is kept right"})
	}
	return findings
}

// Room on the disk: with less than leastSpace the server says that it is not ready.
const (
	leastSpace = 64 << 20
	scantSpace = 1 << 30
)

func (p *Patient) disk() []Finding {
	disk, ok := p.Store.(store.Disk)
	if !ok {
		return []Finding{{"disk", OK, "the database is on another machine, whose disk is not looked at"}}
	}
	space, err := disk.Space()
	text := fmt.Sprintf("%d MiB are left", space>>20)
	switch {
	case err != nil:
		return []Finding{{"disk", Wrong, fmt.Sprintf("its room can't be read: %s", err)}}
	case space < leastSpace:
		return []Finding{{"disk", Wrong, text + "; below 64 MiB the server is not ready. Make room"}}
	case space < scantSpace:
		return []Finding{{"disk", Warning, text + "; make room before it is less than 64 MiB"}}
	}
	return []Finding{{"disk", OK, text}}
}

// keys checks the server's keys, and returns the public one; nil if there is none.
func (p *Patient) keys(ctx context.Context) (ed25519.PublicKey, Finding) {
	keys, err := records.ServerKeys(ctx, p.Store)
	if errors.Is(err, store.ErrNotFound) {
		return nil, Finding{"keys", Warning, "there are none yet; `lts serve` makes them at its first start"}
	}
	if err == nil && len(keys.Signing) != ed25519.SeedSize {
		err = fmt.Errorf("the signing key has %d bytes", len(keys.Signing))
	}
	if err != nil {
		return nil, Finding{"keys", Wrong, fmt.Sprintf("they can't be used: %s; restore a backup", err)}
	}
	public, ok := ed25519.NewKeyFromSeed(keys.Signing).Public().(ed25519.PublicKey)
	if !ok { // it always is one
		return nil, Finding{"keys", Wrong, "they can't be used; restore a backup"}
	}
	return public, Finding{"keys", OK, "the server is known by the key " + protocol.SigningKeyID(public)}
}
