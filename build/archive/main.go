// Command archive writes a zip archive whose bytes depend on nothing but the names
// and contents of its files: packages that anybody can build again and compare.
//
//	go run ./build/archive PACKAGE.zip NAME=FILE...
package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) < 2 {
		return errors.New("usage: archive PACKAGE.zip NAME=FILE [NAME=FILE]...; one file at least")
	}
	files := map[string][]byte{}
	for _, each := range arguments[1:] {
		name, file, ok := strings.Cut(each, "=")
		if !ok {
			return fmt.Errorf("%s is not of the form NAME=FILE", each)
		}
		if _, twice := files[name]; twice {
			return fmt.Errorf("%s is named twice", name)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		files[name] = content
	}
	archive, err := pack(files)
	if err != nil {
		return err
	}
	return os.WriteFile(arguments[0], archive, 0o644)
}

// epoch is the time of every file: the first that the format knows.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack makes an archive of files, by their names in it.
func pack(files map[string][]byte) ([]byte, error) {
	names := make([]string, 0, len(files))
	for name := range files {
		if name == "" || path.IsAbs(name) || path.Clean(name) != name || strings.HasPrefix(name, "../") ||
			strings.Contains(name, `\`) {
			return nil, fmt.Errorf("%q can't be a name in an archive", name)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch}
		header.SetMode(0o644)
		f, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
