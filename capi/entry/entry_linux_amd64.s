//go:build openlts_entry

#include "textflag.h"

// Go's threads inherit the mask of the thread that starts Go, which has all
// signals blocked; but each of them unblocks what the runtime's table marks, also
// when Go is only a library in somebody's process: SIGCHLD and SIGPROF, for
// os/signal and for Go's profiler, neither of which the library uses. A handler of
// the host's would run on a goroutine's stack of a few kilobytes, and a host that
// waits for SIGCHLD would never see it.
//
// So the marks go before anything of Go runs. What stays unblocked are the faults
// of a thread itself, and the two signals that belong to the C library.
// (sigtable is an array of struct { flags int32; name string }.)
#define ENTRY_SIZE 24
#define UNBLOCK 128

#define KEEP_BLOCKED(number) ANDL $~UNBLOCK, runtime·sigtable+(number*ENTRY_SIZE)(SB)

// func openlts_rt0(argc int, argv **byte), as C calls it.
TEXT openlts_rt0(SB),NOSPLIT|NOFRAME,$0
	KEEP_BLOCKED(16) // SIGSTKFLT
	KEEP_BLOCKED(17) // SIGCHLD
	KEEP_BLOCKED(27) // SIGPROF
	KEEP_BLOCKED(34) // SIGRTMIN; another C library than glibc has its own use for it
	JMP _rt0_amd64_linux_lib(SB)
