package database_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/store/database"
)

func TestCheck(t *testing.T) {
	for _, name := range []string{
		"sqlite:lts-data", "sqlite:/var/lib/lts", "sqlite:a b?c", "postgres://", "postgres:///lts?host=/run/postgresql",
		"postgresql://lts@db.example.com:5433/lts?sslmode=require",
		"postgres://lts@db1,db2/lts?target_session_attrs=read-write", "postgres://lts@[::1]/lts",
		"postgres://lts:secret@db/lts?pool_max_conns=8",
	} {
		if err := database.Check(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"", "lts-data", "sqlite:", "mysql://db/lts", "postgres:", "postgres:lts", "POSTGRES://db/lts",
		"postgres://lts@db:port/lts", "postgres://db/lts?sslmode=perhaps", "postgres://db/lts?pool_max_conns=x",
		"postgres://%zz/", "postgres://lts:half%@db/lts", "sqlite:a\x00b", "postgres://db/lts\n",
		strings.Repeat("sqlite:", 1000),
	} {
		if err := database.Check(name); err == nil {
			t.Errorf("%q was taken for a database", name)
		}
	}
}

// What can't be read may be a part of a password: nothing of it is shown.
func TestErrorsHoldNoSecret(t *testing.T) {
	for _, name := range []string{
		"postgres://lts:s3cr3t/w0rd@db/lts", "postgres://lts:s3cr3t%w0rd@db/lts", "postgres://lts:s3cr3t w0rd@db:x/lts",
		"postgres://db/lts?password=s3cr3t&sslmode=w0rd", "postgres://lts:s3cr3t@db:99999999/w0rd", "s3cr3t",
		"postgres://lts:s3cr3t[@db/lts",
	} {
		if err := database.Check(name); err == nil || strings.Contains(err.Error(), "s3cr3t") ||
			strings.Contains(err.Error(), "w0rd") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHasSecret(t *testing.T) {
	for name, want := range map[string]bool{
		"sqlite:user:password@x": false, "postgres://lts@db/lts": false, "postgres:///lts?host=/run/postgresql": false,
		"postgres://lts:secret@db/lts": true, "postgres://db/lts?password=secret": true,
		"postgres://lts:half%@db/lts": true, "postgres://db/lts?sslpassword=x": true, "postgres://lts:@db/lts": true,
		"postgres://db/?a=%zz": true,
	} {
		if got := database.HasSecret(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "database")
	for content, want := range map[string]string{"postgres://a:b@c/d\n": "postgres://a:b@c/d",
		" sqlite:x \r\nmore": "sqlite:x", "": "", "\n\n": ""} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := database.ReadFile(path); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", content, got, err)
		}
	}
}

// Whatever a name is made of, it is read or refused, and no error shows a password.
func FuzzCheck(f *testing.F) {
	for _, name := range []string{"sqlite:x", "postgres://u:p%41ss@h:1/d?sslmode=require",
		"postgres:///d?host=/s&password=x", "postgres://h1:1,h2/d?target_session_attrs=any", "postgres://%"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		const secret = "s3cr3t-w0rd"
		_ = database.Check(name)
		_ = database.HasSecret(name)
		for _, with := range []string{"postgres://u:" + secret + "@" + name, "postgres://u:" + secret + name + "@h/d",
			"postgres://h/d?password=" + secret + "&" + name} {
			if err := database.Check(with); err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%q: %v", with, err)
			}
			if !database.HasSecret(with) {
				t.Errorf("the password in %q was not seen", with)
			}
		}
	})
}
