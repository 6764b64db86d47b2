package alerts_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"pgregory.net/rapid"

	"github.com/openlts/openlts/server/alerts"
)

// listenTCP has what connects served by serve, until the test ends.
func listenTCP(t testing.TB, serve func(net.Conn)) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = connection.Close() }()
				serve(connection)
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func plainMail(port int, security alerts.Security) alerts.Target {
	return alerts.Target{Email: &alerts.Email{
		Host: "127.0.0.1", Port: port, Security: security, From: "lts@example.com", To: []string{"a@example.com"},
	}}
}

// rude is a mail server that falls silent, or says something else, at a step.
type rude struct {
	step string // the first word of a command; "" is the greeting and "." the end of a message
	says string // instead of an answer; "": nothing, ever
	hang bool   // ends the connection instead
	got  safeBuffer
	// silent is called once it has fallen silent.
	silent func()
}

// safeBuffer is what came so far.
type safeBuffer struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.String()
}

func (r *rude) serve(connection net.Conn) {
	lines := bufio.NewScanner(io.TeeReader(connection, &r.got))
	answer := func(step, text string) bool {
		if step == r.step {
			if r.hang {
				return false
			}
			if r.says == "" {
				r.silent()
				_, _ = io.Copy(io.Discard, connection) // until the other side gives up
				return false
			}
			text = r.says
		}
		_, err := fmt.Fprintf(connection, "%s\r\n", text)
		if step == "STARTTLS" { // what comes next, whatever it is
			next := make([]byte, 64<<10)
			n, _ := connection.Read(next)
			_, _ = r.got.Write(next[:n])
			return false
		}
		return err == nil
	}
	if !answer("", "220 here") {
		return
	}
	for data := false; lines.Scan(); {
		if data {
			if lines.Text() == "." {
				data = false
				if !answer(".", "250 kept") {
					return
				}
			}
			continue
		}
		step, _, _ := strings.Cut(lines.Text(), " ")
		text := "250 yes"
		switch step {
		case "EHLO":
			text = "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"
		case "DATA":
			text, data = "354 go on", true
		case "QUIT":
			text = "221 bye"
		}
		if !answer(step, text) {
			return
		}
	}
}

// Wherever a mail server falls silent, a message ends with its time; once the server has
// it, it is sent, and not once more for a farewell that failed.
func TestMailServersThatFallSilent(t *testing.T) {
	message := alerts.Message{ID: "msg_1", At: at(1_800_000_002), Events: events}
	for _, step := range []string{"", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"} {
		for _, hang := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			r := &rude{step: step, hang: hang, silent: cancel}
			err := sendAll(ctx, &alerts.Network{}, plainMail(listenTCP(t, r.serve), alerts.Plain), message)
			cancel()
			if (err == nil) != (step == "QUIT") {
				t.Errorf("silent at %q, hanging up %t: %v", step, hang, err)
			}
		}
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	silent := &rude{silent: func() {}}
	target := plainMail(listenTCP(t, silent.serve), alerts.Plain)
	if err := sendAll(ctx, &alerts.Network{}, target, message); err == nil ||
		!strings.Contains(err.Error(), "not sent within") {
		t.Errorf("when its time is over: %v", err)
	}
	r := &rude{step: "QUIT", says: "500 no"}
	port := listenTCP(t, r.serve)
	if err := sendAll(t.Context(), &alerts.Network{}, plainMail(port, alerts.Plain), message); err != nil {
		t.Errorf("a farewell that fails: %v", err)
	}
}

