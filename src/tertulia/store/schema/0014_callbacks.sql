-- How far each address outside that the server calls has been served. kind: what calls it ("astrak": a
-- callback of an account). cursor: everything up to this place in the log is settled. attempts: how often
-- what comes next has failed. next_at: it is not tried before. failing_since: nothing has arrived since then.
CREATE TABLE courses (
    hook_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER
) STRICT;

-- Where accounts want to be told of what happens to them. address: as it was given, an address or not.
-- secret: signs what is sent there. own: of one's own doings too. replaced: another took its place; its id
-- is then that of the one entry in callback_changes that it still hears.
CREATE TABLE callbacks (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    address TEXT NOT NULL,
    is_deliverable INTEGER NOT NULL,
    secret TEXT NOT NULL,
    own INTEGER NOT NULL,
    replaced INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX callbacks_by_account ON callbacks (account_id) WHERE replaced = 0;

-- Events of one account alone, beside those of its chats: its callback has another address.
CREATE TABLE callback_changes (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX callback_changes_by_account ON callback_changes (account_id, id);

-- How far each session has polled, unless that is where it began: with its own number.
CREATE TABLE poll_positions (
    session_id INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    position INTEGER NOT NULL
) STRICT;

-- What the server itself said in chats: few, and not shown everywhere.
CREATE INDEX messages_notices ON messages (chat_id, sent_at) WHERE notice IS NOT NULL;
