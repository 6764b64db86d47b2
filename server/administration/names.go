package administration

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
)

// The names of what an item may state. A test compares them with
// conformance/definitions.json.
var (
	products = map[string]protocol.Product{
		"DBR": protocol.ProductDBR, "DLR": protocol.ProductDLR, "DWT": protocol.ProductDWT,
		"DCE": protocol.ProductDCE, "DPS": protocol.ProductDPS, "ALL": protocol.ProductAll,
	}
	modules = map[string]protocol.LicenseModule{
		"ONED": protocol.LicenseModuleONED, "QR_CODE": protocol.LicenseModuleQRCode, "PDF417": protocol.LicenseModulePDF417,
		"DATAMATRIX": protocol.LicenseModuleDatamatrix, "AZTEC": protocol.LicenseModuleAztec, "MAXICODE": protocol.LicenseModuleMaxicode,
		"PATCHCODE": protocol.LicenseModulePatchcode, "GS1_DATABAR": protocol.LicenseModuleGS1Databar,
		"GS1_COMPOSITE": protocol.LicenseModuleGS1Composite, "POSTALCODE": protocol.LicenseModulePostalcode,
		"DOTCODE": protocol.LicenseModuleDotcode, "INTERMEDIATE_RESULT": protocol.LicenseModuleIntermediateResult,
		"DPM": protocol.LicenseModuleDPM, "NONSTANDARD_BARCODE": protocol.LicenseModuleNonstandardBarcode,
	}
	deploymentTypes = map[string]protocol.DeploymentType{
		"server": protocol.DeploymentTypeServer, "desktop": protocol.DeploymentTypeDesktop, "browser": protocol.DeploymentTypeBrowser,
		"mobile": protocol.DeploymentTypeMobile, "embedded": protocol.DeploymentTypeEmbeddedDevice, "oem": protocol.DeploymentTypeOEM,
	}
	chargeWays = map[string]protocol.ChargeWay{
		"scan": protocol.ChargeWayScanCount, "page": protocol.ChargeWayPageCount, "device": protocol.ChargeWayDeviceCount,
		"concurrent-device": protocol.ChargeWayConcurrentDeviceCount, "domain": protocol.ChargeWayAppDomainCount,
		"active-device": protocol.ChargeWayActiveDeviceCount, "instance": protocol.ChargeWayInstanceCount,
		"concurrent-instance": protocol.ChargeWayConcurrentInstanceCount,
	}
)

// ParseProducts reads a comma-separated list of products.
func ParseProducts(list string) (protocol.Product, error) {
	var all protocol.Product
	for name := range strings.SplitSeq(list, ",") {
		product, err := find(products, strings.ToUpper(strings.TrimSpace(name)), "products", "product")
		if err != nil {
			return 0, err
		}
		all |= product
	}
	return all, nil
}

// FormatProducts is the inverse of ParseProducts.
func FormatProducts(all protocol.Product) string {
	if all == protocol.ProductAll {
		return "ALL"
	}
	var list []string
	for _, name := range []string{"DBR", "DLR", "DWT", "DCE", "DPS"} {
		if all&products[name] != 0 {
			list = append(list, name)
		}
	}
	return strings.Join(list, ",")
}

// ParseModules reads a comma-separated list of modules; an empty one means all.
func ParseModules(list string) ([]protocol.LicenseModule, error) {
	var all []protocol.LicenseModule
	if list == "" {
		return nil, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		module, err := find(modules, strings.ToUpper(strings.TrimSpace(name)), "modules", "module")
		if err != nil {
			return nil, err
		}
		if !slices.Contains(all, module) {
			all = append(all, module)
		}
	}
	return all, nil
}

// FormatModules is the inverse of ParseModules.
func FormatModules(all []protocol.LicenseModule) string {
	list := make([]string, len(all))
	for i, module := range all {
		list[i] = nameOf(modules, module)
	}
	return strings.Join(list, ",")
}

// ParseDeploymentType reads a deployment type; an empty one means any.
func ParseDeploymentType(name string) (protocol.DeploymentType, error) {
	if name == "" {
		return 0, nil
	}
	return find(deploymentTypes, strings.ToLower(name), "deploymentType", "deployment type")
}

// FormatDeploymentType is the inverse of ParseDeploymentType.
func FormatDeploymentType(t protocol.DeploymentType) string {
	if t == 0 {
		return ""
	}
	return nameOf(deploymentTypes, t)
}

// ParseChargeWay reads a charge way, of those this server supports.
func ParseChargeWay(name string) (protocol.ChargeWay, error) {
	way, known := chargeWays[strings.ToLower(name)]
	supported := policy.ChargeWays()
	if slices.Contains(supported, way) {
		return way, nil
	}
	names := make([]string, len(supported))
	for i, way := range supported {
		names[i] = FormatChargeWay(way)
	}
	slices.Sort(names)
	if known {
		return 0, invalid("chargeWay", "this version does not support the charge way %q yet; choose from %s", name, strings.Join(names, ", "))
	}
	return 0, invalid("chargeWay", "there is no charge way %q; choose from %s", name, strings.Join(names, ", "))
}

// FormatChargeWay is the inverse of ParseChargeWay.
func FormatChargeWay(way protocol.ChargeWay) string { return nameOf(chargeWays, way) }

func find[V any](values map[string]V, name, field, what string) (V, error) {
	value, ok := values[name]
	if !ok {
		return value, invalid(field, "there is no %s %q; choose from %s", what, name, strings.Join(slices.Sorted(maps.Keys(values)), ", "))
	}
	return value, nil
}

func nameOf[V comparable](values map[string]V, value V) string {
	for name, v := range values {
		if v == value {
			return name
		}
	}
	return fmt.Sprint(value)
}

// ChargeWays are the names of the charge ways this server supports, in order.
func ChargeWays() []string {
	supported := policy.ChargeWays()
	names := make([]string, len(supported))
	for i, way := range supported {
		names[i] = FormatChargeWay(way)
	}
	slices.Sort(names)
	return names
}
