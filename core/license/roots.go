package license

import (
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
)

// Where Linux distributions keep the root certificates that a machine trusts, as in crypto/x509:
// the first file that exists, and all directories.
var (
	rootFiles = []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Gentoo
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
		"/etc/ssl/ca-bundle.pem",                            // openSUSE
		"/etc/pki/tls/cacert.pem",                           // OpenELEC
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
		"/etc/ssl/cert.pem",                                 // FreeBSD
	}
	rootDirectories = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
)

// maxRoots is the largest file of certificates that we read, in bytes. The roots of a distribution
// take a quarter of a megabyte.
const maxRoots = 8 << 20

// roots are the certificates that HTTPS trusts; nil means those of the platform.
func roots(p *Parameters) (*x509.CertPool, error) {
	if p.CAFile != "" {
		return fileRoots(p.CAFile)
	}
	// Windows and macOS verify certificates themselves, and no environment variable changes that.
	// Elsewhere, crypto/x509 would read the roots from where SSL_CERT_FILE and SSL_CERT_DIR point,
	// and whoever sets a process's environment would choose whom the library trusts. So the result
	// must not be nil there.
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil, nil
	}
	if !usesTLS(p) {
		return x509.NewCertPool(), nil
	}
	return machine.load(rootFiles, rootDirectories), nil
}

// usesTLS tells whether any address uses HTTPS: otherwise, the 10 ms for reading the machine's
// roots would be wasted.
func usesTLS(p *Parameters) bool {
	for _, address := range append(p.Servers(), p.ProxyURL) {
		if u, err := url.Parse(address); err == nil && u.Scheme == "https" {
			return true
		}
	}
	return false
}

// fileRoots are the certificates of the file that the host named.
func fileRoots(path string) (*x509.CertPool, error) {
	text, err := readCertificates(path)
	if err != nil {
		// Leave out the operation and the path, because the message has them already.
		var reason *fs.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, invalid("caFile %.200q can't be used: %w", path, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, invalid("caFile %.200q can't be used: it holds no certificate in PEM form", path)
	}
	return pool, nil
}

// machineRoots are the roots that the machine trusts, read once for all licenses of the process. If
// there are none, or they can't be read, the next license tries again: a process without a free
// descriptor may have one later.
type machineRoots struct {
	mu   sync.Mutex
	pool *x509.CertPool
}

var machine machineRoots

// load returns a pool. If that is empty, nobody is trusted.
func (m *machineRoots) load(files, directories []string) *x509.CertPool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pool != nil {
		return m.pool
	}
	pool, found := x509.NewCertPool(), false
	for _, file := range files {
		if text, err := readCertificates(file); err == nil {
			found = pool.AppendCertsFromPEM(text)
			break
		}
	}
	for _, directory := range directories {
		for _, file := range certificatesIn(directory) {
			if text, err := readCertificates(file); err == nil && pool.AppendCertsFromPEM(text) {
				found = true
			}
		}
	}
	if found {
		m.pool = pool
	}
	return pool
}

// certificatesIn lists the files of a directory, without the links to another one beside it: by
// those, OpenSSL finds certificates by their hashes.
func certificatesIn(directory string) []string {
	entries, _ := os.ReadDir(directory)
	var files []string
	for _, entry := range entries {
		path := filepath.Join(directory, entry.Name())
		if entry.Type()&fs.ModeSymlink != 0 {
			if target, err := os.Readlink(path); err != nil || filepath.Base(target) == target {
				continue
			}
		}
		files = append(files, path)
	}
	return files
}

// readCertificates reads a whole file of certificates. A path may lead to anything, so this reads
// only regular files (opening a FIFO without a writer would block) and at most maxRoots bytes.
func readCertificates(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("it is a directory")
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	text, err := io.ReadAll(io.LimitReader(file, maxRoots+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxRoots {
		return nil, errors.New("it is larger than 8 MiB")
	}
	if len(text) == 0 {
		return nil, errors.New("it is empty")
	}
	return text, nil
}
