// Package capi is the C ABI of include/openlts/openlts.h over core/client. capi/library makes a
// library of it.
package capi

// #cgo CFLAGS: -std=c11 -O2 -Wall -Wextra -Werror=incompatible-pointer-types -DLTS_BUILDING_LIBRARY
// #cgo windows,amd64 LDFLAGS: -lsynchronization
// #cgo windows,arm64 LDFLAGS: -lapi-ms-win-core-synch-l1-2-0
// #include "capi.h"
// #include "tally.h"
import "C"

import (
	"unsafe"

	_ "github.com/openlts/openlts/capi/entry" // the entry that build/library names
	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
)

// These fail to compile if the C part and the Go part disagree on a tally's layout or on the
// version: the length of the array would not be 0.
var (
	_ [0]struct{} = [C.OPENLTS_FRAMES - client.CounterFrames]struct{}{}
	_ [0]struct{} = [C.OPENLTS_TYPES - client.CounterTypes]struct{}{}
	_ [0]struct{} = [C.OPENLTS_FRAME_HEADER - client.CounterFrameHeader]struct{}{}
	_ [0]struct{} = [C.OPENLTS_STRAYS - client.Strays]struct{}{}
	_ [0]struct{} = [C.OPENLTS_STRAY_BITS - client.StrayBits]struct{}{}
	_ [0]struct{} = [C.OPENLTS_STRAY_SIZE - client.StraySize]struct{}{}
	_ [0]struct{} = [C.OPENLTS_STRAYS_OFFSET - client.StraysOffset]struct{}{}
	_ [0]struct{} = [1<<client.StrayBits - client.Strays]struct{}{}
	_ [0]struct{} = [C.OPENLTS_FRAMES_OFFSET - client.CounterFramesOffset]struct{}{}
	_ [0]struct{} = [len(C.LTS_VERSION) - len(client.Version)]struct{}{}
)

type clientParameters = license.Parameters

// parametersFrom copies the parameters of a job and keeps none of its memory.
func parametersFrom(p *C.LTS_ConnectionParameters) (parameters clientParameters, err error) {
	// generated: parameters
	parameters.MainServerURL = text(p.mainServerURL)
	parameters.StandbyServerURL = text(p.standbyServerURL)
	parameters.HandshakeCode = text(p.handshakeCode)
	parameters.SessionPassword = text(p.sessionPassword)
	parameters.OrganizationID = text(p.organizationID)
	parameters.DeploymentType = protocol.DeploymentType(p.deploymentType)
	parameters.ChargeWay = protocol.ChargeWay(p.chargeWay)
	parameters.UUIDGenerationMethod = protocol.UUIDGenerationMethod(p.UUIDGenerationMethod)
	parameters.MaxBufferDays = int(p.maxBufferDays)
	parameters.LimitedLicenseModules, err = list[protocol.LicenseModule]("limitedLicenseModules", p.limitedLicenseModules, p.limitedLicenseModulesCount)
	if err != nil {
		return parameters, err
	}
	parameters.MaxConcurrentInstanceCount = int(p.maxConcurrentInstanceCount)
	parameters.Products = protocol.Product(p.products)
	parameters.Resubmit = protocol.Resubmit(p.resubmit)
	parameters.ProductVersion = text(p.productVersion)
	parameters.Edition = text(p.edition)
	parameters.ValidationField = text(p.validationField)
	parameters.DeviceFriendlyName = text(p.deviceFriendlyName)
	parameters.DeviceUUID = text(p.deviceUUID)
	parameters.ServerPublicKey = text(p.serverPublicKey)
	parameters.CAFile = text(p.caFile)
	parameters.ProxyURL = text(p.proxyURL)
	parameters.DataDirectory = text(p.dataDirectory)
	parameters.SlotSeconds = int(p.slotSeconds)
	parameters.InitTimeout = milliseconds(p.initTimeoutMilliseconds)
	parameters.RequestTimeout = milliseconds(p.requestTimeoutMilliseconds)
	// generated: end
	return parameters, nil
}

// maxList is how many values a list of the parameters may have.
const maxList = 64

// list copies a list of the parameters, called name in errors.
func list[T ~int32](name string, values *C.int32_t, count C.int32_t) ([]T, error) {
	if count < 0 || count > maxList || (count > 0 && values == nil) {
		return nil, protocol.Errorf(protocol.StatusInvalidArgument, "%sCount is %d and %s %s", name, count, name,
			nilOrNot(unsafe.Pointer(values)))
	}
	var copied []T
	if count > 0 {
		for _, value := range unsafe.Slice(values, count) {
			copied = append(copied, T(value))
		}
	}
	return copied, nil
}

func nilOrNot(p unsafe.Pointer) string {
	if p == nil {
		return "is NULL"
	}
	return "is set"
}
