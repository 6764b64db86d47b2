package tally

import "os"

// owner is the process that made a tally, and where: what tells whether a copy of the file
// is of a run that still lives. The lock of a run is the open file's, and a copy has none
// of it: who copies a data directory that is in use, or renames it first, gets files that
// look like those of dead runs. What a living run counted, it reports itself.
//
// Zeros mean that nobody knows.
type owner struct {
	device, inode uint64   // of the file
	boot          [16]byte // of the machine
	pid           uint32
	started       uint64 // by the machine's clock ticks since the boot
	namespace     uint64 // of process ids
}

func (o *owner) write(t *Tally) {
	*(*uint64)(t.at(offsetDevice)), *(*uint64)(t.at(offsetInode)) = o.device, o.inode
	copy(t.memory[offsetBoot:], o.boot[:])
	*(*uint32)(t.at(offsetPID)) = o.pid
	*(*uint64)(t.at(offsetStarted)), *(*uint64)(t.at(offsetNamespace)) = o.started, o.namespace
}

func ownerOf(t *Tally) (o owner) {
	o.device, o.inode = *(*uint64)(t.at(offsetDevice)), *(*uint64)(t.at(offsetInode))
	copy(o.boot[:], t.memory[offsetBoot:])
	o.pid = *(*uint32)(t.at(offsetPID))
	o.started, o.namespace = *(*uint64)(t.at(offsetStarted)), *(*uint64)(t.at(offsetNamespace))
	return o
}

// claim notes in a tally who makes it, and as which file.
func (t *Tally) claim(file os.FileInfo) {
	o := thisProcess()
	o.device, o.inode = fileID(file)
	o.write(t)
}

// copyOfALivingRun tells whether a tally is a copy, and the process that made the original
// goes on.
func (t *Tally) copyOfALivingRun(file os.FileInfo) bool {
	o := ownerOf(t)
	device, inode := fileID(file)
	return o.inode != 0 && (o.device != device || o.inode != inode) && o.lives()
}
