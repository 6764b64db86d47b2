package main

import (
	"strings"
	"testing"
)

// What is new is promised by a line of its own, behind its like; no line changes or goes.
func TestWhatIsNewIsPromised(t *testing.T) {
	all := read(t)
	files := map[string][]byte{}
	if err := emitPromised(all, files); err != nil {
		t.Fatal(err)
	}
	before := string(files[promisedFile])

	all.StatusCodes = append(all.StatusCodes, value{Name: "NEW", Value: -20399})
	for i := range all.Enumerations {
		if e := &all.Enumerations[i]; e.Name == "ChargeWay" {
			e.Values = append(e.Values, value{Name: "NEW", Value: 199})
		}
	}
	for i := range all.Structures {
		if s := &all.Structures[i]; s.Name == "ConnectionParameters" {
			s.Fields = append(s.Fields,
				field{Name: "newNumber", Type: intField}, field{Name: "newModules", Type: listField},
				field{Name: "newText", Type: textField})
			s.Fields[1].Name = "renamed" // the old promise stays, and breaks
		}
	}
	all.Enumerations = append(all.Enumerations, enumeration{Name: "New", Prefix: "NEW", Values: []value{{Name: "A"}}})
	if err := emitPromised(all, files); err != nil {
		t.Fatal(err)
	}
	after := string(files[promisedFile])
	for _, want := range []string{
		"VALUE(LTS_ERR_HOST_RESOURCES, -20313);\nVALUE(LTS_ERR_NEW, -20399);\n",
		"VALUE(LTS_CW_YEARLY_ACTIVE_DEVICE_COUNT, 104);\nVALUE(LTS_CW_NEW, 199);\n",
		"FIELD(LTS_ConnectionParameters, reserved2, 172, 4);\n" +
			"FIELD(LTS_ConnectionParameters, renamed, 4, 4);\n" +
			"FIELD(LTS_ConnectionParameters, newNumber, 176, 4);\n" +
			"FIELD(LTS_ConnectionParameters, newModules, 184, 8);\n" +
			"FIELD(LTS_ConnectionParameters, newModulesCount, 192, 4);\n" +
			"FIELD(LTS_ConnectionParameters, newText, 200, 8);\n",
		"VALUE(LTS_OT_PAGE_RECOGNIZED, 68);\nVALUE(LTS_NEW_A, 0);\n",
	} {
		if !strings.Contains(after, want) {
			t.Errorf("promised.c lacks\n%s", want)
		}
	}
	rest := after
	for line := range strings.Lines(before) {
		_, behind, found := strings.Cut(rest, line)
		if !found {
			t.Errorf("promised.c lost %s", line)
		}
		rest = behind
	}
}
