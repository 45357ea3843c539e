-- Invites of the operator. hash: of the token that is shown. uses: how many accounts may come by it; used:
-- how many have.
CREATE TABLE invites (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL,
    used INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX invites_by_end ON invites (expires_at);

-- invite_hash: of the invite that the registration came with; '' for none.
ALTER TABLE registrations ADD COLUMN invite_hash TEXT NOT NULL DEFAULT '';
