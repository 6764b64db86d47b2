package pages

import rules "github.com/openlts/openlts/server/policy"

// anomalyText says in words what an anomaly is, and what it means.
type anomalyText struct{ Title, Text string }

// anomalyTexts say, by kind, what an anomaly means, and what to do about it.
var anomalyTexts = map[string]anomalyText{
	rules.AnomalySlotInFuture: {
		Text: "It is counted. The device's clock is probably ahead: have it set right.",
	},
	rules.AnomalySlotInPast: {
		Text: "It is counted. The device was without a connection for more than a month, or its clock is behind.",
	},
	rules.AnomalyItemNotOfCode: {
		Text: "It is counted. The item was probably detached after the device was authorized.",
	},
	rules.AnomalyNotGranted: {
		Text: "It is not counted. If a backup was restored, it ends by itself; if not, somebody tries what " +
			"is not theirs.",
	},
	rules.AnomalyUsageLost: {
		Text: "Its data were damaged or deleted before it could report. If it comes again, look at the disk, and at " +
			"who deletes the data.",
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
		Text: "Its data were deleted, or somebody uses its id. Ask the customer; if it is the same device, " +
			"confirm the key.",
	},
	rules.AnomalyClockSkew: {
		Text: "Have the device's clock set right, or let it follow a time server: usage is counted at the " +
			"device's time.",
	},
	rules.AnomalyOther: {
		Text: "The application is newer than the server. The detail has the name of it.",
	},
	"clock-turned-back": {
		Text: "The device noticed it itself. It happens after repairs; if it comes often, somebody tries to " +
			"outlive a license.",
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
