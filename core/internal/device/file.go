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

// File is what was found where a data directory keeps the identity.
type File struct {
	path    string // "" if there is no directory
	state   state
	text    []byte
	content content // as far as it can be read
	trouble error
}

// state is what can be done with the file.
type state int

const (
	sound      state = iota // it is used
	missing                 // it is made
	damaged                 // it is mended
	foreign                 // it is none of ours: set aside
	unreadable              // it can't be read just now, but may be sound: it stays
)

// limit is more than the file ever holds.
const limit = 4096

// Read reads the identity's file of a data directory; with an empty one there is
// none. Read it before anything else is opened: then a device whose disk, ledger
// or descriptors fail later is still the same device.
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

// settle decides for an identity: that of the file, that of the copy, what is left
// of both, or a new one; in this order. It is lasting if the next process will
// find it, too.
func (f *File) settle(ctx context.Context, kept Copy) (own content, lasting bool, err error) {
	known := readCopy(ctx, kept)
	var failed error
	const tries = 3 // another process may be making or mending it
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
	// What is in the file or in the copy lasts all the same.
	lasting = known.sound || f.content.UUID != "" || known.keep(ctx, own.text()) == nil
	rememberUnkept(f.path, own)
	return own, lasting, nil
}

// copied is what the copy holds.
type copied struct {
	kept    Copy
	text    string
	content content
	sound   bool
}

func readCopy(ctx context.Context, kept Copy) copied {
	c := copied{kept: kept}
	if kept != nil {
		c.text, _ = kept.Identity(ctx) // one that can't be read is none
		c.content, c.sound = parse([]byte(c.text))
	}
	return c
}

// keep makes the copy one of the text.
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

// tell says what was wrong and what became of it.
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

// write puts an identity in the file's place. The error is os.ErrExist if another
// process did that.
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
		// It stays at its path until the new one is there, wherever the file system can do that.
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

// damagedExtension is that of what was found in the file's place and is kept for
// whoever wants to look.
const damagedExtension = ".damaged"

// lockName is the file that is locked by whoever makes or mends the identity's: of
// several one does it, and the others take what it made. It is no lock of the identity's
// file, which others replace, and which is gone for a moment where a file that is open
// can't be replaced in one step, as on some file systems of Windows.
const lockName = "device.lock"

// lock waits for the lock; release gives it back. Without locks, or with a holder that
// was stopped, we go on.
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

// changed tells whether the file is not what it was when it was read.
func (f *File) changed() bool {
	now := &File{path: f.path, state: unreadable}
	now.read()
	return now.state != f.state || !bytes.Equal(now.text, f.text)
}
