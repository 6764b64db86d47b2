package main

// #include "capi.h"
import "C"

import (
	"context"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
)

type clientParameters = license.Parameters

// licenses are the open ones, by handle. The table of the hot path (record.c)
// says which handles are valid; this map what they stand for.
var licenses struct {
	sync.RWMutex
	open map[C.LTS_License]*client.License
}

func find(handle C.LTS_License) (*client.License, bool) {
	licenses.RLock()
	defer licenses.RUnlock()
	l, ok := licenses.open[handle]
	return l, ok
}

// guard is what every export begins with: no panic reaches the host.
func guard(status *C.int32_t) {
	if recover() != nil {
		*status = C.int32_t(protocol.StatusInternal)
	}
}

func statusOf(err error) C.int32_t { return C.int32_t(protocol.StatusOf(err)) }

// text copies a string of the caller's, one byte more than limit at most, so
// that one that is too long is seen to be.
func text(s *C.openlts_text, limit int) string {
	if s == nil {
		return ""
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(s)), limit+1)
	for n := range bytes {
		if bytes[n] == 0 {
			return string(bytes[:n])
		}
	}
	return string(bytes)
}

// setText copies a line into memory of the caller's, always NUL-terminated, cut
// between characters if it must be.
func setText(to *C.char, size int, line string) {
	if to == nil || size <= 0 {
		return
	}
	line = strings.ReplaceAll(strings.ReplaceAll(line, "\n", "; "), "\x00", "")
	if len(line) >= size {
		line = line[:size-1]
		for len(line) > 0 && !utf8.ValidString(line[max(0, len(line)-utf8.UTFMax):]) && !utf8.RuneStart(line[len(line)-1]) {
			line = line[:len(line)-1]
		}
		if last, width := utf8.DecodeLastRuneInString(line); last == utf8.RuneError && width == 1 {
			line = line[:len(line)-1]
		}
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(to)), size)
	copy(bytes, line)
	bytes[len(line)] = 0
}

func milliseconds(n C.int32_t) time.Duration { return time.Duration(n) * time.Millisecond }

// storageTimeout bounds the calls that use the data directory and have no timeout of
// their own, in milliseconds.
const storageTimeout = 2000

// deadline bounds a call by a timeout; 0 is over at once.
func deadline(timeout C.int32_t) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), milliseconds(timeout))
}

//export openlts_go_open
func openlts_go_open(key *C.openlts_text, parameters *C.openlts_parameters, handle *C.LTS_License, message *C.char, length C.int32_t) (status C.int32_t) {
	defer guard(&status)
	opened, err := open(key, parameters)
	if err != nil {
		setText(message, int(length), err.Error())
		return statusOf(err)
	}
	*handle = opened
	return C.LTS_OK
}

func open(key *C.openlts_text, from *C.openlts_parameters) (C.LTS_License, error) {
	parameters, err := parametersFrom(from)
	if err != nil {
		return 0, err
	}
	if key != nil {
		if err := parameters.ApplyKey(text(key, 1<<17)); err != nil {
			return 0, err
		}
	}
	outside, err := environment(&parameters)
	if err != nil {
		return 0, err
	}
	l, err := client.Open(context.Background(), parameters, outside)
	if err != nil {
		return 0, err
	}
	t := l.Tally()
	handle := C.openlts_table_open(t.Memory(), C.uint32_t(t.Shards()), C.int64_t(t.Slot))
	if handle == 0 {
		now, cancel := deadline(0)
		defer cancel()
		_ = l.Close(now) // nothing was recorded
		return 0, protocol.Errorf(protocol.StatusTooMany, "%d licenses are open in this process; close one first", C.OPENLTS_MAX_LICENSES)
	}
	for n := range l.DefinedTypes() {
		C.openlts_table_define(handle, C.int32_t(int(protocol.FirstHostOperationType)+n))
	}
	licenses.Lock()
	defer licenses.Unlock()
	if licenses.open == nil {
		licenses.open = map[C.LTS_License]*client.License{}
	}
	licenses.open[handle] = l
	return handle, nil
}

//export openlts_go_prepare
func openlts_go_prepare(handle C.LTS_License) (status C.int32_t) {
	defer guard(&status)
	l, ok := find(handle)
	if !ok {
		return C.LTS_ERR_INVALID_HANDLE
	}
	if !l.Prepare() {
		return C.LTS_ERR_LICENSE_BUFFER_FAILED
	}
	return C.LTS_OK
}

//export openlts_go_define
func openlts_go_define(handle C.LTS_License, name *C.openlts_text, operationType *C.int32_t) (status C.int32_t) {
	defer guard(&status)
	l, ok := find(handle)
	if !ok {
		return C.LTS_ERR_INVALID_HANDLE
	}
	number, err := l.DefineOperationType(text(name, protocol.MaxOperationTypeName))
	if err != nil {
		return statusOf(err)
	}
	C.openlts_table_define(handle, C.int32_t(number))
	*operationType = C.int32_t(number)
	return C.LTS_OK
}

