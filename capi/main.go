// Command capi is the shared library: the C ABI of include/openlts/openlts.h
// over core/client. Build it with build/library.
package main

// #cgo CFLAGS: -std=c11 -O2 -Wall -Wextra -Werror=incompatible-pointer-types -DLTS_BUILDING_LIBRARY
// #cgo windows LDFLAGS: -lsynchronization
// #include "capi.h"
// #include "tally.h"
import "C"

import (
	"unsafe"

	_ "github.com/openlts/openlts/capi/entry" // the entry that build/library names
	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/tally"
)

// A library has no main; package main is what -buildmode=c-shared asks for.
func main() {}

// What the C part believes of a tally, and of the version, is what Go does; an
// array of another length than 0 does not compile here.
var (
	_ [0]struct{} = [C.OPENLTS_FRAMES - tally.Frames]struct{}{}
	_ [0]struct{} = [C.OPENLTS_TYPES - tally.Types]struct{}{}
	_ [0]struct{} = [C.OPENLTS_FRAME_HEADER - tally.FrameHeader]struct{}{}
	_ [0]struct{} = [C.OPENLTS_STRAYS - tally.Strays]struct{}{}
	_ [0]struct{} = [C.OPENLTS_STRAY_BITS - tally.StrayBits]struct{}{}
	_ [0]struct{} = [C.OPENLTS_STRAY_SIZE - tally.StraySize]struct{}{}
	_ [0]struct{} = [C.OPENLTS_STRAYS_OFFSET - tally.StraysOffset]struct{}{}
	_ [0]struct{} = [1<<tally.StrayBits - tally.Strays]struct{}{}
	_ [0]struct{} = [C.OPENLTS_FRAMES_OFFSET - tally.FramesOffset]struct{}{}
	_ [0]struct{} = [len(C.LTS_VERSION) - len(client.Version)]struct{}{}
)

type clientParameters = license.Parameters

// parametersFrom copies the parameters of a job; nothing of its memory is kept.
func parametersFrom(p *C.LTS_ConnectionParameters) (parameters clientParameters, err error) {
	count := int(p.limitedLicenseModulesCount)
	if count < 0 || count > maxModules || (count > 0 && p.limitedLicenseModules == nil) {
		return parameters, protocol.Errorf(protocol.StatusInvalidArgument,
			"limitedLicenseModulesCount is %d and limitedLicenseModules %s", count, nilOrNot(unsafe.Pointer(p.limitedLicenseModules)))
	}
	var modules []protocol.LicenseModule
	if count > 0 {
		for _, module := range unsafe.Slice(p.limitedLicenseModules, count) {
			modules = append(modules, protocol.LicenseModule(module))
		}
	}
	return clientParameters{
		MainServerURL: text(p.mainServerURL), StandbyServerURL: text(p.standbyServerURL),
		HandshakeCode: text(p.handshakeCode), SessionPassword: text(p.sessionPassword),
		OrganizationID: text(p.organizationID), DeploymentType: protocol.DeploymentType(p.deploymentType),
		ChargeWay: protocol.ChargeWay(p.chargeWay), UUIDGenerationMethod: protocol.UUIDGenerationMethod(p.UUIDGenerationMethod),
		MaxBufferDays: int(p.maxBufferDays), LimitedLicenseModules: modules,
		MaxConcurrentInstanceCount: int(p.maxConcurrentInstanceCount), Products: protocol.Product(p.products),
		Resubmit: protocol.Resubmit(p.resubmit), ProductVersion: text(p.productVersion),
		Edition: text(p.edition), ValidationField: text(p.validationField),
		DeviceFriendlyName: text(p.deviceFriendlyName), DeviceUUID: text(p.deviceUUID),
		ServerPublicKey: text(p.serverPublicKey), CAFile: text(p.caFile),
		ProxyURL: text(p.proxyURL), DataDirectory: text(p.dataDirectory),
		SlotSeconds: int(p.slotSeconds), InitTimeout: milliseconds(p.initTimeoutMilliseconds),
		RequestTimeout: milliseconds(p.requestTimeoutMilliseconds),
	}, nil
}

const maxModules = 64

func nilOrNot(p unsafe.Pointer) string {
	if p == nil {
		return "is NULL"
	}
	return "is set"
}
