package tally

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

func mapFile(f *os.File, size int) ([]byte, error) {
	memory, err := mapHandle(windows.Handle(f.Fd()), size)
	if err != nil {
		return nil, &os.PathError{Op: "MapViewOfFile", Path: f.Name(), Err: err}
	}
	return memory, nil
}

func mapMemory(size int) ([]byte, error) { return mapHandle(windows.InvalidHandle, size) }

func mapHandle(file windows.Handle, size int) ([]byte, error) {
	mapping, err := windows.CreateFileMapping(file, nil, windows.PAGE_READWRITE, 0, uint32(size), nil)
	if err != nil {
		return nil, err
	}
	// The view keeps the mapping alive.
	defer func() { _ = windows.CloseHandle(mapping) }()
	address, err := windows.MapViewOfFile(mapping, windows.FILE_MAP_WRITE, 0, 0, uintptr(size))
	if err != nil {
		return nil, err
	}
	// Through a pointer, because the address is not from Go's heap, which vet can't know.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&address)), size), nil
}

func unmap(memory []byte) error {
	return windows.UnmapViewOfFile(uintptr(unsafe.Pointer(&memory[0])))
}

func syncMemory(memory []byte) error {
	return windows.FlushViewOfFile(uintptr(unsafe.Pointer(&memory[0])), uintptr(len(memory)))
}

// noRoom tells whether a smaller file might fit.
func noRoom(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}
