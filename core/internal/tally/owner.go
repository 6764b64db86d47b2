package tally

import "os"

// owner identifies the process that made a tally and the file it made, to find out whether a file
// is a copy of the tally of a living run. A run's lock belongs to the open file, and a copy of the
// file is not locked: if somebody copies or renames a data directory that is in use, the copies
// look like tallies of dead runs. But a living run reports its counts itself.
//
// Zeros mean unknown.
type owner struct {
	device, inode uint64   // of the file
	boot          [16]byte // identifies the machine's boot, if started does not
	pid           uint32
	started       uint64 // see startOf
	namespace     uint64 // of process ids, on systems that have several
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

// claim writes into a tally which process makes it, and in which file.
func (t *Tally) claim() {
	o := thisProcess()
	o.device, o.inode, _ = fileID(t.file)
	o.write(t)
}

// copyOfALivingRun tells whether a tally is a copy and the process that made the original is alive.
func (t *Tally) copyOfALivingRun() bool {
	o := ownerOf(t)
	return o.copied(t.file) && o.lives()
}

// copied tells whether a file is not the one that the owner made.
func (o *owner) copied(f *os.File) bool {
	device, inode, ok := fileID(f)
	return ok && o.inode != 0 && (o.device != device || o.inode != inode)
}

// lives tells whether the process is alive, if we can see it: it must be on this machine, of the
// same boot, and in the same namespace of process ids.
func (o *owner) lives() bool {
	we := thisProcess()
	if o.pid == 0 || o.boot != we.boot || o.namespace != we.namespace {
		return false
	}
	started, ok := startOf(int(o.pid))
	return ok && started == o.started
}
