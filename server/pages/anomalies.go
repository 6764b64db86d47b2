package pages

import rules "github.com/openlts/openlts/server/policy"

// anomalyText says in words what an anomaly is, and what it means.
type anomalyText struct{ Title, Text string }

// anomalyTexts say, by kind, what an anomaly means, and what to do about it.
var anomalyTexts = map[string]anomalyText{
	rules.AnomalySlotInFuture: {
		Text: "It counts. The device's clock is probably ahead: correct it.",
	},
	rules.AnomalySlotInPast: {
		Text: "It counts. The device had no connection for more than a month, or its clock is behind.",
	},
	rules.AnomalyItemNotOfCode: {
		Text: "It counts. The item was probably detached after the device was authorized.",
	},
	rules.AnomalyNotGranted: {
		Text: "It does not count. After a backup was restored, this ends by itself; otherwise somebody tries to " +
			"use what they were not granted.",
	},
	rules.AnomalyUsageLost: {
		Text: "Its data were damaged or deleted before it could report. If this happens again, check the disk, " +
			"and find out who deletes the data.",
	},
	rules.AnomalyBadAccount: {
		Text: "Its reports are counted. Its data may be damaged, or somebody writes requests by hand.",
	},
	rules.AnomalyUsageCopied: {
		Text: "Its data were probably copied to another machine, and both report. Ask the customer; an item can " +
			"refuse copies.",
	},
	rules.AnomalyCountsFell: {
		Text: "The higher count stays. The device's data were probably restored from an older copy.",
	},
	rules.AnomalyRevisionConflict: {
		Text: "The higher counts stay. Two machines probably work with copies of one device's data.",
	},
	rules.AnomalyDeviceKeyChanged: {
		Text: "Its data were deleted, or somebody else uses its id. Ask the customer; if it is the same device, " +
			"confirm the key.",
	},
	rules.AnomalyClockSkew: {
		Text: "Correct the device's clock, or let it follow a time server: usage counts at the device's time.",
	},
	rules.AnomalyOther: {
		Text: "The application is newer than the server. The detail has its name.",
	},
	"clock-turned-back": {
		Text: "The device noticed it itself. It happens after repairs; if it happens often, somebody tries to " +
			"use a license beyond its end.",
	},
	"ledger-replaced": {
		Text: "The device noticed it itself. A backup was restored, or a virtual machine was set back.",
	},
}

// AnomalyText is what a kind of anomaly means.
func (v *view) AnomalyText(kind string) anomalyText {
	text := anomalyText{Title: v.T(rules.AnomalyTitle(kind))}
	if means := anomalyTexts[kind].Text; means != "" {
		text.Text = v.T(means)
	}
	return text
}
