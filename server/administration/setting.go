package administration

import (
	"context"
	"errors"
	"time"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Settings are the settings of an installation.
type Settings struct {
	// TimeZone is the IANA name of the time zone for days and months on the pages.
	TimeZone string `json:"timeZone"`
	// PublicURL is the base URL by which clients reach this server; "": unknown.
	PublicURL string `json:"publicURL,omitempty"`
	// StandbyURL is the base URL of a standby server; "": there is none.
	StandbyURL string `json:"standbyURL,omitempty"`
}

// settingsName is the name under which they are stored.
const settingsName = "installation"

// Settings gives the settings.
func (a *Administrator) Settings(ctx context.Context) (Settings, error) {
	s := Settings{TimeZone: "UTC"}
	if err := a.may(Viewer); err != nil {
		return s, err
	}
	return s, records.Setting(ctx, a.Store, settingsName, &s)
}

// Location is the settings' time zone.
func (s Settings) Location() *time.Location {
	if location, err := time.LoadLocation(s.TimeZone); err == nil {
		return location
	}
	return time.UTC // this machine does not know the zone
}

// ChangeSettings changes the settings; for owners.
func (a *Administrator) ChangeSettings(ctx context.Context, s Settings) error {
	errs := []error{a.may(Owner), checkURL("publicURL", s.PublicURL), checkURL("standbyURL", s.StandbyURL)}
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		errs = append(errs, invalid("timeZone", "%q is not a time zone, such as Europe/Berlin or UTC", s.TimeZone))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		before := Settings{TimeZone: "UTC"}
		if err := records.Setting(ctx, tx, settingsName, &before); err != nil {
			return err
		}
		if err := records.SetSetting(ctx, tx, settingsName, s); err != nil {
			return err
		}
		return a.auditChange(tx, "settings.change", "settings", before, s)
	})
}
