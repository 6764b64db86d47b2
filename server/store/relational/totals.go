package relational

import "github.com/openlts/openlts/server/store"

// Tables of totals, by how much time their rows sum up.
var (
	TotalTables = map[store.Level]string{
		store.LevelSlot: "total", store.LevelQuarterHour: "total_quarter_hour", store.LevelHour: "total_hour",
		store.LevelQuarterDay: "total_quarter_day", store.LevelDay: "total_day", store.LevelMonth: "total_month",
	}
	DeviceTables = map[store.Level]string{store.LevelDay: "total_device", store.LevelMonth: "total_device_month"}
)
