package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/rest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// remote is the administration of a remote server, by its API.
type remote struct {
	base, token string
	client      *http.Client
}

var _ service = (*remote)(nil)

// remoteTimeout is how long a remote server may take to answer.
const remoteTimeout = time.Minute

// maxAnswer is longer than any answer.
const maxAnswer = 64 << 20

// remote returns the server that --server names.
func (a *app) remote() (service, error) {
	u, err := url.Parse(a.server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--token-file is for a server elsewhere: --server %q is not its base URL, such as "+
			"https://lts.example.com", a.server)
	}
	file := io.Reader(os.Stdin)
	if a.tokenFile != "-" {
		f, err := os.Open(a.tokenFile)
		if err != nil {
			return nil, fmt.Errorf("reading the token: %w", err)
		}
		defer func() { _ = f.Close() }() // it is only read
		file = f
	}
	content, err := io.ReadAll(io.LimitReader(file, maxPasswordFile))
	if err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" || strings.ContainsAny(token, " \n\r\t") {
		return nil, fmt.Errorf("%s does not hold a token, and nothing else; `lts token add` makes one on the server",
			a.tokenFile)
	}
	client := &http.Client{
		Timeout: remoteTimeout,
		// The token is for this server, and not for one to which it redirects.
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the server leads elsewhere; name the right one with --server")
		},
	}
	return &remote{strings.TrimSuffix(a.server, "/") + rest.Prefix, token, client}, nil
}

// call sends a request to the server; in and out may be nil.
func (r *remote) call(ctx context.Context, method, path string, in, out any) error {
	return r.callIf(ctx, nil, method, path, in, out)
}

// callIf is as call, if the object has one of these tags; nil: whatever it is like.
func (r *remote) callIf(ctx context.Context, tags []string, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, body)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", protocol.ContentTypeJSON)
	}
	if tags != nil {
		request.Header.Set("If-Match", rest.Match(tags))
	}
	return r.ask(r.client, request, func(answer io.Reader) error {
		if out == nil {
			return nil
		}
		text, err := io.ReadAll(io.LimitReader(answer, maxAnswer))
		if err != nil {
			return err
		}
		return json.Unmarshal(text, out)
	})
}

// read reads an answer of any length as it comes.
func (r *remote) read(ctx context.Context, path string, read func(io.Reader) error) error {
	patient := *r.client
	patient.Timeout = 0
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+path, nil)
	if err != nil {
		return err
	}
	return r.ask(&patient, request, read)
}

// ask sends a request, with the token.
func (r *remote) ask(client *http.Client, request *http.Request, read func(io.Reader) error) error {
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it is only read
	if response.StatusCode >= http.StatusMultipleChoices {
		return refused(response)
	}
	return read(response.Body)
}

// refused reads the error with which a server refused a request.
func refused(response *http.Response) error {
	var problem rest.Problem
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &problem); err != nil || problem.Detail == "" {
		return fmt.Errorf("the server answered %s, and not as its API does; is --server its base URL?", response.Status)
	}
	var errs []error
	for _, each := range problem.Errors {
		errs = append(errs, &administration.Error{
			Kind: each.Kind, Object: each.Object, ID: each.ID, Field: each.Field, Text: each.Detail,
		})
	}
	if len(errs) == 0 {
		return errors.New(problem.Detail)
	}
	return errors.Join(errs...)
}

// The methods of service, each a request.

func listed[R any](ctx context.Context, r *remote, path string,
	s administration.Selection) (page administration.Page[R], err error) {
	return page, r.call(ctx, http.MethodGet, path+"?"+rest.Query(s).Encode(), nil, &page)
}

