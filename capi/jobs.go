package capi

// #include "capi.h"
// #include "job.h"
// #include "start.h"
import "C"

import (
	"context"
	"math"
	"time"
	"unsafe"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
)

// perform does a job. It returns what the C function returns.
func perform(job *C.openlts_job) C.int32_t {
	ctx, cancel := context.WithTimeout(context.Background(), milliseconds(job.timeout))
	defer cancel()
	var err error
	switch job.kind {
	case C.OPENLTS_OPEN:
		if err = open(job); err != nil {
			setText(&job.message[0], len(job.message), err.Error())
		}
	case C.OPENLTS_DEFINE:
		err = define(job)
	case C.OPENLTS_RECORD_AT:
		err = recordAt(ctx, job)
	case C.OPENLTS_SUBMIT:
		err = submit(ctx, job)
	case C.OPENLTS_POLL:
		return poll(ctx, job)
	case C.OPENLTS_INFO:
		err = info(ctx, job)
	case C.OPENLTS_DEVICE_UUID:
		err = deviceUUID(ctx, job)
	case C.OPENLTS_CLOSE:
		err = closeLicense(ctx, job)
	default:
		err = simulate(job)
	}
	return C.int32_t(protocol.StatusOf(err))
}

func milliseconds(n C.int32_t) time.Duration { return time.Duration(n) * time.Millisecond }

func open(job *C.openlts_job) error {
	parameters, err := parametersFrom(&job.parameters)
	if err != nil {
		return err
	}
	if job.key != nil {
		if err := parameters.ApplyKey(text(job.key)); err != nil {
			return err
		}
	}
	if lack := C.openlts_lack_of_descriptors(); lack != nil {
		return protocol.Errorf(protocol.StatusHostResources, "%s", C.GoString(lack))
	}
	outside, err := environment(&parameters)
	if err != nil {
		return err
	}
	l, err := client.Open(context.Background(), parameters, outside)
	if err != nil {
		return err
	}
	counters := l.Counters()
	handle := C.openlts_table_open(counters.Memory, C.uint32_t(counters.Shards), C.int64_t(counters.SlotSeconds))
	if handle == 0 {
		closeNow(l)
		return protocol.Errorf(protocol.StatusTooMany, "%d licenses are open in this process; close one first",
			C.OPENLTS_MAX_LICENSES)
	}
	for n := range l.DefinedTypes() {
		C.openlts_table_define(handle, C.int32_t(int(protocol.FirstHostOperationType)+n))
	}
	add(handle, l)
	job.license = handle
	return nil
}

// closeNow closes a license with which nothing was recorded.
func closeNow(l *client.License) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = l.Close(ctx)
}

// closeUnused closes a license whose handle nobody got.
func closeUnused(handle C.LTS_License) {
	if l, err := remove(handle); err == nil {
		closeNow(l)
	}
}

func define(job *C.openlts_job) error {
	l, err := find(job.license)
	if err != nil {
		return err
	}
	number, err := l.DefineOperationType(text(job.name))
	if err != nil {
		return err
	}
	C.openlts_table_define(job.license, C.int32_t(number))
	job.operation_type = C.int32_t(number)
	return nil
}

func recordAt(ctx context.Context, job *C.openlts_job) error {
	l, err := find(job.license)
	if err != nil {
		return err
	}
	return l.RecordAt(ctx, protocol.OperationType(job.operation_type), uint32(job.count), int64(job.time))
}

func submit(ctx context.Context, job *C.openlts_job) error {
	l, err := find(job.license)
	if err != nil {
		return err
	}
	return l.Submit(ctx)
}

func closeLicense(ctx context.Context, job *C.openlts_job) error {
	l, err := remove(job.license)
	if err != nil {
		return err
	}
	forgetEvents(job.license)
	return l.Close(ctx)
}

func deviceUUID(ctx context.Context, job *C.openlts_job) error {
	parameters, err := parametersFrom(&job.parameters)
	if err != nil {
		return err
	}
	id, err := client.DeviceUUID(ctx, parameters)
	if err != nil {
		return err
	}
	setText(&job.uuid[0], len(job.uuid), id)
	return nil
}

func info(ctx context.Context, job *C.openlts_job) error {
	l, err := find(job.license)
	if err != nil {
		return err
	}
	i, err := l.Info(ctx)
	if err != nil {
		return err
	}
	info := &job.info
	info.structSize = C.uint32_t(unsafe.Sizeof(*info))
	// generated: info
	info.stateFlags = C.uint32_t(i.Flags)
	info.statusCode = C.int32_t(i.Status)
	info.chargeWay = C.int32_t(i.Grant.Item.ChargeWay)
	info.slotSeconds = C.int32_t(i.SlotSeconds)
	info.authorizedAt = C.int64_t(i.AuthorizedAt)
	info.validUntil = C.int64_t(i.Grant.ValidUntil)
	info.bufferUntil = C.int64_t(i.BufferUntil)
	info.quotaLimit = C.int64_t(i.Quota.Limit)
	info.quotaUsed = C.int64_t(i.Quota.Used)
	info.modules = C.uint64_t(bitsOf(i.Modules))
	info.recorded = C.int64_t(i.Usage.Recorded)
	info.accepted = C.int64_t(i.Usage.Accepted)
	info.pending = C.int64_t(i.Usage.Pending)
	info.lost = C.int64_t(i.Usage.Lost())
	info.lostExpired = C.int64_t(i.Usage.Expired)
	info.lostRefused = C.int64_t(i.Usage.Refused)
	info.lostStorage = C.int64_t(i.Usage.Storage)
	setText(&info.deviceUUID[0], len(info.deviceUUID), i.DeviceUUID)
	setText(&info.runUUID[0], len(info.runUUID), i.Run)
	setText(&info.handshakeCode[0], len(info.handshakeCode), i.Grant.HandshakeCode)
	setText(&info.organizationID[0], len(info.organizationID), i.Grant.OrganizationID)
	setText(&info.itemID[0], len(info.itemID), i.Grant.Item.ID)
	setText(&info.statusMessage[0], len(info.statusMessage), i.Message)
	// generated: end
	return nil
}

// bitsOf sets bit n for each value n. Without values it sets all bits, because that means no limit.
func bitsOf[T ~int32](values []T) uint64 {
	if len(values) == 0 {
		return math.MaxUint64
	}
	var bits uint64
	for _, value := range values {
		bits |= 1 << (value & 63)
	}
	return bits
}
