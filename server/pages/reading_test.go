package pages_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// media has the browser show pages as somebody asks for: on paper, say.
func (b *browser) media(t testing.TB, kind string, features ...*emulation.MediaFeature) {
	t.Helper()
	if _, err := chromedp.Call(b.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: kind, Features: features,
	}); err != nil {
		t.Fatal(err)
	}
}

// Magnified to four times, which leaves 320 pixels of width, each page reads without
// scrolling sideways; and if somebody asked for no motion, nothing moves.
func TestMagnified(t *testing.T) {
	o, b := openLife(t)
	b.signIn(t, o, "olga")
	b.media(t, "", &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
	b.do(t, chromedp.EmulateViewport(320, 900))
	for _, path := range append(o.all(t), "/sign-in", "/nothing") {
		b.do(t, chromedp.Navigate(o.url+path))
		wide := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string](
			`document.documentElement.scrollWidth <= innerWidth ? "" : [...document.querySelectorAll("main *")]
			.filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll, pre"))
			.slice(0, 5).map(e => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 40)).join("; ") || "?"`)))
		if wide != "" {
			t.Errorf("%s sticks out at the side: %s", path, wide)
		}
		moving := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string](`[...document.querySelectorAll("*")]
			.filter(e => (s => s.transitionDuration != "0s" || s.animationName != "none")(getComputedStyle(e)))
			.map(e => e.tagName).join(" ")`)))
		if moving != "" {
			t.Errorf("%s moves: %s", path, moving)
		}
	}
}

// On paper, no table is cut at the side, and what can only be pressed is left out.
func TestPaper(t *testing.T) {
	o, b := openLife(t)
	b.signIn(t, o, "olga")
	b.media(t, "print", &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "light"})
	b.do(t, chromedp.EmulateViewport(718, 1047)) // A4 at 96 dots an inch, without margins
	for _, path := range o.all(t) {
		b.do(t, chromedp.Navigate(o.url+path))
		cut := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string](
			`[...document.querySelectorAll("main *")]
			.filter(e => e.getClientRects().length && (e.getBoundingClientRect().right > innerWidth ||
				e.scrollWidth > e.clientWidth && e.clientWidth && getComputedStyle(e).overflowX != "visible"))
			.slice(0, 5).map(e => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 40)).join("; ")`)))
		if cut != "" {
			t.Errorf("%s is cut at the side: %s", path, cut)
		}
		pressed := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string](
			`[...document.querySelectorAll("button, input, select, nav .tabs a")].filter(e => e.getClientRects().length)
			.map(e => e.tagName + " " + e.textContent).join("; ")`)))
		if pressed != "" {
			t.Errorf("%s has on paper what can be pressed: %s", path, pressed)
		}
	}
}

// A statement on paper is the statement: without menus and buttons, black on white, also
// where the screen is dark.
func TestPrintedStatement(t *testing.T) {
	o, b := openLife(t)
	b.signIn(t, o, "olga")
	b.do(t, chromedp.Navigate(o.url+"/organizations/100001/statements/"+closedMonth()))
	b.media(t, "print", &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"})
	b.do(t, chromedp.EmulateViewport(794, 1123)) // A4 at 96 dots an inch
	image := must[[]byte](t)(chromedp.Run(b.Context, chromedp.FullScreenshot(100)))
	if err := os.WriteFile(filepath.Join(pictures(t), "statement-printed.png"), image, 0o644); err != nil {
		t.Fatal(err)
	}
	text := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string]("document.body.innerText")))
	for _, want := range []string{"Example Corp", closedMonth(), "Europe/Berlin", "QR_CODE", "lts verify statement"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on paper:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"Overview", "Sign out", "CSV", "Skip to"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q is on paper", unwanted)
		}
	}
	faint := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string](`[...document.querySelectorAll("main *")]
		.filter(e => e.getClientRects().length && [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
		.filter(e => getComputedStyle(e).color.match(/[\d.]+/g).slice(0, 3).reduce((a, c) => a + +c, 0) > 420)
		.map(e => e.textContent.trim().slice(0, 30)).join("; ")`)))
	if faint != "" {
		t.Errorf("hard to read on paper: %s", faint)
	}
}

// focused is what has the focus: what it is, and whether a person sees that.
type focused struct {
	Name          string
	Shown, Marked bool
}

func (b *browser) focused(t testing.TB) (f focused) {
	t.Helper()
	text := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string](`(() => {
		const e = document.activeElement, r = e.getBoundingClientRect(), s = getComputedStyle(e);
		return JSON.stringify({Name: e.tagName + " " + (e.id || e.name || e.textContent.trim().slice(0, 40)),
			Shown: r.width > 0 && r.height > 0 && r.left >= 0 && r.right <= innerWidth + 1 && r.bottom > 0 && r.top < innerHeight,
			Marked: s.outlineStyle != "none" && parseFloat(s.outlineWidth) >= 2})})()`)))
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// With the keyboard alone, somebody signs in, skips the menu and reaches all there is to
// press on a page, and always sees where they are.
func TestKeyboardAlone(t *testing.T) {
	o, b := openLife(t)
	b.do(t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(o.url+"/sign-in"))
	for _, field := range [][2]string{{"f-name", "olga"}, {"f-password", password}} {
		for range 5 {
			if strings.HasSuffix(b.focused(t).Name, field[0]) {
				break
			}
			b.do(t, chromedp.KeyEvent(kb.Tab))
		}
		b.do(t, chromedp.KeyEvent(field[1]))
	}
	if _, err := chromedp.RunResponse(b.Context, chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatal(err)
	}
	b.do(t, chromedp.KeyEvent(kb.Tab))
	if f := b.focused(t); !strings.Contains(f.Name, "Skip to the content") || !f.Shown {
		t.Errorf("the first is %+v", f)
	}
	b.do(t, chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab))
	if inside := must[bool](t)(chromedp.Run(b.Context, chromedp.Evaluate[bool](
		`document.activeElement.closest("main") != null`))); !inside {
		t.Errorf("what follows the skipped menu is %+v", b.focused(t))
	}
	for _, path := range []string{"/", "/statistics", "/items/scans", "/alerts", "/settings"} {
		b.do(t, chromedp.Navigate(o.url+path))
		want := must[int64](t)(chromedp.Run(b.Context, chromedp.Evaluate[int64](
			`[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
			.filter(e => e.getClientRects().length && !e.closest("details:not([open]) > :not(summary)")).length`)))
		reached := map[string]bool{}
		steps := int64(0)
		for ; steps < 3*want+20; steps++ {
			b.do(t, chromedp.KeyEvent(kb.Tab))
			f := b.focused(t)
			if strings.HasPrefix(f.Name, "BODY") {
				break
			}
			if reached[f.Name] = true; !f.Shown || !f.Marked {
				t.Errorf("%s: one does not see the focus: %+v", path, f)
			}
		}
		if steps < want || steps == 3*want+20 {
			t.Errorf("%s: %d steps, and there are %d things to press", path, steps, want)
		}
	}
}