// A mail server that answers without end is left alone after a while: what it says is not
// kept.
func TestMailServersThatTalkOn(t *testing.T) {
	for name, flood := range map[string]string{
		"a line": strings.Repeat("x", 64<<10), "lines": strings.Repeat("220-x\r\n", 10<<10),
	} {
		var written atomic.Int64
		ended := make(chan struct{})
		port := listenTCP(t, func(connection net.Conn) {
			defer close(ended)
			for {
				n, err := io.WriteString(connection, flood)
				written.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
		target := plainMail(port, alerts.Plain)
		err := sendAll(t.Context(), &alerts.Network{}, target, alerts.Message{ID: "m", Test: true})
		if err == nil || !strings.Contains(err.Error(), "without end") {
			t.Errorf("%s: %v", name, err)
		}
		if <-ended; written.Load() > 64<<20 {
			t.Errorf("%s: %d bytes were taken", name, written.Load())
		}
	}
}

// Where TLS is asked for, nothing goes without it, least of all a password: not if the
// server, or somebody on the way, does not offer it, refuses it or goes on in plain text.
func TestNoTLSNoMail(t *testing.T) {
	for name, r := range map[string]*rude{
		"stripped":      {step: "EHLO", says: "250-here\r\n250 AUTH PLAIN LOGIN"},
		"refused":       {step: "STARTTLS", says: "454 not now"},
		"answered ok":   {step: "STARTTLS", says: "250 already"},
		"injected":      {step: "STARTTLS", says: "220 go\r\n250-here\r\n250 AUTH PLAIN\r\n235 come in\r\n250 ok"},
		"no TLS at all": {step: "STARTTLS", says: "220 go"},
		"in greeting":   {step: "", says: "220 here\r\n250-here\r\n250 AUTH PLAIN LOGIN"},
	} {
		target := plainMail(listenTCP(t, r.serve), alerts.StartTLS)
		target.Email.User, target.Email.Password = "lts", "hush-hush"
		err := sendAll(t.Context(), &alerts.Network{}, target, alerts.Message{ID: "m", Test: true})
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
		got := r.got.String()
		for _, secret := range []string{"\r\nAUTH ", "\r\nMAIL ", "\r\nRCPT ", "hush-hush",
			base64.StdEncoding.EncodeToString([]byte("\x00lts\x00hush-hush"))} {
			if strings.Contains(got, secret) || r.step != "" && !strings.HasPrefix(got, "EHLO ") {
				t.Errorf("%s: without TLS, the server gets %q", name, got)
			}
		}
	}
}

// Whatever is in the fields of a channel and in what is told: a mail has the headers it
// should, goes to whom the channel names, once, and to nobody else, and is plain text.
func TestMailIsWhatItShouldBe(t *testing.T) {
	s, port := listen(t, nil, alerts.Plain)
	bad := rapid.SampledFrom([]string{
		"\r\n", "\n", "\r", "Bcc: evil@evil.example", "\r\n\r\n", "<", ">", ",", ";", "\"", "\\", "(", ")", "@", "ü",
		"=?utf-8?q?a=0D=0ABcc:_evil@evil.example?=", "\u2028", "\u202e", "\x00", "<script>alert(1)</script>", ".", " ",
		"RCPT TO:<evil@evil.example>", "\r\n.\r\n", "a", "lts", "\t", "%0d%0a", "evil@evil.example",
	})
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(bad, 0, 6).Draw(t, "parts"), "")
	})
	address := rapid.OneOf(
		rapid.Just("a@example.com"),
		rapid.Custom(func(t *rapid.T) string { return text.Draw(t, "name") + " <b@example.com>" }),
		rapid.Custom(func(t *rapid.T) string { return `"` + text.Draw(t, "local") + `"@example.com` }),
		rapid.Custom(func(t *rapid.T) string { return "c@example.com" + text.Draw(t, "after") }), text,
	)
	sent := 0
	rapid.Check(t, func(r *rapid.T) {
		e := &alerts.Email{
			Host: "127.0.0.1", Port: port, Security: alerts.Plain, From: address.Draw(r, "from"),
			To: rapid.SliceOfN(address, 1, 2).Draw(r, "to"), CC: rapid.SliceOfN(address, 0, 1).Draw(r, "cc"),
			BCC: rapid.SliceOfN(address, 0, 1).Draw(r, "bcc"),
		}
		target := alerts.Target{Email: e}
		if target.Check() != nil {
			return
		}
		var want []string
		for _, each := range slices.Concat(e.To, e.CC, e.BCC) {
			parsed, err := mail.ParseAddress(each)
			if err != nil {
				r.Fatal(err)
			}
			if !slices.Contains(want, parsed.Address) {
				want = append(want, parsed.Address)
			}
		}
		s.mutex.Lock()
		s.mails, s.to = nil, nil
		s.mutex.Unlock()
		told := []alerts.Event{{
			At: 1, Kind: alerts.Quota, Subject: text.Draw(r, "subject"), Text: text.Draw(r, "text"),
		}}
		message := alerts.Message{ID: "msg_1", At: at(1_800_000_002), Events: told, From: "https://lts.example.com"}
		err := sendAll(context.Background(), &alerts.Network{}, target, message)
		s.mutex.Lock()
		defer s.mutex.Unlock()
		for _, to := range s.to {
			if !slices.Contains(want, to) {
				r.Fatalf("a mail went to %q, not to %q", to, want)
			}
		}
		if err != nil {
			if len(s.mails) >= len(want) {
				r.Errorf("%v, and it was sent", err)
			}
			return
		}
		sent++
		if got := slices.Clone(s.to); !slices.Equal(got, want) || len(s.mails) != len(want) {
			r.Fatalf("%d mails went to %q, not to %q", len(s.mails), got, want)
		}
		got, err := mail.ReadMessage(strings.NewReader(s.mails[0]))
		if err != nil {
			r.Fatalf("%v in\n%s", err, s.mails[0])
		}
		for name := range got.Header {
			if !slices.Contains([]string{"Auto-Submitted", "Cc", "Content-Transfer-Encoding", "Content-Type", "Date",
				"From", "Message-Id", "Mime-Version", "Subject", "To", "User-Agent", "X-Mailer"}, name) {
				r.Errorf("the header %q is in\n%s", name, s.mails[0])
			}
		}
		kind, _, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
		if err != nil || kind != "text/plain" {
			r.Errorf("it is %s: %v", kind, err)
		}
	})
	if sent == 0 {
		t.Error("no mail was sent: this test does not see what it is for")
	}
}

