-- phone_proven, email_proven: its owner has shown a code that went there. A proven phone is `+` and digits.
ALTER TABLE accounts ADD COLUMN phone_proven INTEGER NOT NULL DEFAULT 0;

ALTER TABLE accounts ADD COLUMN email_proven INTEGER NOT NULL DEFAULT 0;

-- awaited_phone: made for whoever proves this number; until then nobody can sign in.
ALTER TABLE accounts ADD COLUMN awaited_phone TEXT;

CREATE UNIQUE INDEX accounts_awaited ON accounts (awaited_phone) WHERE awaited_phone IS NOT NULL;

-- blocked_at: the operator lets nobody sign in since then.
ALTER TABLE accounts ADD COLUMN blocked_at INTEGER;

-- used_at: when a secret of it was last shown, to the hour.
ALTER TABLE sessions ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;

UPDATE sessions SET used_at = created_at;

-- Codes that went out by SMS, kept for a day to be counted. subject: what else the code is for, 0: nothing.
-- hash: NULL once it is used up, or a newer one was sent.
CREATE TABLE phone_codes (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL,
    purpose TEXT NOT NULL,
    subject INTEGER NOT NULL,
    hash TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX phone_codes_by_phone ON phone_codes (phone, sent_at);

CREATE INDEX phone_codes_by_subject ON phone_codes (subject) WHERE subject <> 0;

CREATE INDEX phone_codes_by_date ON phone_codes (sent_at);

-- Accounts to be, until their phone is proven. phone: NULL when somebody else has proven it meanwhile.
-- asked_at: when the registration was last asked for.
CREATE TABLE registrations (
    account_id INTEGER PRIMARY KEY,
    login TEXT NOT NULL,
    login_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    phone TEXT,
    asked_at INTEGER NOT NULL
) STRICT;

CREATE INDEX registrations_by_phone ON registrations (phone) WHERE phone IS NOT NULL;

CREATE INDEX registrations_by_date ON registrations (asked_at);

-- Secrets that open a session once the registration is confirmed. place: in the order of asking.
CREATE TABLE registration_tokens (
    hash TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES registrations (account_id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    dialect TEXT NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE INDEX registration_tokens_by_account ON registration_tokens (account_id, place);
