package alerts

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// post sends a message to a webhook.
func (n *Network) post(ctx context.Context, w *Webhook, message Message) error {
	key, err := w.key()
	if err != nil {
		return err
	}
	events := message.Events
	if events == nil {
		events = []Event{}
	}
	body, err := json.Marshal(map[string]any{
		"type": "lts.alerts", "timestamp": message.At.UTC().Format(time.RFC3339),
		"data": map[string]any{
			"test": message.Test, "server": message.From, "summary": message.Subject(), "events": events,
		},
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: the URL is not usable", ErrTarget)
	}
	seconds := strconv.FormatInt(message.At.Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "OpenLTS")
	request.Header.Set("webhook-id", message.ID)
	request.Header.Set("webhook-timestamp", seconds)
	request.Header.Set("webhook-signature", sign(key, message.ID, seconds, body))
	client := &http.Client{Transport: n.transport(), CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	response, err := client.Do(request)
	if err != nil {
		// The error of http.Client contains the URL, which may contain a secret.
		var whole interface{ Unwrap() error }
		if errors.As(err, &whole) && whole.Unwrap() != nil {
			err = whole.Unwrap()
		}
		return fmt.Errorf("the webhook at %s: %w", request.URL.Host, err)
	}
	_ = response.Body.Close() // its content does not matter
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("the webhook at %s answered with status %d", request.URL.Host, response.StatusCode)
	}
	return nil
}

// sign is the signature of Standard Webhooks.
func sign(key []byte, id, seconds string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + seconds + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// transport connects only to public addresses, unless others are allowed. It checks the address
// when it connects, because a name may lead elsewhere by then.
func (n *Network) transport() *http.Transport {
	check := func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%q is not an address: %w", address, err)
		}
		if !n.Private && !public(to.Addr()) {
			return ErrPrivate
		}
		return nil
	}
	dialer := &net.Dialer{Timeout: sendTime, Resolver: n.Resolver, Control: check}
	return &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: n.Trust, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: sendTime, ResponseHeaderTimeout: sendTime, MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives: true,
	}
}

// ErrPrivate is the error of a webhook to a private address.
var ErrPrivate = errors.New("this is a private address; start the server with --webhook-private if it may be reached")

// special are the blocks of addresses that are not public, besides those that net/netip knows; the
// last ones embed IPv4 addresses.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

// public tells whether an address is public.
func public(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	for _, block := range special {
		if block.Contains(address) {
			return false
		}
	}
	return true
}
