package capi

// #include "capi.h"
// #include "job.h"
// #include "start.h"
import "C"

import (
	"os"
	"runtime"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
)

// C never calls Go. It puts jobs into a queue (job.h), and workers take them from
// there: Go is at work on threads of its own only, whatever the host's threads are.
func init() {
	takePoller()
	growHeap()
	spawn(work)
}

// grown is how much the heap has room for from the start. Open licenses take some 4 MB.
const grown = 32 << 20

// growHeap has Go map, now, the memory that it will want. Later a limit may be lower, or a
// sandbox may refuse it, and Go would end the process. Nothing is written to it: it takes
// address space until it is needed.
func growHeap() {
	runtime.KeepAlive(make([]byte, grown))
	runtime.GC() // or Go would reckon with twice as much
}

// takePoller has Go's runtime open the descriptors of its poller now, when they are
// known to be there: it would end the process if they were not.
func takePoller() {
	r, w, err := os.Pipe()
	if err == nil {
		_ = r.Close()
		_ = w.Close()
	}
}

// spawn is the one place where this folder starts a goroutine. A panic in it is
// contained: it must never take the host down. What a job does is contained by do.
func spawn(run func()) {
	go func() {
		defer func() { _ = recover() }()
		run()
	}()
}

// work does jobs, one after another, as long as not enough others wait for some.
func work() {
	for {
		var job *C.openlts_job
		var alone C.int
		next := C.openlts_next(&job, &alone)
		if alone != 0 {
			spawn(work)
		}
		switch next {
		case C.OPENLTS_NEXT_END:
			return
		case C.OPENLTS_NEXT_PREPARE:
			prepare()
		case C.OPENLTS_NEXT_JOB:
			finish(job)
		}
	}
}

// finish does a job, and undoes it if nobody waits for it any more: it took longer
// than the host was promised.
func finish(job *C.openlts_job) {
	do(job)
	if C.openlts_done(job) == 0 {
		undo(job)
		C.openlts_free_job(job)
	}
}

// contain is what everything that is done for a host begins with: no panic reaches it,
// but a status, and what happened where: in the message, if the job has one, and in an
// event of the license.
func contain(job *C.openlts_job) {
	cause := recover()
	if cause == nil {
		return
	}
	job.status = C.int32_t(protocol.StatusInternal)
	setText(&job.message[0], len(job.message), client.Describe(cause))
	if l, err := find(job.license); err == nil {
		l.Contained(cause)
	}
}

// do does a job, and puts into it what comes of it.
func do(job *C.openlts_job) {
	defer contain(job)
	job.status = perform(job)
}

// undo takes back what a job did that nobody got to know.
func undo(job *C.openlts_job) {
	defer contain(job)
	switch {
	case job.kind == C.OPENLTS_OPEN && job.status == C.LTS_OK:
		C.openlts_table_close(job.license)
		closeUnused(job.license)
	case job.kind == C.OPENLTS_POLL && job.status == 1:
		keepEvent(job.license, &job.event)
	}
}

// prepare prepares frames for the licenses that need one.
func prepare() {
	for {
		handle := C.openlts_table_next_unprepared()
		if handle == 0 {
			return
		}
		if l, err := find(handle); err == nil {
			prepareOne(l)
		}
	}
}

func prepareOne(l *client.License) {
	defer func() {
		if cause := recover(); cause != nil {
			l.Contained(cause)
		}
	}()
	l.Prepare()
}
