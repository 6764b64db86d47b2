package pages

import rules "github.com/openlts/openlts/server/policy"

// anomalyText says in words what an anomaly is, and what to do about it.
type anomalyText struct{ Title, Text string }

// anomalyTexts are the texts by kind, including the client's own kinds.
var anomalyTexts = map[string]anomalyText{
	rules.AnomalySlotInFuture: {
		Title: "Usage of a time to come",
		Text:  "It is counted. The device's clock is probably ahead: have it set right.",
	},
	rules.AnomalySlotInPast: {
		Title: "Usage of long ago",
		Text:  "It is counted. The device was without a connection for more than a month, or its clock is behind.",
	},
	rules.AnomalyItemNotOfCode: {
		Title: "Counted on an item that its code does not have",
		Text:  "It is counted. The item was probably detached after the device was authorized.",
	},
	rules.AnomalyNotGranted: {
		Title: "Reported on what it was not granted",
		Text: "It is not counted. If a backup was restored, it ends by itself; if not, somebody tries what " +
			"is not theirs.",
	},
	rules.AnomalyUsageLost: {
		Title: "Usage was lost on the device",
		Text: "Its data were damaged or deleted before it could report. If it comes again, look at the disk, and at " +
			"who deletes the data.",
	},
	rules.AnomalyBadAccount: {
		Title: "An account that makes no sense",
		Text:  "Its reports are counted. Its data may be damaged, or somebody writes requests by hand.",
	},
	rules.AnomalyUsageCopied: {
		Title: "More counted than the device recorded",
		Text: "Its data were probably copied to another machine, and both report. Ask the customer; an item can " +
			"refuse copies.",
	},
	rules.AnomalyCountsFell: {
		Title: "Reported less than before",
		Text:  "The higher count stays. The device's data were probably restored from an older copy.",
	},
	rules.AnomalyRevisionConflict: {
		Title: "Reported twice, differently",
		Text:  "The higher counts stay. Two machines probably work with copies of one device's data.",
	},
	rules.AnomalyDeviceKeyChanged: {
		Title: "A known device with another key",
		Text: "Its data were deleted, or somebody uses its id. Ask the customer; if it is the same device, " +
			"confirm the key.",
	},
	rules.AnomalyClockSkew: {
		Title: "A clock that is wrong",
		Text: "Have the device's clock set right, or let it follow a time server: usage is counted at the " +
			"device's time.",
	},
	rules.AnomalyOther: {
		Title: "Something that this server does not know",
		Text:  "The application is newer than the server. The detail has the name of it.",
	},
	"clock-turned-back": {
		Title: "A clock that was set back",
		Text: "The device noticed it itself. It happens after repairs; if it comes often, somebody tries to " +
			"outlive a license.",
	},
	"ledger-replaced": {
		Title: "Data that were replaced by older ones",
		Text:  "The device noticed it itself. A backup was restored, or a virtual machine was set back.",
	},
}

// AnomalyText says what a kind of anomaly means; an unknown kind, from a newer server, is shown by
// its name.
func (v *view) AnomalyText(kind string) anomalyText {
	text, ok := anomalyTexts[kind]
	if !ok {
		return anomalyText{Title: kind}
	}
	return anomalyText{v.T(text.Title), v.T(text.Text)}
}
