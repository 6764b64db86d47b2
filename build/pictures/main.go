// Command pictures makes the pictures of the server's pages that the documents show,
// docs/images: of a simulated history, at a fixed time, by Chromium.
//
//	go run ./build/pictures
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
	_ "time/tzdata" // zones, wherever it runs

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/simulation"
	"github.com/openlts/openlts/server/store/sqlite"
)

// moment is the time of the pictures, and history what they show.
var (
	moment  = time.Date(2026, 11, 26, 15, 0, 0, 0, time.UTC)
	history = simulation.Options{Devices: 600, Days: 60, Seed: 1, Until: moment}
)

// maxBytes is how large a picture may be.
const maxBytes = 150_000

// shots are the pictures.
var shots = []struct {
	name, path, scheme string
	width, height      int64
}{
	{"overview", "/", "light", 1280, 860},
	{"statistics", "/statistics", "dark", 1280, 1160},
}

func main() {
	if err := run(context.Background(), filepath.Join("docs", "images")); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string) (err error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return errors.New("there is no chromium; build/bootstrap test installs it")
	}
	directory, err := os.MkdirTemp("", "openlts-pictures-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	s, err := sqlite.Open(ctx, filepath.Join(directory, "data"), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	history.Progress = func(done, of int) {
		if done%20 == 0 {
			fmt.Printf("pictures: day %d of %d\n", done+1, of)
		}
	}
	if _, err := simulation.Run(ctx, s, history); err != nil {
		return err
	}
	now := func() time.Time { return moment }
	lts, err := server.New(ctx, server.Config{
		Store: s, Now: now, Log: slog.New(slog.DiscardHandler), Pages: &server.PagesConfig{Version: "0.2"},
	})
	if err != nil {
		return err
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, lts.Shutdown(ctx))
	}
	served := make(chan error, 1)
	go func() { served <- lts.Serve(listener) }()
	defer func() { err = errors.Join(err, lts.Shutdown(ctx), <-served) }()
	const name, password = "olga@example.com", "correct horse battery"
	desk := &administration.Administrator{Store: s, Now: now, Actor: "pictures"}
	if _, err := desk.AddAccount(ctx, administration.AccountInput{Name: name, Role: administration.Owner, Password: password}); err != nil {
		return err
	}
	return photograph(ctx, chromium, "http://"+listener.Addr().String(), name, password, folder)
}

func photograph(ctx context.Context, chromium, url, name, password, folder string) error {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	ctx, cancel := chromedp.NewContext(ctx)
	defer cancel()
	ctx, end := context.WithTimeout(ctx, 2*time.Minute)
	defer end()
	if err := chromedp.Do(ctx, chromedp.Navigate(url+"/sign-in"),
		chromedp.SendKeys(chromedp.ID("f-name"), name), chromedp.SendKeys(chromedp.ID("f-password"), password)); err != nil {
		return err
	}
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS("button.primary"))); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, shot := range shots {
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: shot.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		}); err != nil {
			return err
		}
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(shot.width, shot.height), chromedp.Navigate(url+shot.path)); err != nil {
			return err
		}
		quality := int64(80)
		image, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
		if err != nil {
			return err
		}
		if len(image.Data) > maxBytes {
			return fmt.Errorf("the picture %s has %d bytes, more than %d", shot.name, len(image.Data), maxBytes)
		}
		if err := os.WriteFile(filepath.Join(folder, shot.name+".webp"), image.Data, 0o644); err != nil {
			return err
		}
		fmt.Printf("pictures: %s, %d bytes\n", shot.name, len(image.Data))
	}
	return nil
}