func at(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

func (r *remote) Organizations(ctx context.Context,
	s administration.Selection) (administration.Page[administration.Organization], error) {
	return listed[administration.Organization](ctx, r, "organizations", s)
}

func (r *remote) NewOrganization(ctx context.Context,
	in administration.OrganizationInput) (out administration.Organization, err error) {
	return out, r.call(ctx, http.MethodPost, "organizations", in, &out)
}

func (r *remote) ChangeOrganization(ctx context.Context, id string, in administration.OrganizationChange,
	tags []string) (out administration.Organization, err error) {
	return out, r.callIf(ctx, tags, http.MethodPatch, at("organizations", id), in, &out)
}

func (r *remote) RemoveOrganization(ctx context.Context, id string) error {
	return r.call(ctx, http.MethodDelete, at("organizations", id), nil, nil)
}

func (r *remote) Codes(ctx context.Context,
	s administration.Selection) (administration.Page[administration.Code], error) {
	return listed[administration.Code](ctx, r, "handshakes", s)
}

func (r *remote) NewCode(ctx context.Context, in administration.CodeInput) (out administration.Code, err error) {
	return out, r.call(ctx, http.MethodPost, "handshakes", in, &out)
}

func (r *remote) ChangeCode(ctx context.Context, code string, in administration.CodeChange,
	tags []string) (out administration.Code, err error) {
	return out, r.callIf(ctx, tags, http.MethodPatch, at("handshakes", code), in, &out)
}

func (r *remote) RemoveCode(ctx context.Context, code string) error {
	return r.call(ctx, http.MethodDelete, at("handshakes", code), nil, nil)
}

func (r *remote) CodeKey(ctx context.Context, code string, in administration.KeyInput) (string, error) {
	var out rest.LicenseKey
	err := r.call(ctx, http.MethodPost, at("handshakes", code, "key"), in, &out)
	return out.LicenseKey, err
}

func (r *remote) Items(ctx context.Context,
	s administration.Selection) (administration.Page[administration.Item], error) {
	return listed[administration.Item](ctx, r, "items", s)
}

func (r *remote) Item(ctx context.Context, id string) (out administration.Item, err error) {
	return out, r.call(ctx, http.MethodGet, at("items", id), nil, &out)
}

func (r *remote) NewItem(ctx context.Context, in administration.ItemInput) (out administration.Item, err error) {
	return out, r.call(ctx, http.MethodPost, "items", in, &out)
}

func (r *remote) ChangeItem(ctx context.Context, id string, in administration.ItemFields,
	tags []string) (out administration.Item, err error) {
	return out, r.callIf(ctx, tags, http.MethodPatch, at("items", id), in, &out)
}

func (r *remote) AttachItem(ctx context.Context, item, code string, position int64) error {
	return r.call(ctx, http.MethodPut, at("items", item, "handshakes", code),
		rest.Attachment{Position: position}, nil)
}

func (r *remote) DetachItem(ctx context.Context, item, code string) error {
	return r.call(ctx, http.MethodDelete, at("items", item, "handshakes", code), nil, nil)
}

func (r *remote) RevokeItem(ctx context.Context, item string) error {
	return r.call(ctx, http.MethodPost, at("items", item, "revoke"), nil, nil)
}

func (r *remote) RemoveItem(ctx context.Context, item string) error {
	return r.call(ctx, http.MethodDelete, at("items", item), nil, nil)
}

// wholeList reads a list that has no pages.
func wholeList[R any](ctx context.Context, r *remote, path string) ([]R, error) {
	page, err := listed[R](ctx, r, path, administration.Selection{})
	return page.Items, err
}

func (r *remote) Alerts(ctx context.Context) ([]administration.OpenAlert, error) {
	return wholeList[administration.OpenAlert](ctx, r, "alerts")
}

func (r *remote) AlertHistory(ctx context.Context,
	s administration.Selection) (administration.Page[alerts.Event], error) {
	return listed[alerts.Event](ctx, r, "alerts/history", s)
}

func (r *remote) AlertRules(ctx context.Context) ([]alerts.Rule, error) {
	return wholeList[alerts.Rule](ctx, r, "alerts/rules")
}

func (r *remote) SetAlertRule(ctx context.Context, kind, levels string) error {
	rule, err := alerts.ParseRule(kind, levels)
	if err != nil {
		return err
	}
	return r.call(ctx, http.MethodPut, at("alerts", "rules", kind), rest.LevelsInput{Levels: rule.Levels}, nil)
}

func (r *remote) AlertChannels(ctx context.Context) ([]administration.Channel, error) {
	return wholeList[administration.Channel](ctx, r, "alerts/channels")
}

func (r *remote) TestChannel(ctx context.Context, id string, _ bool) error {
	return r.call(ctx, http.MethodPost, at("alerts", "channels", id, "test"), nil, nil)
}

func (r *remote) Devices(ctx context.Context,
	s administration.Selection) (administration.Page[administration.Device], error) {
	return listed[administration.Device](ctx, r, "devices", s)
}

func (r *remote) Denials(ctx context.Context, s administration.Selection) (administration.Page[store.Denial], error) {
	return listed[store.Denial](ctx, r, "denials", s)
}

func (r *remote) Anomalies(ctx context.Context,
	s administration.Selection) (administration.Page[records.Anomaly], error) {
	return listed[records.Anomaly](ctx, r, "anomalies", s)
}

func (r *remote) Audits(ctx context.Context, s administration.Selection) (administration.Page[store.Audit], error) {
	return listed[store.Audit](ctx, r, "audit", s)
}
