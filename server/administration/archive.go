package administration

import (
	"context"
	"errors"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// ArchiveItem archives an item, or restores it. Nothing that was counted on it is lost. While it is
// archived, it authorizes nobody (-20113).
func (a *Administrator) ArchiveItem(ctx context.Context, item string, archived bool) error {
	return a.changeItem(ctx, item, func(tx store.Tx, i store.Item) error {
		if err := tx.ArchiveItem(i.Key, a.archivedAt(archived)); err != nil {
			return err
		}
		return a.audit(tx, archiving("item", archived), item, "")
	})
}

// ArchiveHandshakeCode archives a handshake code, or restores it. While it is archived, it
// authorizes nobody (-20101), but what devices report counts.
func (a *Administrator) ArchiveHandshakeCode(ctx context.Context, code string, archived bool) error {
	return a.changeCode(ctx, code, func(tx store.Tx, c store.HandshakeCode) error {
		if err := tx.ArchiveHandshakeCode(c.Key, a.archivedAt(archived)); err != nil {
			return err
		}
		return a.audit(tx, archiving("handshake", archived), code, "")
	})
}

// ArchiveOrganization archives an organization, or restores it. While it is archived, its codes
// authorize nobody (-20101), but what devices report counts.
func (a *Administrator) ArchiveOrganization(ctx context.Context, id string, archived bool) error {
	if err := errors.Join(a.may(Editor), a.sees(id, ObjectOrganization, id)); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		o, err := tx.Organization(id)
		if err != nil {
			return notFound(err, ObjectOrganization, id)
		}
		if err := records.ArchiveOrganization(ctx, tx, o.Key, a.archivedAt(archived)); err != nil {
			return err
		}
		return a.audit(tx, archiving("organization", archived), id, "")
	})
}

func (a *Administrator) archivedAt(archived bool) int64 {
	if archived {
		return a.Now().Unix()
	}
	return 0
}

func archiving(what string, archived bool) string {
	if archived {
		return what + ".archive"
	}
	return what + ".unarchive"
}
