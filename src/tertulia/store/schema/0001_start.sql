-- Times are milliseconds since 1970 UTC; numbers come from the one sequence in `counters`.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

INSERT INTO counters VALUES ('number', 0);

-- Keys the server makes for itself.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID, STRICT;

-- login_key, email_key: the form in which two count as the same; NULL when free again.
-- search_text: login, first and last name, folded, one a line.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL,
    login_key TEXT UNIQUE,
    password_hash TEXT,
    email TEXT NOT NULL,
    email_key TEXT UNIQUE,
    phone TEXT NOT NULL,
    phone_key TEXT UNIQUE,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    search_text TEXT NOT NULL,
    picture TEXT,
    blocks_on INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

-- One sign-in per account, dialect and device.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    dialect TEXT NOT NULL,
    device TEXT NOT NULL,
    flavour TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, dialect, device)
) STRICT;

-- Secrets of sessions, as hashes. replaced_at: a newer one took its place then.
CREATE TABLE tokens (
    hash TEXT PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    replaced_at INTEGER
) WITHOUT ROWID, STRICT;

CREATE INDEX tokens_by_session ON tokens (session_id);

-- pair: the two accounts of a direct chat, smaller number first. last_seq, last_at: place and date of
-- the newest message. dormant: a member of a direct chat has left it.
CREATE TABLE chats (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    pair TEXT UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    search_text TEXT NOT NULL,
    picture TEXT,
    owner_id INTEGER NOT NULL,
    other_id INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_seq INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0,
    dormant INTEGER NOT NULL DEFAULT 0
) STRICT;

-- read_seq, read_at: place and date of the newest message read. skipped: how many messages after that
-- place do not count as unread for this member (own, hidden, deleted); so unread is
-- last_seq - read_seq - skipped. named_seq, named_at: everything up to this place was read by name.
CREATE TABLE members (
    chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    left_at INTEGER,
    read_seq INTEGER NOT NULL DEFAULT 0,
    read_at INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    named_seq INTEGER NOT NULL DEFAULT 0,
    named_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (chat_id, account_id)
) WITHOUT ROWID, STRICT;

CREATE INDEX members_by_account ON members (account_id, chat_id);

-- A message is its own event. No foreign key: a check per row is dear on the hot path.
-- folded: NULL when equal to text. ref_key: what a resend is known by.
-- is_read: somebody but the author has read it. reacted: it has, or had, reactions.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    chat_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    text TEXT NOT NULL,
    folded TEXT,
    extra TEXT NOT NULL,
    attachments TEXT,
    reply_to INTEGER,
    forward_of TEXT NOT NULL,
    notice TEXT,
    sent_at INTEGER NOT NULL,
    edited_at INTEGER,
    deleted_at INTEGER,
    is_read INTEGER NOT NULL DEFAULT 0,
    reacted INTEGER NOT NULL DEFAULT 0,
    ref_key INTEGER
) STRICT;

CREATE UNIQUE INDEX messages_by_date ON messages (chat_id, sent_at);

CREATE INDEX messages_edited ON messages (chat_id, edited_at) WHERE edited_at IS NOT NULL;

CREATE INDEX messages_by_ref ON messages (ref_key, id) WHERE ref_key IS NOT NULL;

-- Messages an account does not see.
CREATE TABLE hidden (
    account_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, message_id)
) WITHOUT ROWID, STRICT;

CREATE INDEX hidden_by_message ON hidden (message_id, account_id);

-- Messages read by name beyond the member's named_at.
CREATE TABLE named_reads (
    account_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, message_id)
) WITHOUT ROWID, STRICT;

CREATE INDEX named_reads_by_message ON named_reads (message_id);

CREATE TABLE reactions (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL,
    reaction TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (message_id, account_id, reaction)
) WITHOUT ROWID, STRICT;

-- seen_at: when the blocker was last seen at that moment; the blocked one is shown this for ever.
CREATE TABLE blocks (
    account_id INTEGER NOT NULL,
    blocked_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, blocked_id)
) WITHOUT ROWID, STRICT;

CREATE INDEX blocks_by_blocked ON blocks (blocked_id, account_id);

-- What happened, beside messages. accounts: who was told, when it was not the whole chat.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    chat_id INTEGER,
    accounts TEXT,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_chat ON events (chat_id, id);
