package ledger

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/openlts/openlts/core/protocol"
)

// Account is everything that the device has ever recorded, in units: Recorded = Accepted + Pending
// + Expired + Refused + Storage.
type Account struct {
	Recorded, Accepted, Pending, Expired, Refused, Storage int64
}

// Lost is what was lost, by all causes together.
func (a Account) Lost() int64 { return a.Expired + a.Refused + a.Storage }

// Account reads the device's usage from the ledger, for all servers together, without what is only
// in tallies; see Usage.
func (l *Ledger) Account(ctx context.Context) (sum Account, err error) {
	err = l.transaction(ctx, func(tx *sql.Tx) error {
		var err error
		sum, err = readAccount(tx)
		return err
	})
	return sum, err
}

func readAccount(tx *sql.Tx) (sum Account, err error) {
	accounts, err := readAccounts(tx)
	if err != nil {
		return sum, err
	}
	for _, t := range accounts {
		sum.Recorded += t.Recorded
		sum.Accepted += t.Accepted
		sum.Expired += t.Expired
		sum.Refused += t.Refused
		sum.Storage += t.Storage
	}
	sum.Pending, err = pendingUnits(tx, "")
	return sum, err
}

// DeviceAccount is what the device tells a server about its account with that server.
func (l *Ledger) DeviceAccount(ctx context.Context, lts string) (protocol.DeviceAccount, error) {
	var account protocol.DeviceAccount
	err := l.transaction(ctx, func(tx *sql.Tx) error {
		accounts, err := readAccounts(tx)
		if t := accounts[lts]; t != nil {
			account = protocol.DeviceAccount{
				Recorded: t.Recorded, Expired: t.Expired, Refused: t.Refused, Storage: t.Storage,
			}
		}
		return err
	})
	return account, err
}

func readAccounts(tx *sql.Tx) (map[string]*totals, error) {
	rows, err := tx.Query("SELECT lts, name, units FROM account")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	accounts := map[string]*totals{}
	for rows.Next() {
		var lts, name string
		var units int64
		if err := rows.Scan(&lts, &name, &units); err != nil {
			return nil, err
		}
		if accounts[lts] == nil {
			accounts[lts] = &totals{}
		}
		if field := accounts[lts].fields()[name]; field != nil {
			*field = units
		}
	}
	return accounts, rows.Err()
}

// fields are the columns of an account, by their names in the ledger.
func (t *totals) fields() map[string]*int64 {
	return map[string]*int64{
		"recorded": &t.Recorded, "accepted": &t.Accepted,
		protocol.LostExpired: &t.Expired, protocol.LostRefused: &t.Refused, protocol.LostStorage: &t.Storage,
	}
}

// pendingUnits is the number of units in reports that no server has confirmed, without those that
// were found again; for one server unless lts is "".
func pendingUnits(tx *sql.Tx, lts string) (units int64, err error) {
	err = tx.QueryRow(`SELECT coalesce(sum(`+pendingOfReport+`), 0) FROM report JOIN run ON run.id = report.run
		WHERE lost = '' AND (?1 = '' OR run.lts = ?1)`, lts).Scan(&units)
	return units, err
}

// pendingOfReport is how many units of a row of report are pending.
const pendingOfReport = `coalesce((SELECT sum(c.count - c.accepted) FROM report_count c
	WHERE c.run = report.run AND c.slot = report.slot), 0) - report.found`

func addToAccount(tx *sql.Tx, lts, name string, units int64) error {
	if units == 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO account (lts, name, units) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET units = units + excluded.units`,
		lts, name, units)
	return err
}

// Balance compares the account with each server with the reports, and declares lost what is
// missing: reports of a lost ledger. It returns how much.
func (l *Ledger) Balance(ctx context.Context) (lost int64, err error) {
	var missing map[string]int64
	err = l.transaction(ctx, func(tx *sql.Tx) error {
		var err error
		missing, err = gaps(tx)
		return err
	})
	if err != nil || len(missing) == 0 {
		return 0, err
	}
	err = l.alterSettling(ctx, func(tx *sql.Tx) error {
		lost = 0
		missing, err := gaps(tx)
		if err != nil {
			return err
		}
		for _, lts := range slices.Sorted(maps.Keys(missing)) {
			name, units := protocol.LostStorage, missing[lts]
			if units < 0 { // the account was lost, too, with its witness
				name, units = "recorded", -units
			} else {
				lost += units
			}
			if err := addToAccount(tx, lts, name, units); err != nil {
				return err
			}
		}
		return nil
	})
	return lost, err
}

// gaps is, for each server where they differ, how many more units the account has than the reports.
func gaps(tx *sql.Tx) (map[string]int64, error) {
	accounts, err := readAccounts(tx)
	if err != nil {
		return nil, err
	}
	servers, err := column[string](tx, "SELECT lts FROM account UNION SELECT lts FROM run")
	if err != nil {
		return nil, err
	}
	missing := map[string]int64{}
	for _, lts := range servers {
		units, err := pendingUnits(tx, lts)
		if err != nil {
			return nil, err
		}
		if account := accounts[lts]; account != nil {
			units -= account.pending()
		}
		if units != 0 {
			missing[lts] = -units
		}
	}
	return missing, nil
}

func column[T any](tx *sql.Tx, query string, arguments ...any) ([]T, error) {
	rows, err := tx.Query(query, arguments...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var values []T
	for rows.Next() {
		var value T
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}
