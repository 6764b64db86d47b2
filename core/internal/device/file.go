package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/filelock"
)

// File is the identity's file of a data directory, as it was found.
type File struct {
	path    string // "" if there is no directory
	state   state
	text    []byte
	content content // as far as it can be read
	trouble error
}

// state says what to do with the file.
type state int

const (
	sound      state = iota // use it
	missing                 // create it
	damaged                 // repair it
	foreign                 // not ours: set it aside
	unreadable              // can't be read now, but may be sound: leave it
)

// limit is more bytes than the file can have.
const limit = 4096

// Read reads the identity's file of a data directory; an empty path has none. Read it before
// opening anything else: then the device stays the same one, even if disk, ledger or descriptors
// fail later.
func Read(directory string) *File {
	f := &File{state: unreadable}
	if directory != "" {
		f.path = filepath.Join(directory, FileName)
		f.read()
	}
	return f
}

// Sound tells whether the identity can be used as it is.
func (f *File) Sound() bool { return f.state == sound }

func (f *File) read() {
	text, err := datafile.ReadFile(f.path, limit)
	f.text, f.content = text, content{}
	switch {
	case err == nil:
		var whole bool
		if f.content, whole = parse(text); whole {
			f.state = sound
		} else {
			f.state = damaged
		}
	case errors.Is(err, os.ErrNotExist):
		f.state = missing
	case errors.Is(err, datafile.ErrTooLarge):
		f.state = damaged
	case errors.Is(err, datafile.ErrForeign):
		f.state, f.trouble = foreign, err
	default:
		f.state, f.trouble = unreadable, err
	}
}

// settle chooses an identity, in this order: that of the file, that of the copy, what is left of
// both, a new one. It is lasting if the next process will find it, too.
func (f *File) settle(ctx context.Context, kept Copy) (own content, lasting bool, err error) {
	known := readCopy(ctx, kept)
	var failed error
	const tries = 3 // another process may be creating or repairing it
	for range tries {
		if f.state == sound {
			_ = known.keep(ctx, f.text) // next time
			return f.content, true, nil
		}
		own = known.content
		if !known.sound {
			own, err = f.content.filled(known.content).filled(recallUnkept(f.path)).completed()
			if err != nil {
				return content{}, false, err
			}
		}
		if failed = f.write(ctx, own); failed == nil {
			f.tell(own, known.sound)
			forgetUnkept(f.path)
			_ = known.keep(ctx, own.text()) // next time
			return own, true, nil
		}
		if !errors.Is(failed, os.ErrExist) {
			break
		}
		f.read()
	}
	if f.path != "" {
		f.trouble = fmt.Errorf("the device's identity can't be kept: %w", failed)
	}
	// An identity that is in the file or in the copy lasts all the same.
	lasting = known.sound || f.content.UUID != "" || known.keep(ctx, own.text()) == nil
	rememberUnkept(f.path, own)
	return own, lasting, nil
}

// copied is the content of the copy.
type copied struct {
	kept    Copy
	text    string
	content content
	sound   bool
}

func readCopy(ctx context.Context, kept Copy) copied {
	c := copied{kept: kept}
	if kept != nil {
		c.text, _ = kept.Identity(ctx) // a copy that can't be read counts as none
		c.content, c.sound = parse([]byte(c.text))
	}
	return c
}

// keep writes the text to the copy.
func (c copied) keep(ctx context.Context, text []byte) error {
	switch {
	case c.kept == nil:
		return errors.New("there is no copy")
	case c.sound && c.text == string(text):
		return nil
	default:
		return c.kept.KeepIdentity(ctx, string(text))
	}
}

// tell says what was wrong and how it was repaired.
func (f *File) tell(own content, copyIsSound bool) {
	became := "a new one was made, and this is a new device"
	switch {
	case copyIsSound:
		became = "it was restored from the ledger's copy"
	case f.content.UUID != "" && f.content.PrivateKey == own.PrivateKey:
		became = "what could be read of it is used"
	case f.content.UUID != "":
		became = "the client UUID stays, and a new key was made"
	}
	switch f.state {
	case damaged:
		f.trouble = fmt.Errorf("%s was damaged; %s", f.path, became)
	case foreign:
		f.trouble = fmt.Errorf("the device's identity was not read, and what is there was set aside: %w; %s",
			f.trouble, became)
	case missing:
		if copyIsSound {
			f.trouble = fmt.Errorf("%s was gone; %s", f.path, became)
		}
	}
}

// write writes the file. The error is os.ErrExist if another process has done that.
func (f *File) write(ctx context.Context, c content) error {
	switch {
	case f.path == "":
		return errors.New("there is no data directory")
	case f.state == unreadable:
		return f.trouble
	}
	defer f.lock(ctx)()
	if f.changed() {
		return os.ErrExist
	}
	switch f.state {
	case damaged:
		// If the file system allows it, the old file stays at its path until the new one replaces
		// it.
		if os.Link(f.path, f.path+damagedExtension) != nil && f.text != nil {
			_ = datafile.Make(f.path+damagedExtension, f.text)
		}
		return datafile.Replace(f.path, c.text())
	case foreign:
		if _, err := datafile.SetAside(f.path, damagedExtension); err != nil {
			return errors.Join(f.trouble, err)
		}
	}
	return datafile.Make(f.path, c.text())
}

// damagedExtension ends the name of a damaged or foreign file that was set aside, so that somebody
// can look at it.
const damagedExtension = ".damaged"

// lockName is the file that a process locks while it creates or repairs the identity's file: one
// process does it, and the others use the result. The identity's file itself can't be locked,
// because it gets replaced, and on some file systems of Windows, where an open file can't be
// replaced in one step, it does not exist for a moment.
const lockName = "device.lock"

// lock waits for the lock; release releases it. If the file system has no locks, or the holder was
// stopped, we continue without.
func (f *File) lock(ctx context.Context) (release func()) {
	const patience = time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	release, err := filelock.Acquire(ctx, filepath.Join(filepath.Dir(f.path), lockName))
	if err != nil {
		return func() {}
	}
	return release
}

// changed tells whether the file has changed since it was read.
func (f *File) changed() bool {
	now := &File{path: f.path, state: unreadable}
	now.read()
	return now.state != f.state || !bytes.Equal(now.text, f.text)
}
