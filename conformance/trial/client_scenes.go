package trial

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/openlts/openlts/core/protocol"
)

// act is what a client is to do: start (a process of its own), open, record TYPE COUNT,
// submit, close, kill; and how it is to end: "ok", a status code, or "" for whatever.
type act struct{ do, want string }

// clientScene is a scenario that a client is judged by.
type clientScene struct {
	id, text string
	acts     []act
	standby  bool // the client is told of a standby server
	// nothing tells that nothing of what was recorded is to be accepted.
	nothing bool
	// meddle comes before the referee answers, and tells whether it has answered.
	meddle func(*referee, *exchange) bool
	// check looks at what came beside what was counted; nil: at nothing.
	check func(*referee) error
}

// Lives of a client's process.
var (
	oneLife = []act{{"start", ""}, {"open", "ok"}, {"record QR_CODE 2", "ok"}, {"close", "ok"}}
	// In the first life something goes wrong; what is left comes in the second.
	twoLives = []act{
		{"start", ""}, {"open", "ok"}, {"record QR_CODE 3", "ok"}, {"submit", ""}, {"close", ""},
		{"start", ""}, {"open", "ok"}, {"submit", ""}, {"close", "ok"},
	}
)

var clientScenes = join(usageScenes, grantScenes(), receiptScenes)

var usageScenes = []clientScene{
	{
		id:   "record",
		text: "What is recorded is reported by the end, under its types.",
		acts: []act{
			{"start", ""},
			{"open", "ok"},
			{"record QR_CODE 3", "ok"},
			{"record EAN_13 2", "ok"},
			{"close", "ok"},
		},
	},
	{
		id: "revisions", text: "What is added to a slot that was reported comes as a higher revision, with the sum.",
		acts: []act{
			{"start", ""}, {"open", "ok"}, {"record QR_CODE 2", "ok"}, {"submit", "ok"},
			{"record QR_CODE 3", "ok"}, {"record EAN_13 1", "ok"}, {"submit", "ok"}, {"close", "ok"},
		},
	},
	{
		id: "runs", text: "Each process counts as a run of its own.",
		acts: []act{
			{"start", ""}, {"open", "ok"}, {"record QR_CODE 2", "ok"}, {"close", "ok"},
			{"start", ""}, {"open", "ok"}, {"record QR_CODE 3", "ok"}, {"close", "ok"},
		},
		check: func(f *referee) error {
			if n := f.books.runs(); n < 2 {
				return fmt.Errorf("two processes reported as %d run", n)
			}
			return nil
		},
	},
	{
		id: "kill", text: "What was recorded before the process was killed is reported at the next start.",
		acts: []act{
			{"start", ""}, {"open", "ok"}, {"record QR_CODE 5", "ok"}, {"kill", ""},
			{"start", ""}, {"open", "ok"}, {"submit", "ok"}, {"close", "ok"},
		},
	},
	{
		id:   "outage",
		text: "Without a server it goes on with what was granted before, and reports when there is one again.",
		acts: []act{
			{"start", ""}, {"open", "ok"}, {"record QR_CODE 2", "ok"}, {"close", ""},
			{"start", ""}, {"open", "ok"}, {"record QR_CODE 1", "ok"}, {"close", ""},
			{"start", ""}, {"open", "ok"}, {"submit", ""}, {"close", "ok"},
		},
		// The second authorization is that of the second life.
		meddle: func(f *referee, e *exchange) bool {
			asked := f.came(atMain, protocol.PathAuthorizations)
			if asked == 2 || asked == 1 && e.path == protocol.PathReports {
				e.cut()
			}
			return false
		},
	},
	{
		id: "refused", text: "A signed refusal is final: no other server is asked, and nothing is reported.",
		acts: []act{{"start", ""}, {"open", "-20101"}}, standby: true,
		meddle: authorizations(func(f *referee, e *exchange) { f.refuse(e, protocol.StatusHandshakeCodeNotFound) }),
		check: func(f *referee) error {
			if f.came(atStandby, protocol.PathAuthorizations) > 0 {
				return errors.New("the standby was asked after a refusal that is final")
			}
			return nil
		},
	},
	{
		id: "standby", text: "If the main server asks to go to the other, the standby is asked.",
		acts: oneLife, standby: true,
		meddle: authorizations(func(_ *referee, e *exchange) {
			e.problem(http.StatusServiceUnavailable, protocol.StatusStandbyRefuses)
		}),
		check: standbyAsked,
	},
	{
		id: "forged_refusal", text: "A refusal that nobody signed proves nothing: the standby is asked.",
		acts: oneLife, standby: true,
		meddle: authorizations(func(_ *referee, e *exchange) {
			e.problem(http.StatusForbidden, protocol.StatusHandshakeCodeNotFound)
		}),
		check: standbyAsked,
	},
	{
		id: "redirect", text: "A redirect is not followed.",
		acts: oneLife, standby: true,
		meddle: authorizations(func(f *referee, e *exchange) {
			e.w.Header().Set("Location", f.base+atElsewhere+protocol.PathAuthorizations)
			e.w.WriteHeader(http.StatusTemporaryRedirect)
		}),
		check: func(f *referee) error {
			for _, path := range []string{protocol.PathAuthorizations, protocol.PathReports, protocol.PathKeys} {
				if f.came(atElsewhere, path) > 0 {
					return errors.New("it went where it was redirected to")
				}
			}
			return standbyAsked(f)
		},
	},
	{
		id:   "another_server",
		text: "An address that shows another server's key later is sent nothing, and believed nothing.",
		acts: []act{
			{"start", ""}, {"open", "ok"}, {"record QR_CODE 2", "ok"}, {"close", "ok"},
			{"start", ""}, {"open", ""}, {"record QR_CODE 3", ""}, {"submit", ""}, {"close", ""},
		},
		meddle: func(f *referee, e *exchange) bool {
			if f.came(atMain, protocol.PathAuthorizations) < 2 {
				return false
			}
			switch e.path {
			case protocol.PathAuthorizations:
				e.problem(http.StatusServiceUnavailable, protocol.StatusServerFailed)
			case protocol.PathKeys:
				f.keys(e, f.another)
			default:
				f.books.complain("reports were sent to an address whose server is another now")
				e.problem(http.StatusUnauthorized, protocol.StatusRequestNotAuthenticated)
			}
			return true
		},
	},
}

