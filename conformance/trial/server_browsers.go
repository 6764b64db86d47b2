package trial

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/player"
)

var browserScenes = []scene{
	{"cors", "Pages of any origin may use the clients' paths, and read the MAC.", nil, cors},
	{"framed", "A request framed as plain text is answered in kind.", nil, known(framed)},
	{"framed_errors", "In the framing, an error has HTTP status 200 and says its own.", nil, framedErrors},
}

func cors(s *stage) error {
	for _, path := range []string{protocol.PathAuthorizations, protocol.PathReports} {
		got, err := s.send(http.MethodOptions, path, "", http.Header{
			"Origin": {"https://shop.example.com"}, "Access-Control-Request-Method": {"POST"},
			"Access-Control-Request-Headers": {"content-type,openlts-key,openlts-mac"},
		})
		if err != nil {
			return err
		}
		origin := got.header.Get("Access-Control-Allow-Origin")
		allowed := strings.ToLower(strings.Join(got.header.Values("Access-Control-Allow-Headers"), ","))
		switch {
		case got.status/100 != 2 || origin != "*" && origin != "https://shop.example.com":
			return fmt.Errorf("OPTIONS %s: HTTP status %d, allowed origin %q", path, got.status, origin)
		case !strings.Contains(allowed, "openlts-key") || !strings.Contains(allowed, "openlts-mac") ||
			!strings.Contains(allowed, "content-type"):
			return fmt.Errorf("OPTIONS %s allows the header fields %q only", path, allowed)
		}
	}
	got, err := s.send(
		http.MethodPost,
		protocol.PathReports,
		"{}",
		http.Header{"Origin": {"https://shop.example.com"}},
	)
	if err != nil {
		return err
	}
	if exposed := got.header.Get(
		"Access-Control-Expose-Headers",
	); !strings.Contains(
		strings.ToLower(exposed),
		"openlts-mac",
	) {
		return fmt.Errorf("an answer exposes the header fields %q only", exposed)
	}
	return nil
}

// plain sends a framed request and gives the first line of the answer, and the rest.
func (s *stage) plain(path, text string) (first, rest string, err error) {
	got, err := s.send(http.MethodPost, path, text, http.Header{"Content-Type": {"text/plain;charset=UTF-8"}})
	if err != nil {
		return "", "", err
	}
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), protocol.ContentTypeText) {
		return "", "", fmt.Errorf("HTTP status %d, content type %q", got.status, got.header.Get("Content-Type"))
	}
	first, rest, found := strings.Cut(got.body, "\n")
	if !found {
		return "", "", fmt.Errorf("the answer has no first line: %.80q", got.body)
	}
	return first, rest, nil
}

func framed(s *stage, d *player.Device, granted *protocol.Authorization) error {
	body, err := json.Marshal(d.Request(s.options.HandshakeCode))
	if err != nil {
		return err
	}
	for _, end := range []string{"\n", "\r\n"} {
		first, rest, err := s.plain(protocol.PathAuthorizations, "openlts/1"+end+string(body))
		if err != nil {
			return err
		}
		var response protocol.AuthorizationResponse
		if err := json.Unmarshal([]byte(rest), &response); err != nil || first != "openlts/1" {
			return fmt.Errorf("an authorization is answered by %q and %.80q", first, rest)
		}
		key, err := protocol.Encoding.DecodeString(response.PublicKey)
		if err != nil {
			return err
		}
		a, err := protocol.VerifyAuthorization(response.Authorization, key)
		if err != nil {
			return err
		}
		if a.Request != protocol.Digest(body) {
			return fmt.Errorf("the digest is not over what follows the first line")
		}
	}
	return s.counted(d, 2, func() error {
		batch, err := json.Marshal(d.Batch(s.group(granted, s.scans(1, 1, 2))))
		if err != nil {
			return err
		}
		first, rest, err := s.plain(
			protocol.PathReports,
			"openlts/1 "+d.ReportKeyID+" "+protocol.ReportMAC(d.ReportKey, batch)+"\n"+string(batch),
		)
		if err != nil {
			return err
		}
		if want := "openlts/1 " + protocol.ReceiptMAC(d.ReportKey, batch, []byte(rest)); first != want {
			return fmt.Errorf("the receipt begins with %q, not with %q", first, want)
		}
		return nil
	})
}

func framedErrors(s *stage) error {
	d := s.device()
	unknown, err := json.Marshal(d.Request("conformance-no-such-code"))
	if err != nil {
		return err
	}
	errs := map[string]error{}
	for name, test := range map[string]struct {
		path, text string
		code       protocol.Status
		status     int
	}{
		"a refusal": {
			protocol.PathAuthorizations, "openlts/1\n" + string(unknown), protocol.StatusHandshakeCodeNotFound, 403,
		},
		"no first line":   {protocol.PathAuthorizations, string(unknown), protocol.StatusRequestMalformed, 400},
		"another version": {protocol.PathAuthorizations, "openlts/2\n{}", protocol.StatusProtocolVersion, 400},
		"no proof":        {protocol.PathReports, "openlts/1\n{}", protocol.StatusRequestNotAuthenticated, 401},
		"a wrong MAC": {protocol.PathReports, "openlts/1 AAAA " + strings.Repeat("A", 43) + "\n{}",
			protocol.StatusRequestNotAuthenticated, 401},
	} {
		first, rest, err := s.plain(test.path, test.text)
		var answer struct {
			Problem *protocol.Problem `json:"problem"`
		}
		if err == nil {
			err = json.Unmarshal([]byte(rest), &answer)
		}
		switch p := answer.Problem; {
		case err != nil:
		case first != "openlts/1" || p == nil:
			err = fmt.Errorf("it is answered by %q and %.80q", first, rest)
		case p.Code != test.code || p.Status != test.status || (p.Refusal != "") != test.code.Decision():
			err = fmt.Errorf("it is answered by %d, status %d, signed: %t", int(p.Code), p.Status, p.Refusal != "")
		}
		errs[name] = err
	}
	return each(errs)
}
