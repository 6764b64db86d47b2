package verification

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// form tells how records of a type are sorted, and how they are written to files.
type form[T any] struct {
	compare func(a, b T) int
	write   func(data []byte, record T) []byte
	// read is the inverse of write. The record may refer to data, which stays as it is until the
	// next record of its file is read.
	read func(data []byte) (T, error)
}

// spill sorts more records than fit into memory: it writes sorted parts into files, which are
// merged at the end.
type spill[T any] struct {
	form[T]
	directory string
	files     []*os.File
}

// maxRecord is longer than any record: a report of 256 types with long names.
const maxRecord = 1 << 20

// put writes sorted records into a new file.
func (s *spill[T]) put(records iter.Seq[T]) error {
	f, err := os.CreateTemp(s.directory, "lts-verify-*")
	if err != nil {
		return fmt.Errorf("making room for what does not fit into memory: %w", err)
	}
	s.files = append(s.files, f)
	w := bufio.NewWriterSize(f, 256<<10)
	var head [binary.MaxVarintLen64]byte
	var data []byte
	for record := range records {
		data = s.write(data[:0], record)
		_, _ = w.Write(head[:binary.PutUvarint(head[:], uint64(len(data)))]) // errors stay for Flush
		_, _ = w.Write(data)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing what does not fit into memory: %w", err)
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

// close removes the files.
func (s *spill[T]) close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close(), os.Remove(f.Name()))
	}
	s.files = nil
	return errors.Join(errs...)
}

// source is one sorted part: a file, or what is still in memory.
type source[T any] struct {
	head T
	next func() (T, bool, error)
}

// merged returns all records in order: those of the files, and those in memory, which are sorted.
func (s *spill[T]) merged(memory iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		inMemory, stop := iter.Pull(memory)
		defer stop()
		sources := []*source[T]{{next: func() (T, bool, error) {
			record, more := inMemory()
			return record, more, nil
		}}}
		for _, f := range s.files {
			sources = append(sources, s.source(f))
		}
		// heap contains the sources that are not at their end, the smallest first.
		var heap []*source[T]
		for _, from := range sources {
			more, err := from.advance()
			if err != nil {
				yield(none, err)
				return
			}
			if more {
				heap = append(heap, from)
			}
		}
		for i := len(heap)/2 - 1; i >= 0; i-- {
			s.sink(heap, i)
		}
		for len(heap) > 0 {
			if !yield(heap[0].head, nil) {
				return
			}
			more, err := heap[0].advance()
			if err != nil {
				yield(none, err)
				return
			}
			if !more {
				heap[0] = heap[len(heap)-1]
				heap = heap[:len(heap)-1]
			}
			s.sink(heap, 0)
		}
	}
}

func (f *source[T]) advance() (more bool, err error) {
	f.head, more, err = f.next()
	return more, err
}

func (s *spill[T]) sink(heap []*source[T], i int) {
	for {
		least := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(heap) && s.compare(heap[child].head, heap[least].head) < 0 {
				least = child
			}
		}
		if least == i {
			return
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}

func (s *spill[T]) source(f *os.File) *source[T] {
	r := bufio.NewReaderSize(f, 128<<10)
	var data []byte
	return &source[T]{next: func() (record T, more bool, err error) {
		length, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			return record, false, nil
		}
		if err == nil && length > maxRecord {
			err = errors.New("it is damaged")
		}
		if err == nil {
			if uint64(cap(data)) < length {
				data = make([]byte, length, 2*length)
			}
			data = data[:length]
			_, err = io.ReadFull(r, data)
		}
		if err != nil {
			return record, false, fmt.Errorf("reading %s: %w", f.Name(), err)
		}
		record, err = s.read(data)
		return record, true, err
	}}
}
