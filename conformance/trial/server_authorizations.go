package trial

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/player"
)

var authorizationScenes = []scene{
	{
		"authorize_by_code",
		"A device is granted the code: signed, over its request, with times in order.",
		nil,
		known(authorizeByCode),
	},
	{
		"authorize_any_form",
		"The digest is over the bytes as they came: spaces, and fields that nobody knows.",
		nil,
		authorizeAnyForm,
	},
	{
		"authorize_by_organization",
		"An organization alone uses its default code.",
		needsOrganization,
		authorizeByOrganization,
	},
	{"authorize_again", "A device that comes again gets the same report key.", nil, known(authorizeAgain)},
	{
		"refuse_unknown_code",
		"An unknown code is refused with -20101, signed.",
		nil,
		refuse(protocol.StatusHandshakeCodeNotFound, func(r *protocol.AuthorizationRequest) {
			r.HandshakeCode = "conformance-no-such-code"
		}),
	},
	{
		"refuse_nothing",
		"Neither code nor organization is refused, signed.",
		nil,
		refuse(protocol.StatusNoHandshakeOrOrganization, func(r *protocol.AuthorizationRequest) {
			r.HandshakeCode = ""
		}),
	},
	{
		"refuse_charge_way",
		"A charge way that is not the item's is refused with -20115, signed.",
		nil,
		refuse(protocol.StatusChargeWayMismatch, func(r *protocol.AuthorizationRequest) {
			r.ChargeWay = protocol.ChargeWayDeviceCount
		}),
	},
	{
		"refuse_session_password",
		"A code with a session password is refused without it, and granted with it.",
		needsLocked,
		refuseSessionPassword,
	},
	{
		"malformed_authorizations",
		"Requests that are none are answered by problems, unsigned.",
		nil,
		malformedAuthorizations,
	},
}

func needsOrganization(o *ServerOptions) string {
	if o.OrganizationID == "" {
		return "needs an organization whose default code is the handshake code"
	}
	return ""
}

func needsLocked(o *ServerOptions) string {
	if o.LockedCode == "" || o.SessionPassword == "" {
		return "needs a code with a session password"
	}
	return ""
}

func authorizeByCode(s *stage, _ *player.Device, a *protocol.Authorization) error {
	switch {
	case a.Protocol != protocol.Version || a.HandshakeCode != s.options.HandshakeCode || a.OrganizationID == "" ||
		a.Item.ID == "":
		return fmt.Errorf("the authorization is for another code, or says too little: %+v", *a)
	case a.IssuedAt <= 0 || a.BufferUntil < a.IssuedAt || a.ValidUntil < a.BufferUntil ||
		a.ValidUntil < a.Item.ExpiresAt:
		return fmt.Errorf("its times are in no order: issued %d, buffer until %d, valid until %d, item until %d",
			a.IssuedAt, a.BufferUntil, a.ValidUntil, a.Item.ExpiresAt)
	case a.Item.ChargeWay != protocol.ChargeWayScanCount:
		return fmt.Errorf(
			"the item is charged by way %d; these scenarios need one charged by scans",
			a.Item.ChargeWay,
		)
	}
	switch a.Quota.State {
	case protocol.QuotaOK, protocol.QuotaTolerance, protocol.QuotaExhausted:
		return nil
	}
	return fmt.Errorf("there is no state of a quota %q", a.Quota.State)
}

func authorizeAnyForm(s *stage) error {
	d := s.device()
	body, err := json.MarshalIndent(d.Request(s.options.HandshakeCode), " ", "\t")
	if err != nil {
		return err
	}
	body = []byte(strings.Replace(string(body), "{", "{ \"conformanceField\": [1, {\"a\": null}],\r\n", 1))
	answer, _, err := d.Post(protocol.PathAuthorizations, body, nil)
	if err != nil {
		return err
	}
	var response protocol.AuthorizationResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return err
	}
	key, err := protocol.Encoding.DecodeString(response.PublicKey)
	if err != nil {
		return err
	}
	granted, err := protocol.VerifyAuthorization(response.Authorization, key)
	if err != nil {
		return err
	}
	if granted.Request != protocol.Digest(body) {
		return fmt.Errorf("the digest is %q, and not that of the body, %q", granted.Request, protocol.Digest(body))
	}
	return nil
}

