package tally

import "golang.org/x/sys/unix"

// startOf is when a process started, in microseconds since 1970: no two processes with the same id
// have the same start. An app in a sandbox can't ask about others.
func startOf(pid int) (started uint64, ok bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	const zombie = 5 // SZOMB of sys/proc.h
	if err != nil || int(info.Proc.P_pid) != pid || info.Proc.P_stat == zombie {
		return 0, false
	}
	return uint64(info.Proc.P_starttime.Nano() / 1000), true
}
