package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
)

// lockThread keeps the thread of this goroutine until the goroutine ends.
func lockThread() { runtime.LockOSThread() }

// Variable is the environment variable that names the directory of a cluster which
// the tests of several programs share: see the command beside.
const Variable = "OPENLTS_TEST_CLUSTER"

// shared is the cluster of all tests of a program.
var shared struct {
	sync.Mutex
	cluster *Cluster
	others  bool // those of other programs have it, too
	err     error
}

// Run runs the tests of a package, and ends the cluster that they shared: for
// TestMain.
func Run(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster != nil && !shared.others {
		if err := shared.cluster.Remove(); err != nil {
			fmt.Fprintln(os.Stderr, "removing the PostgreSQL server of the tests:", err)
			return 1
		}
	}
	return code
}

// Shared gives the cluster that the tests of a program share, or of several: fast, not
// durable. It is there to make databases in. A test is skipped on a machine without
// PostgreSQL.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if directory := os.Getenv(Variable); directory != "" && shared.cluster == nil {
		shared.cluster, shared.others = &Cluster{Directory: directory}, true
	}
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = Make(context.Background(), false)
	}
	Require(t, shared.err)
	return shared.cluster
}

// Database gives the URL of an empty database for a test.
func Database(t testing.TB) string {
	t.Helper()
	url, err := Shared(t).Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// Durable makes a cluster for a single test, which waits for the disk like those in production.
func Durable(t testing.TB) *Cluster {
	t.Helper()
	c, err := Make(t.Context(), true)
	Require(t, err)
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Require ends a test that has no cluster: it skips the test if this machine can't run one.
func Require(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}
