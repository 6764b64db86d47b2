package tally

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// startOf is when a process started, in 100 ns since 1601: no two processes with the same id have
// the same start. ok is false for a process that has ended, even if others still have it open.
func startOf(pid int) (started uint64, ok bool) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE,
		false, uint32(pid))
	if err != nil {
		if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			return listedStartOf(pid)
		}
		return 0, false
	}
	defer func() { _ = windows.CloseHandle(process) }()
	if event, err := windows.WaitForSingleObject(process, 0); err != nil || event == windows.WAIT_OBJECT_0 {
		return 0, false
	}
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(process, &created, &exited, &kernel, &user); err != nil {
		return 0, false
	}
	return uint64(created.HighDateTime)<<32 | uint64(created.LowDateTime), true
}

// listedStartOf finds the start in the list of all processes, which needs no rights to that
// process.
func listedStartOf(pid int) (started uint64, ok bool) {
	const most = 64 << 20 // a thousand times what a machine in use has
	for size := uint32(256 << 10); size <= most; {
		list := make([]uint64, size/8) // aligned as what is in it
		needed := uint32(0)
		err := windows.NtQuerySystemInformation(windows.SystemProcessInformation, unsafe.Pointer(&list[0]),
			size, &needed)
		if errors.Is(err, windows.STATUS_INFO_LENGTH_MISMATCH) {
			size = max(2*size, (needed+7)&^7) // more may start meanwhile
			continue
		}
		if err != nil {
			return 0, false
		}
		for at := uintptr(0); ; {
			p := (*windows.SYSTEM_PROCESS_INFORMATION)(unsafe.Add(unsafe.Pointer(&list[0]), at))
			if p.UniqueProcessID == uintptr(pid) {
				return uint64(p.CreateTime), p.NumberOfThreads > 0
			}
			if p.NextEntryOffset == 0 {
				return 0, false
			}
			at += uintptr(p.NextEntryOffset)
		}
	}
	return 0, false
}

// fileID identifies an open file independently of its name.
func fileID(f *os.File) (volume, index uint64, ok bool) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return 0, 0, false
	}
	return uint64(info.VolumeSerialNumber), uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow), true
}
