-- bot: '' for a person, else what kind of program it is. A bot of a team has neither password nor login_key,
-- so nobody signs in as it, and no search_text, so nobody finds it.
ALTER TABLE accounts ADD COLUMN bot TEXT NOT NULL DEFAULT '';

-- Integrations of teams: a key with which programs outside post to a group, as the account bot_id, and an
-- address that hears of every new message there. key_hash: what a key is found by. api_key: the key itself,
-- since owners are shown it again and webhooks carry it (docs/decisions/0095).
CREATE TABLE hooks (
    id INTEGER PRIMARY KEY,
    team_id INTEGER NOT NULL,
    chat_id INTEGER NOT NULL,
    bot_id INTEGER NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    comment TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    api_key TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    webhook_url TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX hooks_by_team ON hooks (team_id, id);
