package capi

// #include "capi.h"
// #include "job.h"
// #include "start.h"
import "C"

import (
	"os"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
)

// C never calls Go. It puts jobs into a queue (job.h), and workers take them from there: so Go runs
// only on its own threads, never on the host's.
func init() {
	takePoller()
	spawn(work)
}

// takePoller makes Go's runtime open the descriptors of its poller now, while we know that there
// are enough: without them it would end the process.
func takePoller() {
	r, w, err := os.Pipe()
	if err == nil {
		_ = r.Close()
		_ = w.Close()
	}
}

// spawn is the only place where this folder starts a goroutine. It recovers panics, because a panic
// must never end the host's process; do recovers those of a job.
func spawn(run func()) {
	go func() {
		defer func() { _ = recover() }()
		run()
	}()
}

// work does jobs, one after another, until enough other workers wait.
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

// finish does a job, and undoes it if nobody waits for it any more because it took too long.
func finish(job *C.openlts_job) {
	do(job)
	if C.openlts_done(job) == 0 {
		undo(job)
		C.openlts_free_job(job)
	}
}

// contain recovers a panic in work for a host. Defer it first. The host gets a status instead, and
// what happened where, in the message, if the job has one, and in an event of the license.
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

// do does a job and writes the result into it.
func do(job *C.openlts_job) {
	defer contain(job)
	job.status = perform(job)
}

// undo reverses a job whose result nobody received.
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
