// Command pictures makes the pictures of the server's pages that the documents show,
// docs/images: of a simulated history, at a fixed time, by Chromium.
//
//	go run ./build/pictures
//	go run ./build/pictures -all out/pictures    # every page, light, dark and on a phone, to look at
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// shot is a picture of a page.
type shot struct {
	name, path, scheme string
	width, height      int64 // height 0: the whole page
}

// documented are the pictures that the documents show.
var documented = []shot{
	{"overview", "/", "light", 1280, 860},
	{"statistics", "/statistics", "dark", 1280, 1160},
}

// paths are the pages there are; what stands for an object is an id of the simulation.
var paths = []string{
	"/", "/statistics", "/statistics?by=item&item=warehouse-scans&per=hour&range=7d&mode=accumulated",
	"/statistics?measure=devices", "/statistics?measure=denials", "/items", "/items/new", "/items/warehouse-scans",
	"/items/desks", "/items/pilot-scans", "/codes", "/codes/new", "/codes/100001-warehouse",
	"/codes/100001-warehouse/key", "/organizations", "/organizations/100001", "/devices", "/devices/DEVICE", "/denials",
	"/anomalies", "/audit", "/settings",
}

// everything is every page, in each of its looks. A page that is of one device shows
// this one.
func everything(device string) (list []shot) {
	for _, path := range paths {
		path = strings.ReplaceAll(path, "DEVICE", device)
		name := strings.Trim(
			strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-", device, "device").Replace(path), "-")
		if name == "" {
			name = "overview"
		}
		list = append(list, shot{name + "-light", path, "light", 1280, 0}, shot{name + "-dark", path, "dark", 1280, 0},
			shot{name + "-phone", path, "light", 390, 0})
	}
	return list
}

func main() {
	all := flag.String("all", "", "take pictures of every page, to look at, into this `folder`")
	flag.Parse()
	folder := filepath.Join("docs", "images")
	if *all != "" {
		folder = *all
	}
	if err := run(context.Background(), folder, *all != ""); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string, all bool) (err error) {
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
	told := -1
	history.Progress = func(done, of int) {
		if fifth := 5 * done / max(of, 1); fifth > told {
			told = fifth
			fmt.Printf("pictures: %d %% of the history is simulated\n", 20*fifth)
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
	if _, err := desk.AddAccount(ctx,
		administration.AccountInput{Name: name, Role: administration.Owner, Password: password}); err != nil {
		return err
	}
	shots := documented
	if all {
		anomalies, err := desk.Anomalies(ctx, administration.Selection{Limit: 1})
		if err != nil || len(anomalies.Items) == 0 {
			return errors.Join(errors.New("there is no device with an anomaly"), err)
		}
		shots = everything(anomalies.Items[0].Device)
	}
	return photograph(ctx, chromium, "http://"+listener.Addr().String(), name, password, folder, shots)
}

func photograph(ctx context.Context, chromium, url, name, password, folder string, shots []shot) error {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true))
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	ctx, cancel := chromedp.NewContext(ctx)
	defer cancel()
	ctx, end := context.WithTimeout(ctx, 5*time.Minute)
	defer end()
	if err := chromedp.Do(ctx, chromedp.Navigate(url+"/sign-in"),
		chromedp.SendKeys(chromedp.ID("f-name"), name),
		chromedp.SendKeys(chromedp.ID("f-password"), password)); err != nil {
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
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: shot.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		}); err != nil {
			return err
		}
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(shot.width, max(shot.height, 900)),
			chromedp.Navigate(url+shot.path)); err != nil {
			return err
		}
		if shot.height == 0 {
			image, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, shot.name+".png"), image, 0o644)
			}
			if err != nil {
				return err
			}
			continue
		}
		quality := int64(80)
		image, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatWebp, Quality: &quality,
		})
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
