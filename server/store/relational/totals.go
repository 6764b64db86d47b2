package relational

import "github.com/openlts/openlts/server/store"

// Tables of totals, by how much time their rows sum up.
var (
	TotalTables = map[store.Level]string{
		store.LevelSlot: "total", store.LevelQuarterHour: "total_quarter_hour", store.LevelHour: "total_hour",
		store.LevelQuarterDay: "total_quarter_day", store.LevelDay: "total_day", store.LevelMonth: "total_month",
	}
	DeviceTables = map[store.Level]string{
		store.LevelQuarterDay: "total_device_quarter", store.LevelDay: "total_device",
		store.LevelMonth: "total_device_month",
	}
)

// SelectQuartersSince reads the moment from which on totals of devices by quarters of a day are
// complete: those of earlier versions had none.
const SelectQuartersSince = `SELECT coalesce((SELECT since FROM device_quarter), 0)`
