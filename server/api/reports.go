package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// maxKeyID is longer than any key id.
const maxKeyID = 64

// report answers POST /v1/reports.
func (a *API) report(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, protocol.MaxReportBody)
	if err != nil {
		return err
	}
	keyID, mac := r.Header.Get(protocol.HeaderKey), r.Header.Get(protocol.HeaderMAC)
	if keyID == "" || len(keyID) > maxKeyID || mac == "" {
		return protocol.StatusRequestNotAuthenticated
	}
	var batch protocol.ReportBatch
	if err := decode(body, &batch); err != nil {
		return err
	}
	if err := checkVersion(batch.Protocol); err != nil {
		return err
	}
	if err := checkBatch(&batch); err != nil {
		return err
	}
	key, err := a.Store.ReportKey(r.Context(), keyID, batch.Device)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	device, known := key.Devices[batch.Device]
	if !known || !protocol.EqualMAC(mac, protocol.ReportMAC(key.Secret, body)) {
		// After a restored backup this tells which devices were authorized since.
		a.Log.Info("report not authenticated", "device", batch.Device, "key", keyID, "known", known)
		return protocol.StatusRequestNotAuthenticated
	}

	// From here on a client that goes away changes nothing.
	receipt, err := a.Writer.Reports(&batch, store.Reporter{Device: device, UUID: batch.Device})
	if err != nil {
		return err
	}
	receipt.Digest = protocol.Digest(body)
	answer, err := json.Marshal(receipt)
	if err != nil {
		return err
	}
	w.Header().Set(protocol.HeaderMAC, protocol.ReceiptMAC(key.Secret, body, answer))
	write(w, http.StatusOK, protocol.ContentTypeJSON, answer)
	return nil
}

// checkBatch says whether a batch as a whole is well formed. What is wrong with
// a single report concerns that report only.
func checkBatch(batch *protocol.ReportBatch) error {
	if !policy.ValidUUID(batch.Batch) {
		return malformed("batch is not a UUID in lower case")
	}
	if !policy.ValidUUID(batch.Device) {
		return malformed("device is not a UUID in lower case")
	}
	reports := 0
	for i := range batch.Groups {
		reports += len(batch.Groups[i].Reports)
	}
	if reports > protocol.MaxReportsInBatch || len(batch.Groups) > protocol.MaxReportsInBatch {
		return protocol.Errorf(protocol.StatusRequestTooLarge, "The request is too large: more than %d reports.", protocol.MaxReportsInBatch)
	}
	return nil
}
