package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statement"
	"github.com/openlts/openlts/server/statistics"
)

// Statements and statistics of a remote server.

func (r *remote) statement(ctx context.Context, method, path string, in any) (*administration.Statement, error) {
	var file statement.File
	if err := r.call(ctx, method, path, in, &file); err != nil {
		return nil, err
	}
	key, err := protocol.Encoding.DecodeString(file.ServerPublicKey)
	if err != nil || file.Statement == nil {
		return nil, errors.New("the server's statement can't be read; is this lts older than the server?")
	}
	return &administration.Statement{Statement: file.Statement, Signed: file.Signed, Key: key}, nil
}

func (r *remote) Statement(ctx context.Context, organization, month string) (*administration.Statement, error) {
	return r.statement(ctx, http.MethodGet, at("organizations", organization, "statements", month), nil)
}

func (r *remote) DraftStatement(ctx context.Context, organization, month,
	zone string) (*administration.Statement, error) {
	path := at("organizations", organization, "statements", month, "draft")
	return r.statement(ctx, http.MethodGet, path+"?"+url.Values{"zone": {zone}}.Encode(), nil)
}

func (r *remote) CloseStatement(ctx context.Context, organization string,
	in administration.StatementInput) (*administration.Statement, error) {
	return r.statement(ctx, http.MethodPost, at("organizations", organization, "statements"), in)
}

// maxLine is longer than any line of reports.
const maxLine = 1 << 20

// StatementReports reads lines as they come, however many there are; a broken connection is an
// error.
func (r *remote) StatementReports(ctx context.Context, organization, month string,
	write func(line []byte) error) error {
	return r.read(ctx, at("organizations", organization, "statements", month, "reports"), func(body io.Reader) error {
		lines := bufio.NewScanner(body)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			if err := write(append(lines.Bytes(), '\n')); err != nil {
				return err
			}
		}
		return lines.Err()
	})
}

func (r *remote) Statistics(ctx context.Context, q statistics.Query) (*statistics.Result, error) {
	var by []string
	for _, column := range q.By {
		by = append(by, string(column))
	}
	parameters := url.Values{
		"organization": q.Organizations, "handshake": q.Codes, "item": q.Items, "type": q.Types, "device": q.Devices,
		"measure": {string(q.Measure)}, "zone": {q.Zone.String()},
		"accumulated": {strconv.FormatBool(q.Accumulated)}, "compare": {strconv.FormatBool(q.Compare)},
	}
	if q.Per != statistics.PerPeriod {
		by = append(by, string(q.Per))
	} else if len(q.By) > 0 && q.By[0] == statistics.BySlot {
		parameters.Set("slots", "own")
	}
	parameters.Set("by", strings.Join(by, ","))
	for name, moment := range map[string]time.Time{"since": q.From, "until": q.Until} {
		if !moment.IsZero() {
			parameters.Set(name, strconv.FormatInt(moment.Unix(), 10))
		}
	}
	var result statistics.Result
	if err := r.call(ctx, http.MethodGet, "statistics?"+parameters.Encode(), nil, &result); err != nil {
		return nil, err
	}
	// Moments in the response have an offset from UTC, but no time zone.
	moments := []*time.Time{&result.AsOf}
	for i := range result.Windows {
		moments = append(moments, &result.Windows[i].Start, &result.Windows[i].End)
	}
	if result.Previous != nil {
		moments = append(moments, &result.Previous.Start, &result.Previous.End)
	}
	for _, moment := range moments {
		*moment = moment.In(q.Zone)
	}
	for _, row := range result.Rows {
		if row.Window < 0 || row.Window >= max(len(result.Windows), 1) {
			return nil, fmt.Errorf("the server's statistics can't be read; is this lts older than the server?")
		}
	}
	return &result, nil
}

func (r *remote) Replay(ctx context.Context, item string,
	in administration.ReplayInput) (out administration.Replayed, err error) {
	return out, r.call(ctx, http.MethodPost, at("items", item, "replay"), in, &out)
}