// standbyAsked: who takes what the main server said for nothing asks the standby.
func standbyAsked(f *referee) error {
	if f.came(atStandby, protocol.PathAuthorizations) == 0 {
		return errors.New("what the main server answered was believed: the standby was not asked")
	}
	return nil
}

// authorizations meddles with the main server's.
func authorizations(answer func(*referee, *exchange)) func(*referee, *exchange) bool {
	return func(f *referee, e *exchange) bool {
		if e.at != atMain || e.path != protocol.PathAuthorizations {
			return false
		}
		answer(f, e)
		return true
	}
}

// grantScenes are about what must not be taken for a grant: the standby is asked.
func grantScenes() []clientScene {
	wrong := func(id, text string, change func(*protocol.Authorization)) clientScene {
		return clientScene{
			id: id, text: text, acts: oneLife, standby: true,
			meddle: authorizations(func(f *referee, e *exchange) { f.authorize(e, f.self, change) }),
			check:  standbyAsked,
		}
	}
	other := strings.Repeat("A", 43)
	return []clientScene{
		wrong("grant_other_nonce", "A grant that answers another nonce is none.", func(a *protocol.Authorization) {
			a.Nonce = other
		}),
		wrong("grant_other_request", "A grant over another digest is none.", func(a *protocol.Authorization) {
			a.Request = other
		}),
		wrong("grant_other_device", "A grant for another device is none.", func(a *protocol.Authorization) {
			a.Device = "00000000-0000-4000-8000-000000000001"
		}),
		wrong("grant_other_key", "A grant for another device key is none.", func(a *protocol.Authorization) {
			a.DeviceKey = other
		}),
		{
			id: "grant_wrong_signature", text: "A grant that another key than the one it shows has signed is none.",
			acts: oneLife, standby: true,
			meddle: authorizations(func(f *referee, e *exchange) { f.authorize(e, f.another, nil) }),
			check:  standbyAsked,
		},
		{
			id:      "grant_other_type",
			text:    "A signed document of another type is not a grant.",
			acts:    oneLife,
			standby: true,
			meddle: authorizations(func(f *referee, e *exchange) {
				if r := f.books.request(e.body); r != nil {
					jws, err := protocol.SignRefusal(&protocol.Refusal{
						Protocol:  protocol.Version,
						Device:    r.Device.UUID,
						DeviceKey: r.Device.PublicKey,
						Nonce:     r.Nonce,
						Request:   protocol.Digest(e.body),
						IssuedAt:  f.now().Unix(),
					}, f.self.signing)
					if err == nil {
						f.granted(e, jws)
					}
				}
			}),
			check: standbyAsked,
		},
	}
}

