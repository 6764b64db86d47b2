// Command release completes a directory of packages: with bills of materials that say
// what each product that Go made was built from, with the sums of all files, and, if a
// key is given, with a signature of the sums.
//
//	go run ./build/release -version 1.2.3 [-key KEY.pem] DIRECTORY PRODUCT=FILE[,COMPONENT=VERSION]...
//
// COMPONENT is what others than Go brought into the file: C's, or a page's.
package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"debug/buildinfo"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	sumsName      = "SHA256SUMS"
	signatureName = sumsName + ".sig"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	version := flags.String("version", "", "the version that is released")
	keyFile := flags.String("key", "", "an Ed25519 private key to sign with, as PEM (PKCS #8)")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *version == "" || flags.NArg() < 2 {
		return errors.New("usage: release -version VERSION [-key KEY.pem] DIRECTORY " +
			"PRODUCT=FILE[,COMPONENT=VERSION...] [PRODUCT=...]")
	}
	directory := flags.Arg(0)
	// The key first: one that is of no use must not leave a release half made.
	var key ed25519.PrivateKey
	if *keyFile != "" {
		var err error
		if key, err = readKey(*keyFile); err != nil {
			return err
		}
	}
	for _, text := range flags.Args()[1:] {
		made, err := parseProduct(text)
		if err != nil {
			return err
		}
		info, err := buildinfo.ReadFile(made.file)
		if err != nil {
			return err
		}
		bill, err := billOf(info, made.name, *version, made.brought)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(directory, made.name+"-"+*version+".cdx.json"), bill, 0o644); err != nil {
			return err
		}
	}
	sums, err := sumsOf(directory)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(directory, sumsName), sums, 0o644); err != nil {
		return err
	}
	if key == nil {
		return nil
	}
	return os.WriteFile(filepath.Join(directory, signatureName), ed25519.Sign(key, sums), 0o644)
}

// product is something that Go made.
type product struct {
	name, file string
	brought    []component // by others than Go
}

// parseProduct reads NAME=FILE[,COMPONENT=VERSION]...
func parseProduct(text string) (made product, err error) {
	for i, part := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		switch {
		case !ok || name == "" || value == "" || i == 0 && strings.ContainsAny(name, `/\`):
			return made, fmt.Errorf("%q is not PRODUCT=FILE[,COMPONENT=VERSION...]", text)
		case i == 0:
			made.name, made.file = name, value
		default:
			made.brought = append(made.brought, generic(name, value))
		}
	}
	return made, nil
}

// readKey reads a private key, of which no error tells anything.
func readKey(file string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is not in PEM: make a key by openssl genpkey -algorithm ed25519", file)
	}
	var key crypto.PrivateKey
	if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if key, ok := key.(ed25519.PrivateKey); ok {
			return key, nil
		}
	}
	return nil,
		fmt.Errorf("%s holds no Ed25519 key without a password: make one by openssl genpkey -algorithm ed25519", file)
}

// sumsOf gives what `sha256sum --check` reads: each file of a directory, but for what
// this command makes of them.
func sumsOf(directory string) ([]byte, error) {
	entries, err := os.ReadDir(directory) // sorted by name
	if err != nil {
		return nil, err
	}
	var sums []byte
	for _, entry := range entries {
		if name := entry.Name(); entry.Type().IsRegular() && name != sumsName && name != signatureName {
			content, err := os.ReadFile(filepath.Join(directory, name))
			if err != nil {
				return nil, err
			}
			sums = fmt.Appendf(sums, "%x  %s\n", sha256.Sum256(content), name)
		}
	}
	return sums, nil
}
