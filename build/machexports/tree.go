package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
)

// The loader finds names by a tree whose edges are parts of names. A node is: the size
// of what is known of the name that ends here, 0 if none does; that; the number of
// edges; and for each the part, a zero, and where its node is. Numbers are LEB128.

var errTree = errors.New("its tree of exports is damaged")

// readTree gives the names of a tree, and what is known of each.
func readTree(tree []byte) (map[string][]byte, error) {
	exports := map[string][]byte{}
	visited := map[uint64]bool{}
	var walk func(at uint64, prefix string) error
	walk = func(at uint64, prefix string) error {
		if at >= uint64(len(tree)) || visited[at] {
			return errTree
		}
		visited[at] = true
		node := tree[at:]
		size, n := binary.Uvarint(node)
		if n <= 0 || size >= uint64(len(node)-n) {
			return errTree
		}
		node = node[n:]
		if size > 0 {
			exports[prefix] = bytes.Clone(node[:size])
		}
		edges := node[size]
		node = node[size+1:]
		for range edges {
			label, rest, found := bytes.Cut(node, []byte{0})
			child, n := binary.Uvarint(rest)
			if !found || n <= 0 {
				return errTree
			}
			node = rest[n:]
			if err := walk(child, prefix+string(label)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(tree) == 0 {
		return exports, nil
	}
	return exports, walk(0, "")
}

type node struct {
	known []byte // nil: no name ends here
	edges []edge
	at    uint64 // in the tree as it is written
}

type edge struct {
	label string
	to    *node
}

// writeTree is the tree of these names.
func writeTree(exports map[string][]byte) []byte {
	var all []*node // parents before children
	var grow func(names []string, prefix string) *node
	grow = func(names []string, prefix string) *node {
		n := &node{}
		all = append(all, n)
		if len(names) > 0 && names[0] == prefix {
			n.known, names = exports[prefix], names[1:]
		}
		for len(names) > 0 {
			// Those that go on with the same letter, and what they all begin with.
			same := 1
			for same < len(names) && names[same][len(prefix)] == names[0][len(prefix)] {
				same++
			}
			common := names[0] // sorted: the first and the last have least in common
			for !strings.HasPrefix(names[same-1], common) {
				common = common[:len(common)-1]
			}
			n.edges = append(n.edges, edge{common[len(prefix):], grow(names[:same], common)})
			names = names[same:]
		}
		return n
	}
	grow(slices.Sorted(maps.Keys(exports)), "")
	// Where a node is decides how long the numbers are that lead to it, and these where
	// it is: until nothing moves. Places only grow, so that comes to an end.
	for {
		var written []byte
		moved := false
		for _, n := range all {
			moved = moved || n.at != uint64(len(written))
			n.at = uint64(len(written))
			written = binary.AppendUvarint(written, uint64(len(n.known)))
			written = append(written, n.known...)
			written = append(written, byte(len(n.edges)))
			for _, e := range n.edges {
				written = append(append(written, e.label...), 0)
				written = binary.AppendUvarint(written, e.to.at)
			}
		}
		if !moved {
			return written
		}
	}
}
