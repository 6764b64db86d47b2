package policy

import (
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// MaxTypes is how many operation types of its own an organization may ever have. Names take memory
// for ever, and whoever has a code can invent them.
const MaxTypes = 1000

// learn notes the operation types in counts that an organization has not used before, or says that
// these would be too many.
func (d *decision) learn(organization string, counts store.Counts) error {
	known := d.Types[organization]
	var added []store.OrganizationType
	for _, count := range counts {
		name := store.OrganizationType{Organization: organization, Type: count.Type}
		if _, builtIn := protocol.OperationTypeByName(count.Type); !builtIn && !known[count.Type] &&
			!d.change.Types[name] {
			added = append(added, name)
		}
	}
	if len(added) == 0 {
		return nil
	}
	if len(known)+d.types[organization]+len(added) > MaxTypes {
		return Malformed("%.70q would be one operation type too many: an organization has at most %d of its own",
			added[0].Type, MaxTypes)
	}
	for _, name := range added {
		d.change.Types[name] = true
	}
	d.types[organization] += len(added)
	return nil
}
