package administration

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// The names of values that an item may have. A test compares them with
// conformance/definitions.json.
var (
	products = map[string]protocol.Product{
		"DBR": protocol.ProductDBR, "DLR": protocol.ProductDLR, "DWT": protocol.ProductDWT,
		"DCE": protocol.ProductDCE, "DPS": protocol.ProductDPS, "ALL": protocol.ProductAll,
	}
	modules = map[string]protocol.LicenseModule{
		"ONED": protocol.LicenseModuleONED, "QR_CODE": protocol.LicenseModuleQRCode,
		"PDF417": protocol.LicenseModulePDF417, "DATAMATRIX": protocol.LicenseModuleDatamatrix,
		"AZTEC": protocol.LicenseModuleAztec, "MAXICODE": protocol.LicenseModuleMaxicode,
		"PATCHCODE": protocol.LicenseModulePatchcode, "GS1_DATABAR": protocol.LicenseModuleGS1Databar,
		"GS1_COMPOSITE": protocol.LicenseModuleGS1Composite, "POSTALCODE": protocol.LicenseModulePostalcode,
		"DOTCODE": protocol.LicenseModuleDotcode, "INTERMEDIATE_RESULT": protocol.LicenseModuleIntermediateResult,
		"DPM": protocol.LicenseModuleDPM, "NONSTANDARD_BARCODE": protocol.LicenseModuleNonstandardBarcode,
	}
	deploymentTypes = map[string]protocol.DeploymentType{
		"server": protocol.DeploymentTypeServer, "desktop": protocol.DeploymentTypeDesktop,
		"browser": protocol.DeploymentTypeBrowser, "mobile": protocol.DeploymentTypeMobile,
		"embedded": protocol.DeploymentTypeEmbeddedDevice, "oem": protocol.DeploymentTypeOEM,
	}
)

// builtInProducts are their names in the order of their bits.
var builtInProducts = []string{"DBR", "DLR", "DWT", "DCE", "DPS"}

// Unlimited is the word for no quota.
const Unlimited = "unlimited"

// FormatQuota writes a quota: a number, or that there is none.
func FormatQuota(quota int64) string {
	if quota == store.Unlimited {
		return Unlimited
	}
	return strconv.FormatInt(quota, 10)
}

// ParseProducts reads a comma-separated list of products, built in or the vendor's own.
func ParseProducts(list string, own []store.Product) (protocol.Product, error) {
	known := maps.Clone(products)
	for _, product := range own {
		known[strings.ToUpper(product.Name)] = product.Bit
	}
	var all protocol.Product
	for name := range strings.SplitSeq(list, ",") {
		product, err := find(known, strings.ToUpper(strings.TrimSpace(name)), "products", "product")
		if err != nil {
			return 0, err
		}
		all |= product
	}
	if all&protocol.ProductAll == protocol.ProductAll {
		all = protocol.ProductAll
	}
	return all, nil
}

// FormatProducts is the inverse of ParseProducts. A bit without a name is a number.
func FormatProducts(all protocol.Product, own []store.Product) string {
	if all == protocol.ProductAll {
		return "ALL"
	}
	var list []string
	add := func(bit protocol.Product, name string) {
		if all&bit != 0 {
			all &^= bit
			list = append(list, name)
		}
	}
	for _, name := range builtInProducts {
		add(products[name], name)
	}
	for _, product := range own {
		add(product.Bit, product.Name)
	}
	for bit := protocol.Product(1); all > 0 && bit > 0; bit <<= 1 {
		add(bit, strconv.Itoa(int(bit)))
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

// ParseChargeWay reads a charge way by its short name.
func ParseChargeWay(name string) (protocol.ChargeWay, error) {
	for _, way := range policy.ChargeWays() {
		if way.Short() == strings.ToLower(name) {
			return way, nil
		}
	}
	return 0,
		invalid("chargeWay", "there is no charge way %q; choose from %s", name, strings.Join(ChargeWayNames(), ", "))
}

// FormatChargeWay is the inverse of ParseChargeWay.
func FormatChargeWay(way protocol.ChargeWay) string {
	if name := way.Short(); name != "" {
		return name
	}
	return fmt.Sprint(int(way))
}

// ChargeWayNames are the names of all charge ways, in order.
func ChargeWayNames() []string {
	var names []string
	for _, way := range policy.ChargeWays() {
		names = append(names, way.Short())
	}
	slices.Sort(names)
	return names
}

func find[V any](values map[string]V, name, field, what string) (V, error) {
	value, ok := values[name]
	if !ok {
		return value, invalid(field, "there is no %s %q; choose from %s", what, name,
			strings.Join(slices.Sorted(maps.Keys(values)), ", "))
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
