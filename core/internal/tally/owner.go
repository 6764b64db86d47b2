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
	boot          [16]byte // of the machine, where started says nothing without it
	pid           uint32
	started       uint64 // see startOf
	namespace     uint64 // of process ids, where there are several
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
func (t *Tally) claim() {
	o := thisProcess()
	o.device, o.inode, _ = fileID(t.file)
	o.write(t)
}

// copyOfALivingRun tells whether a tally is a copy, and the process that made the original
// goes on.
func (t *Tally) copyOfALivingRun() bool {
	o := ownerOf(t)
	return o.copied(t.file) && o.lives()
}

// copied tells whether a file is another one than that which the owner made.
func (o *owner) copied(f *os.File) bool {
	device, inode, ok := fileID(f)
	return ok && o.inode != 0 && (o.device != device || o.inode != inode)
}

// lives tells whether the process goes on, as far as we can see: on this machine, since
// the same boot, and among the same process ids.
func (o *owner) lives() bool {
	we := thisProcess()
	if o.pid == 0 || o.boot != we.boot || o.namespace != we.namespace {
		return false
	}
	started, ok := startOf(int(o.pid))
	return ok && started == o.started
}
