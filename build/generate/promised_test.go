package main

import (
	"os"
	"path/filepath"
	"testing"
)

// What is new is promised by a line of its own, behind its like; no line changes or goes, not even
// one of a field that was renamed or a value that was changed.
func TestWhatIsNewIsPromised(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll(filepath.Dir(promisedFile), 0o755); err != nil {
		t.Fatal(err)
	}
	const old = `/* Promised. */
FIELD(LTS_Event, structSize, 0, 4);
FIELD(LTS_Event, former, 4, 4);
VALUE(LTS_OK, 0);
VALUE(LTS_ERR_NO_LICENSE, -20000);
VALUE(LTS_CW_AUTO, 0);
VALUE(LTS_CW_SCAN_COUNT, 9);

int32_t LTS_CALL LTS_ABIVersion(void);
`
	const want = `/* Promised. */
FIELD(LTS_Event, structSize, 0, 4);
FIELD(LTS_Event, former, 4, 4);
FIELD(LTS_Event, renamed, 4, 4);
FIELD(LTS_Event, number, 8, 4);
FIELD(LTS_Event, modules, 16, 8);
FIELD(LTS_Event, modulesCount, 24, 4);
FIELD(LTS_Event, name, 28, 40);
FIELD(LTS_Event, time, 72, 8);
VALUE(LTS_OK, 0);
VALUE(LTS_ERR_NO_LICENSE, -20000);
VALUE(LTS_ERR_NEW, -20001);
VALUE(LTS_CW_AUTO, 0);
VALUE(LTS_CW_SCAN_COUNT, 9);
VALUE(LTS_CW_NEW, 3);
VALUE(LTS_NEW_A, 0);

int32_t LTS_CALL LTS_ABIVersion(void);
`
	if err := os.WriteFile(promisedFile, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	all := definitions{
		StatusCodes: []value{{Name: "OK"}, {Name: "NO_LICENSE", Value: -20000}, {Name: "NEW", Value: -20001}},
		Structures: []structure{{Name: "Event", Fields: []field{
			{Name: "structSize", Type: sizeField}, {Name: "renamed", Type: paddingField},
			{Name: "number", Type: intField}, {Name: "modules", Type: listField},
			{Name: "name", Type: stringField, Length: 40}, {Name: "time", Type: timeField},
		}}},
		Enumerations: []enumeration{
			{Name: "ChargeWay", Prefix: "CW", Values: []value{
				{Name: "AUTO"}, {Name: "SCAN_COUNT", Value: 2}, {Name: "NEW", Value: 3},
			}},
			{Name: "New", Prefix: "NEW", Values: []value{{Name: "A"}}},
		},
	}
	files := map[string][]byte{}
	if err := emitPromised(all, files); err != nil {
		t.Fatal(err)
	}
	if got := string(files[promisedFile]); got != want {
		t.Errorf("promised.c is\n%s", got)
	}
}
