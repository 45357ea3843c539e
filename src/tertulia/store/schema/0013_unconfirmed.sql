-- Where a session stood in a team when its last connection there ended. position: a number, up to which it
-- was told everything; messages: JSON array of those whose last packet it has not confirmed.
CREATE TABLE unconfirmed (
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    team_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    messages TEXT NOT NULL,
    PRIMARY KEY (session_id, team_id)
) WITHOUT ROWID, STRICT;