// A message of a thousand events is a mail of bounded size, with lines that each mail
// server takes.
func TestHugeDigest(t *testing.T) {
	s, port := listen(t, nil, alerts.Plain)
	var many []alerts.Event
	for i := range 1000 {
		many = append(many, alerts.Event{ID: int64(i), At: 1, Kind: alerts.Quota, Subject: "i",
			Text: strings.Repeat("ä.", 2000) + "\r\n.\r\nQUIT"})
	}
	message := alerts.Message{ID: "msg_1", At: at(1_800_000_002), Events: many}
	if err := sendAll(t.Context(), &alerts.Network{}, plainMail(port, alerts.Plain), message); err != nil {
		t.Fatal(err)
	}
	if len(s.mails) != 1 || len(s.mails[0]) > 2<<20 || !strings.Contains(s.mails[0], "950 more") {
		t.Fatalf("%d mails", len(s.mails))
	}
	for line := range strings.Lines(s.mails[0]) {
		if len(line) > 1000 {
			t.Fatalf("a line has %d bytes", len(line))
		}
	}
}

// names is a DNS server in which a name leads to other addresses each time.
func names(t testing.TB, answers ...[]string) *net.Resolver {
	t.Helper()
	connection, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	var asked atomic.Int64
	go func() {
		for buffer := make([]byte, 1500); ; {
			n, from, err := connection.ReadFrom(buffer)
			if err != nil {
				return
			}
			var query dnsmessage.Message
			if query.Unpack(buffer[:n]) != nil || len(query.Questions) != 1 {
				continue
			}
			question := query.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: query.ID, Response: true,
				RecursionAvailable: true}, Questions: query.Questions}
			for _, address := range answers[int(asked.Add(1)-1)%len(answers)] {
				ip := net.ParseIP(address)
				resource := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{
					Name: question.Name, Class: dnsmessage.ClassINET,
				}}
				if v4 := ip.To4(); v4 != nil && question.Type == dnsmessage.TypeA {
					resource.Body = &dnsmessage.AResource{A: [4]byte(v4)}
				} else if v4 == nil && question.Type == dnsmessage.TypeAAAA {
					resource.Body = &dnsmessage.AAAAResource{AAAA: [16]byte(ip.To16())}
				} else {
					continue
				}
				answer.Answers = append(answer.Answers, resource)
			}
			if packed, err := answer.Pack(); err == nil {
				_, _ = connection.WriteTo(packed, from) // who asked asks again
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", connection.LocalAddr().String())
	}}
}

