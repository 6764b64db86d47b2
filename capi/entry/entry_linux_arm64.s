//go:build openlts_entry

#include "textflag.h"

// As entry_linux_amd64.s, which says why. Only registers that a function of C may
// change: R9 and R10.
#define ENTRY_SIZE 24
#define UNBLOCK 128

#define KEEP_BLOCKED(number) \
	MOVD $runtime·sigtable+(number*ENTRY_SIZE)(SB), R9 \
	MOVWU (R9), R10 \
	BIC $UNBLOCK, R10, R10 \
	MOVW R10, (R9)

// func openlts_rt0(argc int, argv **byte), as C calls it.
TEXT openlts_rt0(SB),NOSPLIT|NOFRAME,$0
	KEEP_BLOCKED(16) // SIGSTKFLT
	KEEP_BLOCKED(17) // SIGCHLD
	KEEP_BLOCKED(27) // SIGPROF
	KEEP_BLOCKED(34) // SIGRTMIN
	JMP _rt0_arm64_linux_lib(SB)
