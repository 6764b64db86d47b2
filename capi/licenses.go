package capi

// #include "capi.h"
import "C"

import (
	"sync"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
)

// licenses are the open licenses by their handles. The table of the hot path (record.c) says which
// handles are valid, this map to which license they belong.
var licenses struct {
	sync.RWMutex
	open map[C.LTS_License]*client.License
}

func find(handle C.LTS_License) (*client.License, error) {
	licenses.RLock()
	defer licenses.RUnlock()
	if l, ok := licenses.open[handle]; ok {
		return l, nil
	}
	return nil, protocol.StatusInvalidHandle
}

func add(handle C.LTS_License, l *client.License) {
	licenses.Lock()
	defer licenses.Unlock()
	if licenses.open == nil {
		licenses.open = map[C.LTS_License]*client.License{}
	}
	licenses.open[handle] = l
}

func remove(handle C.LTS_License) (*client.License, error) {
	licenses.Lock()
	defer licenses.Unlock()
	l, ok := licenses.open[handle]
	if !ok {
		return nil, protocol.StatusInvalidHandle
	}
	delete(licenses.open, handle)
	return l, nil
}