//export openlts_go_record_at
func openlts_go_record_at(handle C.LTS_License, operationType, count C.int32_t, moment C.int64_t) (status C.int32_t) {
	defer guard(&status)
	l, ok := find(handle)
	if !ok {
		return C.LTS_ERR_INVALID_HANDLE
	}
	ctx, cancel := deadline(storageTimeout)
	defer cancel()
	return statusOf(l.RecordAt(ctx, protocol.OperationType(operationType), uint32(count), int64(moment)))
}

//export openlts_go_submit
func openlts_go_submit(handle C.LTS_License, timeout C.int32_t) (status C.int32_t) {
	defer guard(&status)
	l, ok := find(handle)
	if !ok {
		return C.LTS_ERR_INVALID_HANDLE
	}
	ctx, cancel := deadline(timeout)
	defer cancel()
	return statusOf(l.Submit(ctx))
}

// maxPoll bounds a wait for an event, in milliseconds: a host's thread must not
// hang in us while the host wants to end.
const maxPoll = 60000

//export openlts_go_poll
func openlts_go_poll(handle C.LTS_License, event *C.LTS_Event, timeout C.int32_t) (status C.int32_t) {
	defer guard(&status)
	l, ok := find(handle)
	if !ok {
		return C.LTS_ERR_INVALID_HANDLE
	}
	ctx, cancel := deadline(min(timeout, maxPoll))
	defer cancel()
	e, ok := l.Poll(ctx)
	if !ok {
		return 0
	}
	event.structSize = C.uint32_t(unsafe.Sizeof(*event))
	event.kind = C.int32_t(e.Kind)
	event.statusCode = C.int32_t(e.Status)
	event.stateFlags = C.uint32_t(e.Flags)
	event.time = C.int64_t(e.Time)
	event.units = C.int64_t(e.Units)
	setText(&event.message[0], len(event.message), e.Message)
	return 1
}

//export openlts_go_info
func openlts_go_info(handle C.LTS_License, info *C.LTS_LicenseInfo) (status C.int32_t) {
	defer guard(&status)
	l, ok := find(handle)
	if !ok {
		return C.LTS_ERR_INVALID_HANDLE
	}
	ctx, cancel := deadline(storageTimeout)
	defer cancel()
	i, err := l.Info(ctx)
	if err != nil {
		return statusOf(err)
	}
	info.structSize = C.uint32_t(unsafe.Sizeof(*info))
	info.stateFlags = C.uint32_t(i.Flags)
	info.statusCode = C.int32_t(i.Status)
	info.chargeWay = C.int32_t(i.Grant.Item.ChargeWay)
	info.slotSeconds = C.int32_t(i.SlotSeconds)
	info.authorizedAt = C.int64_t(i.AuthorizedAt)
	info.validUntil = C.int64_t(i.Grant.ValidUntil)
	info.bufferUntil = C.int64_t(i.BufferUntil)
	info.quotaLimit = C.int64_t(i.Quota.Limit)
	info.quotaUsed = C.int64_t(i.Quota.Used)
	info.modules = C.uint64_t(moduleBits(i.Modules))
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
	return C.LTS_OK
}

// moduleBits has bit n set for module n; all bits if modules are not limited.
func moduleBits(modules []protocol.LicenseModule) uint64 {
	if len(modules) == 0 {
		return math.MaxUint64
	}
	var bits uint64
	for _, module := range modules {
		bits |= 1 << (module & 63)
	}
	return bits
}

//export openlts_go_device_uuid
func openlts_go_device_uuid(parameters *C.openlts_parameters, uuid *C.char, length C.int32_t) (status C.int32_t) {
	defer guard(&status)
	p, err := parametersFrom(parameters)
	if err != nil {
		return statusOf(err)
	}
	ctx, cancel := deadline(storageTimeout)
	defer cancel()
	id, err := client.DeviceUUID(ctx, p)
	if err != nil {
		return statusOf(err)
	}
	setText(uuid, int(length), id)
	return C.LTS_OK
}

//export openlts_go_close
func openlts_go_close(handle C.LTS_License, timeout C.int32_t) (status C.int32_t) {
	defer guard(&status)
	licenses.Lock()
	l, ok := licenses.open[handle]
	delete(licenses.open, handle)
	licenses.Unlock()
	if !ok {
		return C.LTS_ERR_INVALID_HANDLE
	}
	ctx, cancel := deadline(timeout)
	defer cancel()
	return statusOf(l.Close(ctx))
}
