package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// replicaName is the name of a replica, for which its primary waits.
const replicaName = "replica"

// Replicate makes a replica that streams from the cluster, as pg_basebackup sets one up, and makes
// the cluster wait for it at each commit. From then on, the replica has everything that the cluster
// acknowledged. Remove ends the replica.
func (c *Cluster) Replicate(ctx context.Context) (*Cluster, error) {
	replica := &Cluster{Durable: c.Durable, programs: c.programs, as: c.as}
	var err error
	if replica.Directory, err = replica.makeDirectory("", "openlts-replica-"); err != nil {
		return nil, err
	}
	source := fmt.Sprintf("host=%s user=%s application_name=%s", c.Directory, Superuser, replicaName)
	err = c.run(ctx, "pg_basebackup", "--dbname="+source, "--pgdata="+replica.data(), "--write-recovery-conf",
		"--checkpoint=fast", "--no-sync")
	if err == nil {
		err = replica.Start(ctx)
	}
	if err == nil {
		err = c.Exec(ctx, "postgres", `ALTER SYSTEM SET synchronous_standby_names = '`+replicaName+`'`,
			`SELECT pg_reload_conf()`)
	}
	if err == nil {
		err = c.wait(ctx, `SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'`)
	}
	if err != nil {
		return nil, errors.Join(err, replica.Remove())
	}
	return replica, nil
}

// Promote makes a replica a primary, and waits until it is.
func (c *Cluster) Promote(ctx context.Context) error {
	return c.wait(ctx, `SELECT pg_promote()`)
}

// wait asks a question until the answer is yes.
func (c *Cluster) wait(ctx context.Context, question string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it was only asked
	for {
		var yes bool
		if err := conn.QueryRow(ctx, question).Scan(&yes); err != nil || yes {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("not so in time: %s", question)
		}
	}
}

// DurableReplica makes the replica of a cluster for a test.
func (c *Cluster) DurableReplica(t testing.TB) *Cluster {
	t.Helper()
	replica, err := c.Replicate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := replica.Remove(); err != nil {
			t.Error(err)
		}
	})
	return replica
}

// makeDirectory makes a directory that the cluster's user may write to.
func (c *Cluster) makeDirectory(in, prefix string) (string, error) {
	directory, err := os.MkdirTemp(in, prefix)
	if err == nil && c.as != nil {
		err = os.Chown(directory, int(c.as.Uid), int(c.as.Gid))
	}
	return directory, err
}