func authorizeByOrganization(s *stage) error {
	d := s.device()
	request := d.Request("")
	request.OrganizationID = s.options.OrganizationID
	granted, err := d.Authorize(request)
	if err == nil && granted.HandshakeCode != s.options.HandshakeCode {
		err = fmt.Errorf("it uses %q, and not the default code", granted.HandshakeCode)
	}
	return err
}

func authorizeAgain(s *stage, d *player.Device, _ *protocol.Authorization) error {
	id := d.ReportKeyID
	if _, err := d.Authorize(d.Request(s.options.HandshakeCode)); err != nil {
		return err
	}
	if d.ReportKeyID != id {
		return fmt.Errorf("its report key was %s, and is %s", id, d.ReportKeyID)
	}
	return nil
}

// refuse plays a request that is refused for a reason of the license.
func refuse(code protocol.Status, change func(*protocol.AuthorizationRequest)) func(*stage) error {
	return func(s *stage) error {
		d := s.device()
		request := d.Request(s.options.HandshakeCode)
		change(&request)
		_, err := d.Authorize(request)
		return problem(err, code, 403)
	}
}

func refuseSessionPassword(s *stage) error {
	d := s.device()
	for _, wrong := range []string{"", s.options.SessionPassword + "x"} {
		request := d.Request(s.options.LockedCode)
		request.SessionPassword = wrong
		_, err := d.Authorize(request)
		if err := problem(err, protocol.StatusSessionPasswordIncorrect, 403); err != nil {
			return err
		}
	}
	request := d.Request(s.options.LockedCode)
	request.SessionPassword = s.options.SessionPassword
	_, err := d.Authorize(request)
	return err
}

func malformedAuthorizations(s *stage) error {
	d := s.device()
	good, err := json.Marshal(d.Request(s.options.HandshakeCode))
	if err != nil {
		return err
	}
	with := func(from, to string) string { return strings.Replace(string(good), from, to, 1) }
	const malformed = protocol.StatusRequestMalformed
	errs := map[string]error{}
	for name, test := range map[string]struct {
		body   string
		code   protocol.Status
		status int
	}{
		"empty":            {"", malformed, 400},
		"not JSON":         {"hello", malformed, 400},
		"cut off":          {string(good[:len(good)/2]), malformed, 400},
		"two values":       {string(good) + "{}", malformed, 400},
		"another protocol": {with(`"protocol":1`, `"protocol":2`), protocol.StatusProtocolVersion, 400},
		"a short nonce":    {with(`"nonce":"`, `"nonce":"c2hvcnQ","was":"`), malformed, 400},
		"no key":           {with(`"publicKey"`, `"noKey"`), malformed, 400},
		"a key of low order": {
			with(protocol.Encoding.EncodeToString(d.Key.PublicKey().Bytes()), strings.Repeat("A", 43)), malformed, 400,
		},
		"no UUID":                  {with(d.UUID, "x"), malformed, 400},
		"a control character":      {with(`"platform":"`, `"platform":"\u001b`), malformed, 400},
		"the direction of text":    {with(`"platform":"`, `"platform":"\u202e`), malformed, 400},
		"more than 512 bytes":      {with(`"platform":"`, `"platform":"`+strings.Repeat("x", 513)), malformed, 400},
		"slots that divide no day": {with(`"instanceCount":1`, `"instanceCount":1,"slotSeconds":7`), malformed, 400},
		"too many instances":       {with(`"instanceCount":1`, `"instanceCount":1000001`), malformed, 400},
		"more than 64 KiB": {
			strings.Repeat(" ", protocol.MaxAuthorizationBody+1), protocol.StatusRequestTooLarge, 413,
		},
	} {
		_, _, err := d.Post(protocol.PathAuthorizations, []byte(test.body), nil)
		errs[name] = problem(err, test.code, test.status)
	}
	return each(errs)
}
