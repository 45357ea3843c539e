-- Teams: closed circles of accounts. version: the number drawn at the last change of a row.
CREATE TABLE teams (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    task_deadline TEXT NOT NULL,
    edit_window_s INTEGER NOT NULL,
    family_name_first INTEGER NOT NULL DEFAULT 0,
    use_patronymic INTEGER NOT NULL DEFAULT 0,
    uploads_limit INTEGER NOT NULL,
    archived_at INTEGER
) STRICT;

-- Accounts in teams; who is archived is out, and may come back as the same row. sections: their numbers
-- as a JSON array, '' for none. active_at: the last time the account did something in this team.
CREATE TABLE team_members (
    id INTEGER PRIMARY KEY,
    team_id INTEGER NOT NULL REFERENCES teams (id),
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    role TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    sections TEXT NOT NULL DEFAULT '',
    active_at INTEGER,
    archived_at INTEGER,
    needs_confirmation INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_id, team_id)
) STRICT;

CREATE INDEX team_members_by_team ON team_members (team_id, id);

-- How an account wants its clients to be, as JSON.
CREATE TABLE preferences (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
    body TEXT NOT NULL
) STRICT;

-- Ways into a team; the token is shown again to whoever manages the team.
CREATE TABLE invitations (
    id INTEGER PRIMARY KEY,
    team_id INTEGER NOT NULL REFERENCES teams (id),
    token TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX invitations_by_team ON invitations (team_id, id);

-- Headings under which members of a team are listed, ordered by place.
CREATE TABLE sections (
    id INTEGER PRIMARY KEY,
    team_id INTEGER NOT NULL REFERENCES teams (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    place INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX sections_by_team ON sections (team_id, place);

-- Words that tasks of a team are marked with. name_key: the form in which two are the same.
CREATE TABLE tags (
    id INTEGER PRIMARY KEY,
    team_id INTEGER NOT NULL REFERENCES teams (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (team_id, name_key)
) STRICT;

-- Which files count for which team, and what they take by month (counted from January of year 0).
CREATE TABLE team_files (
    file_id INTEGER PRIMARY KEY,
    team_id INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    month INTEGER NOT NULL
) STRICT;

CREATE TABLE team_uploads (
    team_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (team_id, month)
) WITHOUT ROWID, STRICT;

-- The accounts of the server's own bots, one for each kind.
CREATE TABLE house_bots (
    kind TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL UNIQUE REFERENCES accounts (id)
) WITHOUT ROWID, STRICT;
