package server_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

// A page product is charged by pages, whatever it did with them; the barcodes of its
// add-on by scans. Both are shown by kind and by import type.
func TestPageProduct(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "viewer"})
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "viewer-barcodes"})
	l.item(t, store.Item{ID: "pages", Quota: 1000, ChargeWay: protocol.ChargeWayPageCount,
		Products: protocol.ProductDWT}, "100001-viewer", "100001-viewer-barcodes")
	l.item(t, store.Item{ID: "barcodes", Quota: 1000, ChargeWay: protocol.ChargeWayScanCount,
		Products: protocol.ProductDBR, Requires: []string{"pages"}}, "100001-viewer-barcodes")
	device := l.device()
	counts := map[string]int64{
		"PAGE_SCANNED": 10, "PAGE_LOADED": 5, "PAGE_CAPTURED": 3, "PAGE_RASTERIZED": 2, "PAGE_RECOGNIZED": 1,
		"QR_CODE": 7, "EAN_13": 4,
	}
	for _, test := range []struct {
		code, item string
		product    protocol.Product
		used       int64
	}{{"100001-viewer", "pages", protocol.ProductDWT, 21},
		{"100001-viewer-barcodes", "barcodes", protocol.ProductDBR, 11}} {
		request := device.Request(test.code)
		request.Products = test.product
		if a, err := device.Authorize(request); err != nil || a.Item.ID != test.item {
			t.Fatalf("%+v, %v", a, err)
		}
		receipt, err := device.Report(device.Batch(group(uuid.NewString(), test.code, test.item, protocol.Report{
			Slot: l.slotStart(1), Revision: 1, Counts: counts,
		})))
		if err != nil || len(receipt.Exceptions) != 0 || receipt.Items[0].Quota.Used != test.used {
			t.Errorf("%+v, %v", receipt, err)
		}
	}
	for by, want := range map[statistics.By]map[string]int64{
		statistics.ByKind:   {"core": 15, "webcam": 3, "pdf-rasterizer": 2, "ocr": 1, "barcode": 11},
		statistics.ByImport: {"scanned": 10, "loaded": 5, "captured": 3, "": 14},
	} {
		result, err := statistics.Run(t.Context(), l.store,
			statistics.Query{By: []statistics.By{by}, Items: []string{"pages"}}, l.clock())
		check(t, err)
		for _, row := range result.Rows {
			value := row.Group.Text(by)
			if want[value] != row.Count {
				t.Errorf("%s %q: %d, want %d", by, value, row.Count, want[value])
			}
			delete(want, value)
		}
		if len(want) != 0 {
			t.Errorf("%s: %v is missing", by, want)
		}
	}
	l.verify(t)
}
