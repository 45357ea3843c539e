-- What people are signed in on, as their programs describe it. ref: the program's own id for it.
-- notifies, silent, badges: whether it wants notifications, silent pushes, and numbers on its icon.
-- book: the address book it sent, a JSON array of [contact, its phones]; NULL: none.
CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    ref TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    push_token TEXT NOT NULL,
    voip_token TEXT NOT NULL,
    notifies INTEGER NOT NULL,
    silent INTEGER NOT NULL,
    badges INTEGER NOT NULL,
    book TEXT,
    UNIQUE (account_id, ref)
) STRICT;

-- What an account's programs want to keep about their looks: a JSON object nobody here reads.
CREATE TABLE ui_settings (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
    settings TEXT NOT NULL
) STRICT;

-- A session lets another device in: once, soon. Known by a hash.
CREATE TABLE tickets (
    hash TEXT PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE INDEX tickets_by_session ON tickets (session_id);
