package doctor

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/openlts/openlts/core/protocol"
)

// maxAnswer is larger than any answer that is checked, in bytes.
const maxAnswer = 64 << 10

// proxy checks what a reverse proxy does to requests and answers, by asking the server through it.
// It sends nothing that would be counted.
func (p *Patient) proxy(ctx context.Context, public ed25519.PublicKey) []Finding {
	base, err := url.Parse(p.URL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return []Finding{
			{"proxy", Wrong, fmt.Sprintf("%q is not the base URL of a server, such as https://lts.example.com", p.URL)},
		}
	}
	var findings []Finding
	if base.Scheme == "http" {
		findings = append(findings, Finding{
			"https", Warning, "the server is reached by plain HTTP: whoever is on the way can read what is used",
		})
	} else {
		findings = append(findings, Finding{"https", OK, "the server is reached by HTTPS"})
	}
	identity := p.identity(ctx, public)
	if findings = append(findings, identity); identity.State == Wrong {
		return findings // it leads elsewhere
	}
	return append(findings, p.headers(ctx), p.forms(ctx, base))
}

// answer is what came back through the proxy.
type answer struct {
	status int
	header http.Header
	text   []byte
}

// ask sends a request through the proxy.
func (p *Patient) ask(ctx context.Context, method, path string, headers map[string]string,
	body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(p.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	client := *p.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return answer{response.StatusCode, response.Header, text}, errors.Join(err, response.Body.Close())
}

// identity checks that this server answers there, and not a cache.
func (p *Patient) identity(ctx context.Context, public ed25519.PublicKey) Finding {
	got, err := p.ask(ctx, http.MethodGet, protocol.PathKeys, nil, nil)
	if err != nil {
		return Finding{"address", Wrong, fmt.Sprintf("nobody answers at %s: %s", p.URL, err)}
	}
	if got.status >= 300 && got.status < 400 {
		return Finding{"address", Wrong,
			fmt.Sprintf("%s leads elsewhere (status %d), which clients do not follow", p.URL, got.status)}
	}
	var keys protocol.KeysResponse
	if err := json.Unmarshal(got.text, &keys); err != nil || got.status != http.StatusOK || len(keys.SigningKeys) == 0 {
		return Finding{"address", Wrong, fmt.Sprintf("%s is not the address of a License Tracking Server (status %d); "+
			"does the proxy strip the path?", p.URL, got.status)}
	}
	if public != nil && keys.SigningKeys[0].PublicKey != protocol.Encoding.EncodeToString(public) {
		return Finding{"address", Wrong,
			fmt.Sprintf("another server answers at %s: its key is %.40q", p.URL, keys.SigningKeys[0].ID)}
	}
	for _, name := range []string{"Age", "X-Cache", "CF-Cache-Status"} {
		if got.header.Get(name) != "" {
			return Finding{"address", Warning,
				"this server answers, but a cache seems to be in between (" + name + "); there must be none"}
		}
	}
	return Finding{"address", OK, "this server answers"}
}

// headers checks that the proxy passes on the headers that authenticate a report, and the body
// unchanged. The server authenticates a batch of an unknown protocol version before it refuses it.
func (p *Patient) headers(ctx context.Context) Finding {
	const check = "headers"
	var id string
	var secret []byte
	err := p.Store.Query(ctx, "SELECT key_id, report_key FROM device_key ORDER BY created_at DESC LIMIT 1", nil,
		func(scan func(...any) error) error {
			return scan(&id, &secret)
		})
	if err != nil {
		return Finding{check, Wrong, fmt.Sprintf("the keys of devices can't be read: %s", err)}
	}
	if id == "" {
		return Finding{check, Warning, "whether " + protocol.HeaderKey + " and " + protocol.HeaderMAC +
			" pass can be told once a device was authorized"}
	}
	body := []byte("{\"protocol\":\t2147483647,  \"batch\":\"00000000-0000-4000-8000-000000000000\"}\n")
	got, err := p.ask(ctx, http.MethodPost, protocol.PathReports, map[string]string{
		"Content-Type": protocol.ContentTypeJSON, protocol.HeaderKey: id,
		protocol.HeaderMAC: protocol.ReportMAC(secret, body),
	}, body)
	if err != nil {
		return Finding{check, Wrong, fmt.Sprintf("a report does not arrive: %s", err)}
	}
	var problem struct {
		Code protocol.Status `json:"code"`
	}
	_ = json.Unmarshal(got.text, &problem) // anything else has no code
	switch problem.Code {
	case protocol.StatusProtocolVersion:
		return Finding{check, OK, "what authenticates reports passes, and bodies are not changed"}
	case protocol.StatusRequestNotAuthenticated:
		return Finding{check, Wrong, "the proxy drops " + protocol.HeaderKey + " or " + protocol.HeaderMAC +
			", or changes bodies: no report would be taken"}
	case protocol.StatusStandbyRefuses:
		return Finding{check, Warning, "the server refuses now (a standby, or maintenance), so this can't be told"}
	case protocol.StatusRequestRateLimited:
		return Finding{check, Warning, "too many requests were made, so this can't be told; wait a minute"}
	}
	return Finding{check, Wrong, fmt.Sprintf("a report is answered with status %d, and not by this server", got.status)}
}

// forms checks that the pages know the host and the scheme by which browsers reach them.
func (p *Patient) forms(ctx context.Context, base *url.URL) Finding {
	const check, path = "pages", "/sign-in"
	got, err := p.ask(ctx, http.MethodGet, path, map[string]string{"Accept": "text/html"}, nil)
	if err != nil {
		return Finding{check, Wrong, fmt.Sprintf("the pages do not answer: %s", err)}
	}
	if got.status != http.StatusOK {
		return Finding{check, OK, "there are none at this address; they may be apart (--admin-listen)"}
	}
	if base.Scheme == "https" && got.header.Get("Strict-Transport-Security") == "" {
		return Finding{check, Warning, "the pages do not know that browsers come by HTTPS: have the proxy set " +
			"X-Forwarded-Proto; it has to be on this machine"}
	}
	origin := base.Scheme + "://" + base.Host
	got, err = p.ask(ctx, http.MethodPost, path,
		map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}, nil)
	if err != nil {
		return Finding{check, Wrong, fmt.Sprintf("a form does not arrive: %s", err)}
	}
	if got.status == http.StatusForbidden {
		return Finding{
			check, Wrong, "forms are taken for those of another site: have the proxy pass the Host header, or " +
				"start the server with --trusted-origin " + origin,
		}
	}
	return Finding{check, OK, "the pages know by which address browsers reach them"}
}
