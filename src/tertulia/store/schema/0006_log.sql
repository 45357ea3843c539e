-- When an account was connected, in numbers of the sequence: what was announced up to `came`, and
-- after `went`, passed it by. went: NULL while it is connected.
CREATE TABLE visits (
    account_id INTEGER NOT NULL,
    came INTEGER NOT NULL,
    went INTEGER,
    PRIMARY KEY (account_id, came)
) WITHOUT ROWID, STRICT;

CREATE INDEX visits_open ON visits (account_id) WHERE went IS NULL;

-- Events for accounts that are not in the chat any more, by which they would be found.
CREATE TABLE farewells (
    account_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, event_id)
) WITHOUT ROWID, STRICT;

CREATE INDEX farewells_by_event ON farewells (event_id);
