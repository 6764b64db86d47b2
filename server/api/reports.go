package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/wire"
)

// maxKeyID is longer than any key id.
const maxKeyID = 64

// report answers POST /v1/reports. It reads a body only if it knows the key, and decodes it only if
// the MAC is right.
func (a *API) report(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength > protocol.MaxReportBody {
		return tooLarge(protocol.MaxReportBody)
	}
	keyID, mac := r.Header.Get(protocol.HeaderKey), r.Header.Get(protocol.HeaderMAC)
	if keyID == "" || len(keyID) > maxKeyID || mac == "" {
		return protocol.StatusRequestNotAuthenticated
	}
	key, err := a.Store.ReportKey(r.Context(), keyID, "")
	if errors.Is(err, store.ErrNotFound) {
		// After restoring a backup, this shows which devices were authorized since it was made.
		a.Log.Info("report not authenticated", "key", keyID, "known", false)
		return protocol.StatusRequestNotAuthenticated
	} else if err != nil {
		return err
	}
	body, release, err := a.bodies.read(w, r, protocol.MaxReportBody, keyID)
	if err != nil {
		return err
	}
	defer release()
	if !protocol.EqualMAC(mac, protocol.ReportMAC(key.Secret, body)) {
		a.Log.Info("report not authenticated", "key", keyID, "known", true)
		return protocol.StatusRequestNotAuthenticated
	}
	if err := a.limits.Load().admitReports(a.limits.Load().network(r), keyID, a.Now()); err != nil {
		return err
	}
	done, err := a.batches.begin(r.Context(), len(body))
	if err != nil {
		return err
	}
	defer done()
	batch, err := wire.ReadBatch(body)
	if errors.Is(err, wire.ErrTooMany) {
		return protocol.Errorf(protocol.StatusRequestTooLarge, "The request is too large: more than %d reports.",
			protocol.MaxReportsInBatch)
	} else if err != nil {
		return policy.Malformed("the body is not the JSON expected: %w", err)
	}
	if err := checkVersion(batch.Protocol); err != nil {
		return err
	}
	if err := checkBatch(batch); err != nil {
		return err
	}
	if _, known := key.Devices[batch.Device]; !known {
		// Several devices may have the same key, if it was copied.
		if key, err = a.Store.ReportKey(r.Context(), keyID, batch.Device); err != nil {
			return err
		}
	}
	reporter, known := key.Devices[batch.Device]
	if !known {
		a.Log.Info("report not authenticated", "key", keyID, "known", true, "device", batch.Device)
		return protocol.StatusRequestNotAuthenticated
	}

	// From here on, it does not matter if the client goes away.
	receipt, err := a.Writer.Reports(batch, reporter)
	if err != nil {
		return err
	}
	a.Outcomes.Reported(receipt.Accepted)
	receipt.Digest = protocol.Digest(body)
	answer, err := json.Marshal(receipt)
	if err != nil {
		return err
	}
	w.Header().Set(protocol.HeaderMAC, protocol.ReceiptMAC(key.Secret, body, answer))
	write(w, http.StatusOK, protocol.ContentTypeJSON, answer)
	return nil
}

// checkBatch says whether a batch as a whole is well formed. Errors in a single report affect only
// that report.
func checkBatch(batch *protocol.ReportBatch) error {
	if !policy.ValidUUID(batch.Batch) {
		return policy.Malformed("batch is not a UUID in lower case")
	}
	if !policy.ValidUUID(batch.Device) {
		return policy.Malformed("device is not a UUID in lower case")
	}
	return nil
}
