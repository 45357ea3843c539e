-- Applications that may ask people for their consent. redirect_uris: a JSON array. scopes: with spaces.
CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Sessions that our pages open. client_id: the application it is a family of, NULL for a browser that is
-- signed in. ends_at: when the last of its secrets is void.
CREATE TABLE oauth_sessions (
    session_id INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL,
    client_id TEXT REFERENCES oauth_clients (id),
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX oauth_sessions_by_end ON oauth_sessions (ends_at);

CREATE INDEX oauth_sessions_by_client ON oauth_sessions (client_id, account_id) WHERE client_id IS NOT NULL;

CREATE INDEX oauth_sessions_by_account ON oauth_sessions (account_id) WHERE client_id IS NOT NULL;

-- Codes, as hashes. challenge: '' without PKCE. used_at: it has been redeemed.
CREATE TABLE oauth_codes (
    hash TEXT PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES oauth_sessions (session_id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) WITHOUT ROWID, STRICT;

CREATE INDEX oauth_codes_by_session ON oauth_codes (session_id);

-- Secrets, as hashes. kind: access, refresh, or browser. spent_at: a refresh token has been used.
CREATE TABLE oauth_tokens (
    hash TEXT PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES oauth_sessions (session_id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    scopes TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at INTEGER
) WITHOUT ROWID, STRICT;

CREATE INDEX oauth_tokens_by_session ON oauth_tokens (session_id);

-- When messages were written anew; only those that were.
CREATE TABLE message_edits (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    PRIMARY KEY (message_id, at)
) WITHOUT ROWID, STRICT;

INSERT INTO message_edits (message_id, at, account_id)
SELECT m.id, m.edited_at, m.author_id FROM messages m
WHERE m.edited_at IS NOT NULL AND m.deleted_at IS NULL;

-- How many messages of a chat, notices and deleted ones aside, an account has hidden; no row for none.
CREATE TABLE hidden_counts (
    account_id INTEGER NOT NULL,
    chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    hidden INTEGER NOT NULL,
    PRIMARY KEY (account_id, chat_id)
) WITHOUT ROWID, STRICT;

CREATE INDEX hidden_counts_by_chat ON hidden_counts (chat_id);

INSERT INTO hidden_counts (account_id, chat_id, hidden)
SELECT h.account_id, m.chat_id, COUNT(*)
FROM hidden h JOIN messages m ON m.id = h.message_id
WHERE m.deleted_at IS NULL AND m.notice IS NULL
GROUP BY h.account_id, m.chat_id;
