package tally

// CountedUnder is the account under which operations count now: the one for which the tally was
// made, or the one with which the license was renewed since.
func (t *Tally) CountedUnder() Account {
	if renewed := t.renewed.Load(); renewed != nil {
		return *renewed
	}
	return t.Account
}

// CountUnder continues the run under another account. The ledger stores it, too. The file stays as
// it is: its header is written only once, so that a process that dies during a renewal leaves a
// readable tally.
func (t *Tally) CountUnder(a Account) { t.renewed.Store(&a) }