// A name that leads behind the firewall leads nowhere, whatever it led to before; nor does
// an address, however it is written.
func TestNamesOfPrivateAddresses(t *testing.T) {
	var reached atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer receiver.Close()
	_, port, err := net.SplitHostPort(receiver.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	secret := alerts.NewSecret()
	send := func(n *alerts.Network, host string) error {
		target := alerts.Target{Webhook: &alerts.Webhook{URL: "http://" + host + ":" + port + "/", Secret: secret}}
		if err := target.Check(); err != nil {
			return err
		}
		return sendAll(t.Context(), n, target, alerts.Message{ID: "m", At: at(1_800_000_000), Test: true})
	}
	for _, answers := range [][][]string{
		{{"127.0.0.1"}}, {{"::1"}}, {{"::ffff:127.0.0.1"}}, {{"10.0.0.1"}, {"127.0.0.1"}}, {{"0.0.0.0"}}, {{"::"}},
		{{"169.254.169.254"}}, {{"10.1.2.3", "192.168.0.1", "127.0.0.1"}}, {{"fe80::1"}, {"fd00::1"}},
		{{"64:ff9b::7f00:1"}},
	} {
		resolver := names(t, answers...)
		for range 3 {
			err := send(&alerts.Network{Resolver: resolver}, "hooks.example.com")
			if !errors.Is(err, alerts.ErrPrivate) {
				t.Errorf("%v: %v", answers, err)
			}
		}
	}
	for _, host := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "0.0.0.0", "[::]", "127.1",
		"2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:7f00:1]", "127.0.0.1.", "LOCALHOST", "①②⑦.⓪.⓪.①"} {
		if err := send(&alerts.Network{Resolver: names(t, []string{"127.0.0.1"})}, host); err == nil {
			t.Errorf("%s was reached", host)
		}
	}
	if reached.Load() != 0 {
		t.Errorf("a private address was reached %d times", reached.Load())
	}
	if err := send(&alerts.Network{Private: true, Resolver: names(t, []string{"127.0.0.1"})},
		"hooks.example.com"); err != nil || reached.Load() != 1 {
		t.Errorf("where it is allowed: %v", err)
	}
}

