package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ledgerLock is the file that is locked during each transaction of a ledger.
const ledgerLock = "ledger.lock"

// holder is the process that holds the lock of a file now, by what the kernel says
// of all locks; 0 if none does. file is as lockedFile names it.
func holder(locks []byte, file string) int {
	for line := range bytes.Lines(locks) {
		// 1: FLOCK  ADVISORY  WRITE 4711 fe:00:131 0 EOF, with -> before what waits
		fields := bytes.Fields(line)
		if len(fields) < 6 || string(fields[1]) != "FLOCK" || string(fields[5]) != file {
			continue
		}
		if pid, err := strconv.Atoi(string(fields[4])); err == nil {
			return pid
		}
	}
	return 0
}

// lockedFile is a file as the kernel names it among its locks.
func lockedFile(path string) (string, error) {
	var info unix.Stat_t
	if err := unix.Stat(path, &info); err != nil {
		return "", err
	}
	return fmt.Sprintf("%02x:%02x:%d", unix.Major(info.Dev), unix.Minor(info.Dev), info.Ino), nil
}

// catch stops the process that is in the middle of a transaction of a device, within
// a while. fits says whether it is one of those. It is stopped then, and holds the
// lock; 0 if none could be caught.
func (d *device) catch(patience time.Duration, fits func(pid int) bool) (pid int) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		file, err := lockedFile(filepath.Join(d.directory, ledgerLock))
		if err != nil {
			return 0 // there is none yet
		}
		for range 200 {
			locks, err := os.ReadFile("/proc/locks")
			if err != nil {
				return 0
			}
			pid := holder(locks, file)
			if pid == 0 || !fits(pid) {
				continue
			}
			if unix.Kill(pid, unix.SIGSTOP) != nil {
				continue
			}
			if stopped(pid) {
				if locks, err = os.ReadFile("/proc/locks"); err == nil && holder(locks, file) == pid {
					return pid
				}
			}
			_ = unix.Kill(pid, unix.SIGCONT)
		}
		time.Sleep(time.Millisecond)
	}
	return 0
}

// stopped waits until all threads of a process stand still.
func stopped(pid int) bool {
	tasks := fmt.Sprintf("/proc/%d/task", pid)
	for range 100 {
		threads, err := os.ReadDir(tasks)
		if err != nil {
			return false
		}
		standing := 0
		for _, thread := range threads {
			// 4711 (name) T ...
			text, err := os.ReadFile(filepath.Join(tasks, thread.Name(), "stat"))
			if end := bytes.LastIndexByte(text, ')'); err == nil && end > 0 && len(text) > end+2 && text[end+2] == 'T' {
				standing++
			}
		}
		if standing == len(threads) {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// hold holds the lock of a device's ledger for a while, as a process does that is
// none of ours, or was stopped. It reports false if there is no ledger yet, or
// others have it.
func (d *device) hold(long time.Duration) bool {
	file, err := os.OpenFile(filepath.Join(d.directory, ledgerLock), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	for range 1000 {
		if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			time.Sleep(long)
			return true
		}
		time.Sleep(100 * time.Microsecond)
	}
	return false
}