// batches meddles with the first batch that has reports and a right MAC.
func batches(
	answer func(f *referee, e *exchange, batch *protocol.ReportBatch, secret []byte),
) func(*referee, *exchange) bool {
	return func(f *referee, e *exchange) bool {
		if e.path != protocol.PathReports || f.came("meddled", "") > 0 {
			return false
		}
		batch, secret := f.authenticated(e)
		if batch == nil {
			return true
		}
		if len(batch.Groups) == 0 {
			e.receipt(secret, f.receive(e.body, batch), nil)
			return true
		}
		f.requests["meddled"]++
		answer(f, e, batch, secret)
		return true
	}
}

var receiptScenes = []clientScene{
	{
		id: "server_failed", text: "What a server could not take comes again.", acts: twoLives,
		meddle: batches(func(_ *referee, e *exchange, _ *protocol.ReportBatch, _ []byte) {
			e.problem(http.StatusServiceUnavailable, protocol.StatusServerFailed)
		}),
	},
	{
		id:   "portal",
		text: "A login page with HTTP status 200 is not a receipt: the reports come again.",
		acts: twoLives,
		meddle: batches(func(_ *referee, e *exchange, _ *protocol.ReportBatch, _ []byte) {
			e.w.Header().Set("Content-Type", "text/html")
			_, _ = e.w.Write([]byte("<html>log in</html>"))
		}),
	},
	{
		id: "forged_receipt", text: "A receipt whose MAC is wrong is none: the reports come again.", acts: twoLives,
		meddle: batches(func(f *referee, e *exchange, batch *protocol.ReportBatch, _ []byte) {
			receipt := f.newReceipt(e.body, batch)
			for _, group := range batch.Groups {
				receipt.Accepted += len(group.Reports)
			}
			e.receipt([]byte("not the key"), receipt, nil)
		}),
	},
	{
		id:   "receipt_of_another",
		text: "A receipt for another batch is none: the reports come again.",
		acts: twoLives,
		meddle: batches(func(f *referee, e *exchange, batch *protocol.ReportBatch, secret []byte) {
			receipt := f.newReceipt(e.body, batch)
			for _, group := range batch.Groups {
				receipt.Accepted += len(group.Reports)
			}
			e.receipt(secret, receipt, []byte("another body"))
		}),
	},
	{
		id: "lost_receipt", text: "Reports whose receipt was lost come again, and count once.", acts: twoLives,
		meddle: batches(func(f *referee, e *exchange, batch *protocol.ReportBatch, _ []byte) {
			f.receive(e.body, batch)
			e.cut()
		}),
	},
	{
		id: "forgotten_key", text: "After -20192 it authorizes itself anew, and the reports come again.",
		acts: []act{
			{
				"start",
				"",
			},
			{"open", "ok"},
			{"record QR_CODE 3", "ok"},
			{"submit", ""},
			{"submit", ""},
			{"close", "ok"},
		},
		meddle: batches(func(f *referee, e *exchange, _ *protocol.ReportBatch, _ []byte) {
			f.forget()
			e.problem(http.StatusUnauthorized, protocol.StatusRequestNotAuthenticated)
		}),
	},
	{
		id: "exception_retry", text: "Exceptions that may be tried again come again.", acts: twoLives,
		meddle: batches(func(f *referee, e *exchange, batch *protocol.ReportBatch, secret []byte) {
			e.receipt(secret, f.except(e.body, batch, protocol.StatusServerFailed, true), nil)
		}),
	},
	{
		id: "exception_final", text: "Exceptions that are final do not come again.", nothing: true,
		acts: []act{
			{"start", ""}, {"open", "ok"}, {"record QR_CODE 3", "ok"}, {"submit", ""}, {"close", ""},
			{"start", ""}, {"open", "ok"}, {"submit", ""}, {"close", ""},
		},
		meddle: batches(func(f *referee, e *exchange, batch *protocol.ReportBatch, secret []byte) {
			e.receipt(secret, f.except(e.body, batch, protocol.StatusSlotClosed, false), nil)
		}),
	},
}
