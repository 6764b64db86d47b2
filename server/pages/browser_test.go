package pages_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium that takes note of what it complains about: a page that breaks
// the policy of what it may load, or fails in a script.
type browser struct {
	context.Context
	mu         sync.Mutex
	complaints []string
}

// openBrowser starts Chromium, or skips the test.
func openBrowser(t testing.TB) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("skipped: the pages in a browser: there is no chromium; build/bootstrap test installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	b := &browser{}
	complain := func(text string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.complaints = append(b.complaints, text)
	}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			complain(e.Entry.URL + ": " + e.Entry.Text)
		case *runtime.EventExceptionThrown:
			complain(e.ExceptionDetails.Text + " " + e.ExceptionDetails.URL)
		}
	}))
	ctx, end := context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(func() { end(); cancel(); stop() })
	b.Context = ctx
	return b
}

func (b *browser) do(t testing.TB, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.Context, actions...); err != nil {
		t.Fatal(err)
	}
}

// said gives what the browser complained about since it was asked last.
func (b *browser) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.complaints
	b.complaints = nil
	return said
}

// quiet fails the test if the browser complained.
func (b *browser) quiet(t testing.TB) {
	t.Helper()
	for _, complaint := range b.said() {
		t.Error(complaint)
	}
}

// signIn signs in as a person would.
func (b *browser) signIn(t testing.TB, o *office, name string) {
	t.Helper()
	b.do(t, chromedp.Navigate(o.url+"/sign-in"),
		chromedp.SendKeys(chromedp.ID("f-name"), name), chromedp.SendKeys(chromedp.ID("f-password"), password))
	if _, err := chromedp.RunResponse(b.Context, chromedp.Click(chromedp.CSS("button.primary"))); err != nil {
		t.Fatal(err)
	}
}

// pictures is where pictures of the pages go.
func pictures(t testing.TB) string {
	t.Helper()
	folder := filepath.Join("..", "..", "out", "pages")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// looks are the ways in which each page is looked at.
var looks = []struct {
	name          string
	width, height int64
	scheme        string
	mobile        bool
}{
	{"light", 1280, 900, "light", false}, {"dark", 1280, 900, "dark", false}, {"phone", 390, 844, "light", true},
}

// openLife gives a server with life and accounts, and a browser to look at its pages.
func openLife(t *testing.T) (*office, *browser) {
	t.Helper()
	o := openOffice(t)
	b := openBrowser(t)
	o.life(t)
	o.accounts(t)
	return o, b
}

// Each page, light, dark and on a phone: the browser finds nothing to complain about,
// nothing sticks out at the side, and axe finds nothing that keeps anybody out.
func TestLooks(t *testing.T) {
	o, b := openLife(t)
	axe := axeSource(t)
	folder := pictures(t)
	b.do(t, chromedp.Navigate(o.url+"/sign-in"))
	b.look(t, "sign-in", folder, axe)
	b.signIn(t, o, "olga")
	for _, path := range o.all(t) {
		b.do(t, chromedp.Navigate(o.url+path))
		name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-").Replace(path), "-")
		if name == "" {
			name = "overview"
		}
		if strings.HasPrefix(name, "devices-") {
			name = "device"
		}
		if strings.Contains(path, "/replay") {
			name = "replay"
		}
		if strings.HasPrefix(path, "/statistics/") {
			name, _, _ = strings.Cut(strings.ReplaceAll(path[1:], "/", "-"), "?")
		}
		b.look(t, name, folder, axe)
	}
	b.do(t, chromedp.Navigate(o.url+"/nothing"))
	b.said() // that the page is not found
	b.look(t, "not-found", folder, axe)
}

func (b *browser) look(t testing.TB, name, folder, axe string) {
	t.Helper()
	for _, look := range looks {
		if _, err := chromedp.Call(b.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: look.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		}); err != nil {
			t.Fatal(err)
		}
		var more []chromedp.EmulateViewportOption
		if look.mobile {
			more = append(more, chromedp.EmulateMobile)
		}
		b.do(t, chromedp.EmulateViewport(look.width, look.height, more...))
		image, err := chromedp.Run(b.Context, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name+"-"+look.name+".png"), image, 0o644); err != nil {
			t.Fatal(err)
		}
		wide, err := chromedp.Run(b.Context,
			chromedp.Evaluate[int64]("document.documentElement.scrollWidth - innerWidth"))
		if err != nil {
			t.Fatal(err)
		}
		if wide > 0 {
			t.Errorf("%s, %s: %d pixels stick out at the side", name, look.name, wide)
		}
		if axe != "" {
			findings, err := chromedp.Run(b.Context, chromedp.Evaluate[string](axe+`;axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ") + " " + n.failureSummary.replace(/\s+/g, " ")).join("; ")).join("\n"))`,
				chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			if findings != "" {
				t.Errorf("%s, %s: %s", name, look.name, findings)
			}
		}
	}
	b.quiet(t)
}

// axeSource is axe-core, which build/pages fetches; without it that part is left out.
func axeSource(t testing.TB) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "out", "pages", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Log("skipped: axe on the pages: build/pages fetches it")
		return ""
	}
	return string(source)
}
