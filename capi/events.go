package capi

// #include "job.h"
import "C"

import (
	"context"
	"sync"
	"unsafe"
)

// late are events that were taken from a license's queue too late for the waiting host: its next
// call gets them, before newer ones.
var late struct {
	sync.Mutex
	events map[C.LTS_License][]C.LTS_Event
}

func keepEvent(handle C.LTS_License, event *C.LTS_Event) {
	if _, err := find(handle); err != nil {
		return // closed meanwhile
	}
	late.Lock()
	defer late.Unlock()
	if late.events == nil {
		late.events = map[C.LTS_License][]C.LTS_Event{}
	}
	late.events[handle] = append(late.events[handle], *event)
}

func lateEvent(handle C.LTS_License) (event C.LTS_Event, ok bool) {
	late.Lock()
	defer late.Unlock()
	kept := late.events[handle]
	if len(kept) == 0 {
		return event, false
	}
	late.events[handle] = kept[1:]
	return kept[0], true
}

func forgetEvents(handle C.LTS_License) {
	late.Lock()
	defer late.Unlock()
	delete(late.events, handle)
}

// poll waits for an event; 1 says that there is one.
func poll(ctx context.Context, job *C.openlts_job) C.int32_t {
	l, err := find(job.license)
	if err != nil {
		return C.LTS_ERR_INVALID_HANDLE
	}
	event := &job.event
	if kept, ok := lateEvent(job.license); ok {
		*event = kept
		return 1
	}
	e, ok := l.Poll(ctx)
	if !ok {
		return 0
	}
	event.structSize = C.uint32_t(unsafe.Sizeof(*event))
	// generated: event
	event.kind = C.int32_t(e.Kind)
	event.statusCode = C.int32_t(e.Status)
	event.stateFlags = C.uint32_t(e.Flags)
	event.time = C.int64_t(e.Time)
	event.units = C.int64_t(e.Units)
	setText(&event.message[0], len(event.message), e.Message)
	// generated: end
	return 1
}
