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
	"strings"
	"sync"
	"syscall"
)

// Where Linux distributions keep the roots that a machine trusts, as
// crypto/x509 has it: the first file there is, and all of the directories.
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

// maxRoots is the largest file of certificates that is read. What a
// distribution trusts takes a quarter of a megabyte.
const maxRoots = 8 << 20

// roots are the certificates that HTTPS is to trust; nil stands for those of
// the platform.
func roots(p *Parameters) (*x509.CertPool, error) {
	if p.CAFile != "" {
		return fileRoots(p.CAFile)
	}
	// Windows and macOS verify by themselves, and no environment variable decides
	// there. Elsewhere crypto/x509 takes the roots from the files that SSL_CERT_FILE
	// and SSL_CERT_DIR name: who sets a process's environment would choose whom the
	// library trusts. So no pool is nil here.
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil, nil
	}
	if !usesTLS(p) {
		return x509.NewCertPool(), nil
	}
	return machine.load(rootFiles, rootDirectories), nil
}

// usesTLS tells whether anything is to be reached by HTTPS: reading the
// machine's roots takes some 10 ms, which nobody else should pay.
func usesTLS(p *Parameters) bool {
	for _, address := range append(p.Servers(), p.ProxyURL) {
		if u, err := url.Parse(address); err == nil && u.Scheme == "https" {
			return true
		}
	}
	return false
}

// fileRoots are the certificates of the file a host named.
func fileRoots(path string) (*x509.CertPool, error) {
	text, err := readCertificates(path)
	if err != nil {
		// Without the operation and the path, which the message has already.
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

// machineRoots are the roots the machine trusts, read once for all licenses of
// the process. If there are none, or they can't be read, the next one tries
// again: a process that had no descriptor left may have some later.
type machineRoots struct {
	mu   sync.Mutex
	pool *x509.CertPool
}

var machine machineRoots

// load gives a pool that may be empty, in which case nobody is trusted.
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

// certificatesIn lists the files of a directory, without the links to others of
// them by which OpenSSL finds a certificate's hash.
func certificatesIn(directory string) []string {
	entries, _ := os.ReadDir(directory)
	var files []string
	for _, entry := range entries {
		path := filepath.Join(directory, entry.Name())
		if entry.Type()&fs.ModeSymlink != 0 {
			if target, err := os.Readlink(path); err != nil || !strings.Contains(target, "/") {
				continue
			}
		}
		files = append(files, path)
	}
	return files
}

// readCertificates reads a file of certificates whole. A path may lead to
// anything: what is no regular file is not read and holds nobody up (a FIFO
// without a writer would, when it is opened), and no more than maxRoots is taken.
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