// A receiver that is slow, or answers without end, is given up in time, and what it says
// is not kept.
func TestReceiversThatTalkOn(t *testing.T) {
	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	_, _ = packed.Write(make([]byte, 4<<20)) // to memory
	_ = packed.Close()
	secret := alerts.NewSecret()
	for name, test := range map[string]struct {
		says, again string // once, and then on and on
		fine        bool
	}{
		"nothing":           {"", "", false},
		"no line end":       {"HTTP/1.1 200", " ", false},
		"headers":           {"HTTP/1.1 200 OK\r\n", "X-More: " + strings.Repeat("x", 1000) + "\r\n", false},
		"one header":        {"HTTP/1.1 200 OK\r\nX-More: ", strings.Repeat("x", 1000), false},
		"go on and on":      {"", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", false},
		"a body":            {"HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 1000), true},
		"chunks":            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", true},
		"a bomb":            {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb.String(), "", true},
		"another protocol":  {"SSH-2.0-OpenSSH\r\n", "", false},
		"a switch":          {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "x", false},
		"a refusal, chatty": {"HTTP/1.1 500 No\r\n\r\n", "x", false},
	} {
		var written atomic.Int64
		ended := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		port := listenTCP(t, func(connection net.Conn) {
			defer close(ended)
			request := bufio.NewReader(connection)
			if _, err := http.ReadRequest(request); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			go func() { _, _ = io.Copy(io.Discard, request) }() // the body
			for text := test.says; ; text = test.again {
				n, err := io.WriteString(connection, text)
				if written.Add(int64(n)); err != nil {
					return
				}
				if test.again == "" { // and waits
					if test.says == "" {
						cancel()
					}
					<-t.Context().Done()
					return
				}
			}
		})
		target := alerts.Target{Webhook: &alerts.Webhook{URL: fmt.Sprintf("http://127.0.0.1:%d/", port), Secret: secret}}
		message := alerts.Message{ID: "m", At: at(1_800_000_000), Test: true}
		err := sendAll(ctx, &alerts.Network{Private: true}, target, message)
		cancel()
		if (err == nil) != test.fine {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && len(err.Error()) > 2000 {
			t.Errorf("%s: the error has %d bytes", name, len(err.Error()))
		}
		if test.again == "" { // it waits
			continue
		}
		if <-ended; written.Load() > 64<<20 {
			t.Errorf("%s: %d bytes were taken", name, written.Load())
		}
	}
}

// What a mail server says of one receiver is about that one's mail only, whatever it says and when.
func TestEachReceiverItsOwnAnswer(t *testing.T) {
	for name, refusal := range map[string]struct{ step, says string }{
		"at RCPT": {"RCPT", "550 no such mailbox"}, "later": {"RCPT", "450 come again"},
		"the content": {".", "554 not to this one"}, "hanging up": {"RCPT", "421 bye"},
	} {
		var mutex sync.Mutex
		got := map[string]int{}
		port := listenTCP(t, func(connection net.Conn) {
			lines, receiver, data := bufio.NewScanner(connection), "", false
			_, _ = io.WriteString(connection, "220 here\r\n")
			for lines.Scan() {
				step, rest, _ := strings.Cut(lines.Text(), " ")
				if data && lines.Text() != "." {
					continue
				}
				answer := "250 yes"
				switch step {
				case "RCPT":
					receiver = strings.Trim(strings.TrimPrefix(rest, "TO:"), "<>")
				case "DATA":
					answer, data = "354 go on", true
				}
				if step == refusal.step && receiver == "b@example.com" {
					answer = refusal.says
				}
				if step == "." {
					data = false
				}
				if step == "." && answer[0] == '2' {
					mutex.Lock()
					got[receiver]++
					mutex.Unlock()
				}
				if _, err := io.WriteString(connection, answer+"\r\n"); err != nil || strings.HasPrefix(answer, "421") {
					return
				}
			}
		})
		target := plainMail(port, alerts.Plain)
		target.Email.To = []string{"a@example.com", "b@example.com", "c@example.com"}
		for _, to := range target.Receivers() {
			err := (&alerts.Network{}).Send(t.Context(), target, to, alerts.Message{ID: "m", Test: true})
			if (err != nil) != (to == "b@example.com") ||
				err != nil && !strings.Contains(err.Error(), refusal.says[4:]) {
				t.Errorf("%s, to %s: %v", name, to, err)
			}
		}
		mutex.Lock()
		if want := map[string]int{"a@example.com": 1, "c@example.com": 1}; !maps.Equal(got, want) {
			t.Errorf("%s: %v got it", name, got)
		}
		mutex.Unlock()
	}
}
