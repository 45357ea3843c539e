-- encrypted: its members write what the server cannot read.
ALTER TABLE chats ADD COLUMN encrypted INTEGER NOT NULL DEFAULT 0;

-- cipher: which kind of encrypted text it is, in the clients' count; NULL: plain text.
ALTER TABLE messages ADD COLUMN cipher INTEGER;

-- For the day on which they are deleted; plain messages are not in it.
CREATE INDEX messages_encrypted ON messages (sent_at) WHERE cipher IS NOT NULL AND deleted_at IS NULL;

-- Public keys of devices. They go with the session.
CREATE TABLE device_keys (
    session_id INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL,
    identity_key TEXT NOT NULL,
    signed_key TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX device_keys_by_account ON device_keys (account_id, session_id);

CREATE INDEX device_keys_by_date ON device_keys (changed_at);

-- Keys that are handed out once, in the order of place.
CREATE TABLE one_time_keys (
    session_id INTEGER NOT NULL REFERENCES device_keys (session_id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (session_id, place)
) WITHOUT ROWID, STRICT;
