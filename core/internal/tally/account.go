package tally

// CountedUnder is what the run's operations are counted under now: what the tally was
// made for, or what the license was renewed with since.
func (t *Tally) CountedUnder() Account {
	if renewed := t.renewed.Load(); renewed != nil {
		return *renewed
	}
	return t.Account
}

// CountUnder lets the run go on under another account. The ledger keeps it, too. The
// file stays as it is: its header is written once, so that a process which dies in the
// midst of a renewal leaves a tally that can be read.
func (t *Tally) CountUnder(a Account) { t.renewed.Store(&a) }
