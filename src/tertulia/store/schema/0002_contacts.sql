-- emails, phones: JSON arrays of [label, value], as the owner wrote them.
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY,
    owner_id INTEGER NOT NULL REFERENCES accounts (id),
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    company TEXT NOT NULL,
    emails TEXT NOT NULL,
    phones TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX contacts_by_date ON contacts (owner_id, updated_at);

-- contacts_at: the last date given to an entry of theirs, which never comes again.
ALTER TABLE accounts ADD COLUMN contacts_at INTEGER NOT NULL DEFAULT 0;

-- phone_digits: what contacts are compared with; NULL when there are none. Unlike phone_key it may repeat.
ALTER TABLE accounts ADD COLUMN phone_digits TEXT;

CREATE INDEX accounts_by_phone ON accounts (phone_digits, id) WHERE phone_digits IS NOT NULL;

WITH RECURSIVE spelled (id, rest, found) AS (
    SELECT id, phone, substr(phone, 1, 0) FROM accounts WHERE phone_key IS NOT NULL
    UNION ALL
    SELECT id, substr(rest, 2),
        found || CASE WHEN substr(rest, 1, 1) BETWEEN '0' AND '9' THEN substr(rest, 1, 1) ELSE '' END
    FROM spelled WHERE rest <> ''
)
UPDATE accounts SET phone_digits = (
    SELECT s.found FROM spelled s WHERE s.id = accounts.id AND s.rest = '' AND s.found <> ''
)
WHERE phone_key IS NOT NULL;
