package main

import (
	"crypto/tls"
	"errors"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/openlts/openlts/server"
)

// reloading is a running server, with what can be read again.
type reloading struct {
	data  string // the directory of the database; "" if it has none
	flags serveFlags
	given map[string]string // what the command line and the environment say
	level *slog.LevelVar
	log   *slog.Logger
	gate  *gate
	// invite tells the owner how to make the first account, with the address of the pages.
	invite func(office string) error
}

// reload reads the settings and the certificate again. If they can't be used, the current ones
// stay.
func (r *reloading) reload(lts *server.Server) {
	next, err := r.read()
	if err != nil {
		r.log.Error("the settings in force stay: the new ones can't be used", "error", err)
		return
	}
	level, err := parseLevel(next.logLevel)
	if err != nil {
		r.log.Error("the settings in force stay: the new ones can't be used", "error", err)
		return
	}
	if r.flags.certFile != "" && next.certFile != "" {
		certificate, err := tls.LoadX509KeyPair(next.certFile, next.keyFile)
		if err != nil {
			r.log.Error("the certificate in use stays: the new one can't be loaded", "error", err)
		} else {
			lts.SetCertificate(certificate)
			r.log.Info("the certificate was read anew", "file", next.certFile)
		}
	}
	r.level.Set(level)
	if next.limits != r.flags.limits {
		lts.SetLimits(next.limits)
	}
	r.gate.setMaintenance(next.maintenance)
	r.flags.limits, r.flags.maintenance, r.flags.logLevel = next.limits, next.maintenance, next.logLevel
	r.log.Info("the settings were read anew", "file", r.flags.settings, "maintenance", next.maintenance, "level",
		level.String())
}

// read returns the flags that a start would use now.
func (r *reloading) read() (serveFlags, error) {
	var next serveFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	next.add(flags)
	var err error
	for name, value := range r.given {
		if flags.Lookup(name) != nil { // those of all commands are not read anew
			err = errors.Join(err, flags.Set(name, value))
		}
	}
	if err == nil && r.flags.settings != "" {
		err = readSettings(r.flags.settings, flags, func(name string) bool {
			_, given := r.given[name]
			return given
		})
	}
	if err == nil {
		err = next.check()
	}
	return next, err
}
