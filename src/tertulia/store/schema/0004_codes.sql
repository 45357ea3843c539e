-- One-time codes, kept for an hour to be counted. hash: NULL once it is used up, or a newer one was sent.
CREATE TABLE codes (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    device TEXT NOT NULL,
    hash TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent_at INTEGER NOT NULL
) STRICT;

CREATE INDEX codes_by_account ON codes (account_id, sent_at);
