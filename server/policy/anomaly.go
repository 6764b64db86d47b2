package policy

import (
	"maps"
	"slices"
)

// anomalyTitles say what each kind of anomaly is; those that clients notice are among them.
var anomalyTitles = map[string]string{
	AnomalySlotInFuture:     "Usage in the future",
	AnomalySlotInPast:       "Usage of a long time ago",
	AnomalyItemNotOfCode:    "Counted on an item that its code does not have",
	AnomalyNotGranted:       "Reported on something that it was not granted",
	AnomalyUsageLost:        "Usage was lost on the device",
	AnomalyBadAccount:       "An account that is impossible",
	AnomalyUsageCopied:      "More counted than the device recorded",
	AnomalyCountsFell:       "Reported less than before",
	AnomalyRevisionConflict: "Reported twice, differently",
	AnomalyDeviceKeyChanged: "A known device with another key",
	AnomalyClockSkew:        "A clock that is wrong",
	AnomalyOther:            "A kind that this server does not know",
	"clock-turned-back":     "A clock that was set back",
	"ledger-replaced":       "Data replaced by an older copy",
}

// AnomalyKinds are the kinds that this version knows.
func AnomalyKinds() []string { return slices.Sorted(maps.Keys(anomalyTitles)) }

// AnomalyTitle says in a few words what a kind of anomaly is; a kind of a newer server is
// called by its name.
func AnomalyTitle(kind string) string {
	if title, ok := anomalyTitles[kind]; ok {
		return title
	}
	return kind
}
