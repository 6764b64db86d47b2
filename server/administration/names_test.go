package administration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// The names are complete, and are those of conformance/definitions.json.
func TestNamesAreTheDefinitions(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "conformance", "definitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var definitions struct {
		Enumerations []struct {
			Name   string
			Values []struct {
				Name  string
				Value int32
			}
		}
	}
	if err := json.Unmarshal(data, &definitions); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, enumeration := range definitions.Enumerations {
		for _, value := range enumeration.Values {
			var ok bool
			switch enumeration.Name {
			case "Product":
				ok = products[value.Name] == protocol.Product(value.Value)
			case "LicenseModule":
				ok = modules[value.Name] == protocol.LicenseModule(value.Value)
			case "DeploymentType":
				// Shorter and in lower case: "embedded" for EMBEDDED_DEVICE.
				short := strings.TrimSuffix(strings.ToLower(value.Name), "_device")
				ok = deploymentTypes[short] == protocol.DeploymentType(value.Value)
			case "ChargeWay":
				name := strings.ReplaceAll(strings.TrimSuffix(strings.ToLower(value.Name), "_count"), "_", "-")
				ok = value.Value == 0 || protocol.ChargeWay(value.Value).Short() == strings.TrimPrefix(name, "app-")
			default:
				continue
			}
			checked++
			if !ok {
				t.Errorf("%s %s has no name, or another value", enumeration.Name, value.Name)
			}
		}
	}
	// AUTO is the one charge way no item can have.
	if names := len(products) + len(modules) + len(deploymentTypes) + len(ChargeWayNames()) + 1; checked != names {
		t.Errorf("%d names, %d definitions", names, checked)
	}
}

func TestNamesThereAndBack(t *testing.T) {
	own := []store.Product{{Name: "Acme-OCR", Bit: 1 << 7}}
	for text, want := range map[string]string{"dbr, DCE": "DBR,DCE", "DBR,ALL": "ALL", "acme-ocr,ALL": "ALL",
		"ACME-OCR,dwt": "DWT,Acme-OCR"} {
		if all, err := ParseProducts(text, own); err != nil || FormatProducts(all, own) != want {
			t.Errorf("%s: %v, %v", text, all, err)
		}
	}
	if _, err := ParseProducts("acme-ocr", nil); err == nil || FormatProducts(1<<7|1, nil) != "DBR,128" {
		t.Errorf("%v, %s", err, FormatProducts(1<<7|1, nil))
	}
	if all, err := ParseModules("QR_CODE,oned,ONED"); err != nil || FormatModules(all) != "QR_CODE,ONED" {
		t.Errorf("%v, %v", all, err)
	}
	for name := range deploymentTypes {
		if value, err := ParseDeploymentType(name); err != nil || FormatDeploymentType(value) != name {
			t.Errorf("%v, %v", value, err)
		}
	}
	for _, name := range ChargeWayNames() {
		if value, err := ParseChargeWay(strings.ToUpper(name)); err != nil || FormatChargeWay(value) != name {
			t.Errorf("%s: %v, %v", name, value, err)
		}
	}
	if _, err := ParseChargeWay(""); err == nil ||
		!strings.Contains(err.Error(), "concurrent-device, concurrent-instance") {
		t.Error(err)
	}
}
