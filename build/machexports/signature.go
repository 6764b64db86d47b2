package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// A signature's numbers are big-endian, whatever the processor.
const (
	magicSignature = 0xfade0cc0 // a list of blobs
	magicDirectory = 0xfade0c02 // the hashes of the file's pages
	magicCMS       = 0xfade0b01 // a signature over them, empty if it is ad hoc
	hashSHA256     = 2
)

var errSignature = errors.New("its signature is not one that zig's linker makes")

// sign brings the hashes of an ad-hoc signature up to date. A library without one stays
// so; one that somebody signed is refused.
func (m *image) sign() error {
	if m.commands[loadSignature] == nil {
		return nil
	}
	signature, err := m.part(loadSignature, 8, 1)
	if err != nil {
		return err
	}
	if len(signature) < 12 || big(signature) != magicSignature {
		return errSignature
	}
	directories := 0
	for i := range uint64(big(signature[8:])) {
		entry := slice(signature, 12+8*i, 8)
		if entry == nil {
			return errSignature
		}
		blob := slice(signature, uint64(big(entry[4:])), 0)
		if len(blob) < 8 {
			return errSignature
		}
		switch big(blob) {
		case magicDirectory:
			directories++
			if err := m.hash(blob); err != nil {
				return err
			}
		case magicCMS:
			if big(blob[4:]) > 8 {
				return errors.New("somebody signed it: take names out before that")
			}
		}
	}
	if directories == 0 {
		return errSignature
	}
	return nil
}

// hash writes the hashes of the pages into a code directory.
func (m *image) hash(directory []byte) error {
	const size = 44 // of its first version
	if len(directory) < size {
		return errSignature
	}
	at, pages, limit := uint64(big(directory[16:])), uint64(big(directory[28:])), uint64(big(directory[32:]))
	page := uint64(1) << (directory[39] & 31)
	hashes := slice(directory, at, pages*sha256.Size)
	signed := slice(m.content, 0, limit)
	if directory[36] != sha256.Size || directory[37] != hashSHA256 || hashes == nil || signed == nil ||
		pages != (limit+page-1)/page {
		return errSignature
	}
	for i := range pages {
		sum := sha256.Sum256(signed[i*page : min((i+1)*page, limit)])
		copy(hashes[i*sha256.Size:], sum[:])
	}
	return nil
}

func big(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
