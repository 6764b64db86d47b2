-- The client's ledger: the authorizations of this device, and every unit of usage that the server
-- has not confirmed yet. PRAGMA user_version is the schema's version; see schema.go.

-- Identifies this ledger and counts the changes of its account. A second copy of the account (see
-- witness.go) compares both with its own, to find out whether this file was lost and replaced by a
-- new one, or an older copy of it came back.
CREATE TABLE ledger (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  uuid    TEXT NOT NULL,
  changes INTEGER NOT NULL
);

-- A copy of the device's identity, in case its own file gets lost.
CREATE TABLE identity (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  text TEXT NOT NULL
);

-- The key each License Tracking Server was first seen with (trust on first use).
CREATE TABLE server_key (
  server     TEXT PRIMARY KEY, -- base URL
  public_key TEXT NOT NULL,
  seen_at    INTEGER NOT NULL
) WITHOUT ROWID;

-- Authorizations as received and signed, for use without a server.
CREATE TABLE authorization (
  request     TEXT PRIMARY KEY, -- digest of what was asked for
  jws         TEXT NOT NULL,
  public_key  TEXT NOT NULL,
  received_at INTEGER NOT NULL  -- by our clock
) WITHOUT ROWID;

-- Numbers worth keeping, such as the latest time ever seen.
CREATE TABLE mark (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

-- Room for what has to be written on a full disk; see room.go.
CREATE TABLE reserve (
  pages BLOB NOT NULL
);

-- One run is one tally: what one process counted under one account.
CREATE TABLE run (
  id             INTEGER PRIMARY KEY,
  uuid           TEXT NOT NULL UNIQUE, -- of the tally
  lts            TEXT NOT NULL, -- id of the signing key of the server it reports to
  device         TEXT NOT NULL DEFAULT '', -- client UUID it is reported under; '': any
  handshake_code TEXT NOT NULL,
  item           TEXT NOT NULL,
  slot_seconds   INTEGER NOT NULL,
  has_file       INTEGER NOT NULL, -- 0: its tally is in memory only
  -- The run under which the server gets the reports: not the tally's own run if the ledger was lost
  -- or fell back since the tally was made. The server may have reports of that one which nobody
  -- here remembers, so nothing can be added to them.
  reported_as    TEXT NOT NULL,
  finished       INTEGER NOT NULL DEFAULT 0, -- 1: dead and folded; nothing will come
  -- Reports of slots before this moment may have been deleted or given up, so nothing can be added
  -- to them: what is counted for such a slot, because the clock was turned back, is reported as
  -- another run.
  closed_before  INTEGER NOT NULL DEFAULT 0,
  -- How many seconds the clock was ahead of the right time while the run counted; 0: it was right,
  -- or this is not known yet.
  ahead          INTEGER NOT NULL DEFAULT 0
);

-- How far each counter of a tally was folded into reports. The frames after those with a label are
-- the strays; for these, type is just the number of the entry.
CREATE TABLE watermark (
  run    INTEGER NOT NULL,
  frame  INTEGER NOT NULL,
  type   INTEGER NOT NULL,
  folded INTEGER NOT NULL,
  PRIMARY KEY (run, frame, type)
) WITHOUT ROWID;

-- One report for each run and slot. It is pending while revision is higher than accepted_revision.
-- After that it stays as long as something may be added to it.
CREATE TABLE report (
  run               INTEGER NOT NULL,
  slot              INTEGER NOT NULL, -- its start, seconds since 1970
  revision          INTEGER NOT NULL,
  accepted_revision INTEGER NOT NULL DEFAULT 0,
  lost              TEXT NOT NULL DEFAULT '', -- cause, if the rest was declared lost
  -- Units that are in the account already, because an older copy of the ledger brought them back.
  -- The server's receipt will tell whether it has them.
  found             INTEGER NOT NULL DEFAULT 0,
  -- 1: the report was submitted, or is about to be, so the server may have it.
  sent              INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, slot)
) WITHOUT ROWID;
CREATE INDEX report_pending ON report (slot) WHERE revision > accepted_revision;

-- Cumulative counts of a report, and how much of them the server confirmed.
CREATE TABLE report_count (
  run      INTEGER NOT NULL,
  slot     INTEGER NOT NULL,
  type     TEXT NOT NULL,
  count    INTEGER NOT NULL,
  accepted INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, slot, type)
) WITHOUT ROWID;

-- The device's account with each server since the beginning, in units. It is updated by itself and
-- not derived from the reports, so that it can be compared with them: recorded = accepted + pending
-- + expired + refused + storage, where units that were found again do not count as pending.
CREATE TABLE account (
  lts   TEXT NOT NULL, -- id of the server's signing key
  name  TEXT NOT NULL, -- recorded, accepted, expired, refused, storage
  units INTEGER NOT NULL,
  PRIMARY KEY (lts, name)
) WITHOUT ROWID;
