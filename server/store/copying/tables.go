package copying

// kind is what a column holds.
type kind byte

const (
	number kind = iota
	text
	bytes
	boolean // a number in SQLite
)

// column is a column of a table.
type column struct {
	name string
	kind kind
	// from is the source, if it is not a column of the same name.
	from string
}

// table is a table of the target.
type table struct {
	name    string
	from    string // what it comes from, if not a table of that name
	columns []column
}

func n(names ...string) []column { return of(number, names...) }
func t(names ...string) []column { return of(text, names...) }
func b(names ...string) []column { return of(bytes, names...) }
func z(names ...string) []column { return of(boolean, names...) }

func of(k kind, names ...string) (columns []column) {
	for _, name := range names {
		columns = append(columns, column{name: name, kind: k})
	}
	return columns
}

func as(name, from string) []column { return []column{{name: name, from: from}} }

func with(name string, columns ...[]column) table {
	whole := table{name: name}
	for _, some := range columns {
		whole.columns = append(whole.columns, some...)
	}
	return whole
}

func whereFrom(from string, whole table) table {
	whole.from = from
	return whole
}

// total are the columns of totals.
func total() []column { return n("handshake_code", "item", "slot", "type", "count", "late") }

// tables are all tables, each after those it refers to. A test compares them with the target's
// schema.
var tables = []table{
	with("server_key", n("id"), b("signing", "report")),
	with("organization", n("id"), t("public_id", "name"), n("archived_at", "created_at")),
	with("handshake_code", n("id"), t("code"), n("organization"), t("session_password", "previous_password"),
		n("previous_until", "archived_at", "public_trial", "created_at")),
	with("validation_field", n("handshake_code"), t("value")),
	with("item", n("id"), t("public_id"), n("organization"), t("name"), n("products"), t("version", "edition"),
		n("deployment_type", "charge_way"), t("modules"),
		n("quota", "starts_at", "expires_at", "max_buffer_days"), t("validation_field"), z("trial"), t("trial_by"),
		n("trial_days"), t("requires"),
		n("request_limit"), z("refuse_clones"), n("revoked_at", "archived_at"), t("license_file", "charging"),
		n("created_at")),
	whereFrom("item", with("item_use", as("item", "id"), n("used", "requests"))),
	whereFrom("item WHERE seats_at > 0", with("seat_sum", as("item", "id"), as("at", "seats_at"), as("active", "seats"),
		n("exceptions"), as("changes", "1"))),
	with("handshake_item", n("handshake_code", "item", "position")),
	with("device", n("id"), t("uuid", "uuid_source", "friendly_name", "platform", "library"),
		n("first_seen_at", "last_seen_at", "cloned_at", "blocked_at", "erased_at", "merged_into")),
	with("device_key", t("key_id"), n("device"), b("public_key", "report_key"),
		n("reporter", "created_at", "confirmed_at")),
	with("report_grant", n("device", "reporter", "handshake_code", "item", "granted_at")),
	with("trial", n("item"), t("subject"), n("started_at")),
	with("seat", n("device", "item", "since", "until", "weight"), z("brief", "freed")),
	with("seat_step", n("item", "at", "change")),
	with("seat_fold", n("item", "before")),
	with("app_domain", n("item"), t("domain"), n("since")),
	with("device_account", n("device", "reporter", "sent_at", "recorded", "expired", "refused", "storage", "accepted")),
	with("run", n("id"), t("uuid"), n("device", "handshake_code", "item", "reporter")),
	with("report", n("run", "slot", "revision"), as("changes", "1"), n("losses"), b("counts")),
	with("report_loss", n("run", "slot", "revision", "units"), t("cause"), b("counts")),
	with("raw_report", n("id", "received_at", "run", "newest"), b("reports")),
	with("operation_type", n("id"), t("name")),
	with("organization_type", n("organization", "type")),
	with("total", total()),
	with("total_quarter_hour", total()),
	with("total_hour", total()),
	with("total_quarter_day", total()),
	with("total_day", total()),
	with("total_month", total()),
	with("total_organization", n("organization", "level", "slot", "type", "part", "count", "late")),
	with("organization_fold", n("id", "before")),
	with("total_device", n("slot", "device", "handshake_code", "item", "type", "count")),
	with("total_device_quarter", n("slot", "device", "handshake_code", "item", "type", "count")),
	with("device_quarter", n("id", "since")),
	with("total_device_month", n("slot", "device", "handshake_code", "item", "type", "count")),
	with("activity", n("type", "day", "handshake_code", "item"), b("runs")),
	with("arrival", n("run", "day"), b("rows")),
	with("activity_fold", n("id", "upto", "since")),
	with("total_denial", n("start", "handshake_code", "status", "count")),
	with("denial", n("id"), t("device", "device_name", "handshake_code"), n("status"),
		t("organization", "item", "cause"), n("quota", "used"), t("reason"),
		n("count", "first_at", "last_at")),
	with("anomaly", n("device"), t("kind", "detail"), n("count", "first_at", "last_at")),
	with("audit", n("id", "at"), t("actor", "action", "object", "detail")),
	with("product", n("bit"), t("name"), n("created_at")),
	with("vendor_key", n("id"), b("seed")),
	with("vendor", b("public_key"), t("name"), n("trusted_at")),
	with("license_file", t("id", "vendor"), n("revision", "organization"), t("alias"), z("revoked"), n("imported_at"),
		b("content")),
	with("retention", t("record"), n("days")),
	with("slot_closing", n("id", "before", "pruned", "swept")),
	with("checkpoint", n("closed_before", "made_at"), t("document")),
	with("adjustment", n("id", "item", "at", "units"), t("reason", "actor", "signature")),
	with("statement", n("organization"), t("month"), n("made_at"), t("document")),
	with("account", n("id"), t("name", "role"), n("organization"), t("password"), n("created_at", "seen_at")),
	with("session", t("digest"), n("account", "created_at", "seen_at")),
	with("api_token", n("id"), t("public_id", "digest", "name", "scope"), n("organization"), t("created_by"),
		n("created_at", "expires_at", "seen_at")),
	with("set_up_link", t("digest"), n("expires_at")),
	with("idempotency", t("digest", "request", "answer"), n("created_at"), t("object")),
	with("setting", t("name", "value")),
	with("certificate", t("name", "data")),
	with("authorization_outcome", t("handshake_code"), n("at", "granted", "refused")),
	with("alert_state", t("kind", "subject"), n("level"), t("period"), n("value", "since")),
	with("alert_event", n("id", "at"), t("kind", "subject", "organization"),
		n("level", "value", "recovered"), t("text")),
	with("alert_channel", n("id"), t("public_id", "name", "target"), n("created_at", "begins", "tests_until")),
	with("alert_delivery", n("channel"), t("receiver"), n("delivered", "batch", "attempts", "next_at"), t("failure"),
		n("day", "sent")),
	with("lease", t("name", "holder"), n("until")),
}
