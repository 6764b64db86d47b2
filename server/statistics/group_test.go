package statistics_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

// pages is a source of one answer, by type and item.
type pages struct{ asked store.StatisticsQuery }

func (p *pages) Statistics(_ context.Context, q store.StatisticsQuery) (store.Statistics, error) {
	p.asked = q
	row := func(kind, item string, n int64) store.StatisticsRow {
		r := store.StatisticsRow{Count: n, Late: n / 10}
		for _, by := range q.By {
			*r.Text(by) = map[store.Column]string{store.ByType: kind, store.ByItem: item}[by]
		}
		return r
	}
	return store.Statistics{Total: 211, Rows: []store.StatisticsRow{
		row("PAGE_SCANNED", "core", 100), row("PAGE_LOADED", "core", 50), row("PAGE_CAPTURED", "web", 30),
		row("PAGE_RECOGNIZED", "ocr", 20), row("QR_CODE", "scans", 5), row("EAN_13", "scans", 3),
		row("OF_THE_HOST", "core", 2), row("OPERATION", "core", 1),
	}}, nil
}

// Pages are told apart by the part of the product, and by how they came in.
func TestKindsAndImportTypes(t *testing.T) {
	type rows = map[string]int64
	for _, test := range []struct {
		by   []statistics.By
		want rows
	}{
		{[]statistics.By{statistics.ByKind}, rows{"[core]": 150, "[webcam]": 30, "[ocr]": 20, "[barcode]": 8, "[]": 3}},
		{[]statistics.By{statistics.ByImport}, rows{"[scanned]": 100, "[loaded]": 50, "[captured]": 30, "[]": 31}},
		{[]statistics.By{statistics.ByImport, statistics.ByItem, statistics.ByKind}, rows{
			"[scanned core core]": 100, "[loaded core core]": 50, "[captured web webcam]": 30, "[ ocr ocr]": 20,
			"[ scans barcode]": 8, "[ core ]": 3,
		}},
		{[]statistics.By{statistics.ByKind, statistics.ByType}, rows{
			"[core PAGE_SCANNED]": 100, "[core PAGE_LOADED]": 50, "[webcam PAGE_CAPTURED]": 30,
			"[ocr PAGE_RECOGNIZED]": 20, "[barcode QR_CODE]": 5, "[barcode EAN_13]": 3, "[ OF_THE_HOST]": 2,
			"[ OPERATION]": 1,
		}},
	} {
		source := &pages{}
		result, err := statistics.Run(t.Context(), source, statistics.Query{By: test.by}, time.Unix(1e9, 0))
		if err != nil {
			t.Fatal(err)
		}
		got := rows{}
		for _, row := range result.Rows {
			var values []string
			for _, by := range test.by {
				values = append(values, row.Group.Text(by))
			}
			got[fmt.Sprint(values)] += row.Count
		}
		if !reflect.DeepEqual(got, test.want) || len(result.Rows) != len(test.want) || result.Total != 211 {
			t.Errorf("%v: %v, want %v", test.by, got, test.want)
		}
	}
	for _, measure := range []store.Measure{store.MeasureDevices, store.MeasureConcurrent, store.MeasureDenials} {
		if _, err := statistics.Run(t.Context(), &pages{},
			statistics.Query{Measure: measure, By: []statistics.By{statistics.ByKind}}, time.Unix(1e9, 0)); err == nil {
			t.Errorf("%s by kind", measure)
		}
	}
}

// Each page type of the definitions has a kind, and what is imported an import type.
func TestEveryPageTypeHasAKind(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "conformance", "definitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var definitions struct {
		Enumerations []struct {
			Name   string
			Values []struct{ Name, Unit, Kind, Import string }
		}
	}
	if err := json.Unmarshal(text, &definitions); err != nil {
		t.Fatal(err)
	}
	kinds, imports := map[string]bool{}, map[string]bool{}
	for _, e := range definitions.Enumerations {
		for _, v := range e.Values {
			if e.Name != "OperationType" {
				continue
			}
			if v.Unit == "page" && (v.Kind == "" || protocol.KindOf(v.Name) != v.Kind) ||
				v.Unit == "scan" && protocol.KindOf(v.Name) != protocol.KindBarcode {
				t.Errorf("%s is of the kind %q", v.Name, protocol.KindOf(v.Name))
			}
			if protocol.ImportTypeOf(v.Name) != v.Import {
				t.Errorf("%s is of the import type %q", v.Name, protocol.ImportTypeOf(v.Name))
			}
			kinds[v.Kind], imports[v.Import] = true, true
		}
	}
	for _, kind := range []string{"core", "webcam", "pdf-rasterizer", "ocr"} {
		if !kinds[kind] {
			t.Errorf("no page type of the kind %s", kind)
		}
	}
	for _, how := range []string{"scanned", "captured", "loaded"} {
		if !imports[how] {
			t.Errorf("no page type of the import type %s", how)
		}
	}
}
