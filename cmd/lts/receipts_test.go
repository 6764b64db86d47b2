package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/teststore"
)

// application is an application with our library that scans at a moment, and notes what
// the page on operations tells it to.
const application = `
import json, sys
import openlts
openlts.load(sys.argv[1])
parameters = openlts.ConnectionParameters(
    main_server_url=sys.argv[2], handshake_code="100001-reader", data_directory=sys.argv[3])
with openlts.License.from_lts(parameters) as license:
    for operations, count in json.loads(sys.argv[5]):
        license.record_at(openlts.OperationType[operations], count, float(sys.argv[4]))
`

// A customer compares a closed month with what the own devices say was accepted, by what the
// page on operations tells: real devices, a real server, and the command.
func TestStatementAgainstDevices(t *testing.T) {
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	library := filepath.Join(repository, "out/lib/libopenlts.so")
	if _, err := os.Stat(library); errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: there is no library: build/library")
	}
	page, err := os.ReadFile(filepath.Join(repository, "docs/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := regexp.MustCompile("(?s)own devices\\.\\*\\*.*?```python\n(.*?)```.*?```sh\nlts (.*?)\n```").
		FindSubmatch(page)
	if told == nil {
		t.Fatal("the page does not tell how to compare a statement with devices")
	}
	note := "    " + strings.ReplaceAll(strings.TrimSuffix(string(told[1]), "\n"), "\n", "\n    ") + "\n"

	data, directory := standard(t), t.TempDir()
	server := startServer(t, data)
	// Everything is scanned at one moment: the test may run over midnight.
	moment := time.Now()
	scan := func(device string, operations ...any) {
		t.Helper()
		text, err := json.Marshal(operations)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "python3", "-c", application+note, library, server.url,
			filepath.Join(directory, device), strconv.FormatInt(moment.Unix(), 10), string(text))
		cmd.Dir = directory
		cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(repository, "bindings/python/src"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", device, err, out)
		}
	}
	type operation = []any
	scan("first", operation{"QR_CODE", 1000}, operation{"EAN_13", 312})
	scan("second", operation{"QR_CODE", 7})
	scan("second", operation{"QR_CODE", 5}, operation{"DATAMATRIX", 1})
	if err := server.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// The month ends. The second device's first line is of when it was new: what it says is
	// what it scanned from then on.
	readings := filepath.Join(directory, "devices.jsonl")
	lines, err := os.ReadFile(readings)
	if err != nil {
		t.Fatal(err)
	}
	list := strings.SplitAfter(string(lines), "\n")
	if len(list) != 4 || !strings.Contains(list[0], `"accepted": 1312}`) ||
		!strings.Contains(list[2], `"accepted": 13}`) {
		t.Fatalf("the devices say %q", list)
	}
	write := func(lines ...string) {
		t.Helper()
		if err := os.WriteFile(readings, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name := data
	if !postgres.IsURL(data) {
		name = database.SQLite(data)
	}
	desk := &administration.Administrator{
		Store: teststore.Open(t, name), Now: func() time.Time { return moment.AddDate(0, 0, 40) }, Actor: "test",
	}
	month := moment.UTC().Format("2006-01")
	if _, err := desk.CloseStatement(t.Context(), "100001", administration.StatementInput{Month: month}); err != nil {
		t.Fatal(err)
	}
	file, reports := filepath.Join(directory, "statement.json"), filepath.Join(directory, "reports.jsonl")
	statement := must(t, data, "statement", "--org", "100001", "--month", month, "--json", "--reports", reports)
	if err := os.WriteFile(file, []byte(statement), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func() (string, error) {
		t.Helper()
		arguments := strings.Fields(string(told[2]))
		for i, name := range arguments {
			if strings.Contains(name, ".json") {
				arguments[i] = filepath.Join(directory, name)
			}
		}
		return run(filepath.Join(directory, "no-database"), arguments...)
	}
	write(list[0], strings.Replace(list[1], `"accepted": 7`, `"accepted": 0`, 1), list[2])
	if out, err := verify(); err != nil || !strings.Contains(out, "ok: 1325 units of organization 100001") ||
		!strings.Contains(out, "ok: 2 devices say the same; 0 others are behind the statement") {
		t.Errorf("%v\n%s", err, out)
	}
	write(list[2])
	if out, err := verify(); err != nil || !strings.Contains(out, "ok: 1 devices say the same; 1 others") {
		t.Errorf("one line of a new device: %v\n%s", err, out)
	}
	stranger := `{"device": "` + uuid.NewString() + `", "accepted": 1}`
	for name, lines := range map[string][]string{
		"a device says less":     {strings.Replace(list[0], "1312", "1311", 1)},
		"a device says more":     {strings.Replace(list[0], "1312", "1313", 1)},
		"a month begins later":   {list[1], list[2]},
		"a device that has none": {list[0], stranger},
	} {
		write(lines...)
		if out, err := verify(); exitStatus(err) != exitDiffers || !strings.Contains(out, "DIFFERENCE") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	for name, lines := range map[string][]string{
		"the order":    {list[2], list[1]},
		"no number":    {`{"device": "x", "accepted": "1"}`},
		"no device":    {`{"accepted": 1}`},
		"too long":     {`{"device": "` + strings.Repeat("x", 5000) + `", "accepted": 1}`},
		"twice":        {`{"device": "x", "accepted": 1, "accepted": 2}`},
		"another word": {`{"device": "x", "accepted": 1, "lost": 2}`},
		"an empty one": {list[0], "\n", list[2]},
	} {
		write(lines...)
		if out, err := verify(); err == nil || exitStatus(err) != 1 ||
			!strings.Contains(err.Error(), "of the devices") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
