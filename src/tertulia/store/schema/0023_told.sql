-- What each commit told (docs/decisions/0126), kept for the other processes of a cluster for some minutes.
-- number: the last one of the commit; before: that of the commit before it; process: who wrote it.
CREATE TABLE told (
    number INTEGER PRIMARY KEY,
    before INTEGER NOT NULL,
    process INTEGER NOT NULL,
    words TEXT NOT NULL
) STRICT;
