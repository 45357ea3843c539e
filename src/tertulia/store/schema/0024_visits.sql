-- Visits know where they are: process is the number of the process that has the connection, 0 where there is
-- only one. Who is connected to two has a visit of each.
CREATE TABLE visits_of_processes (
    account_id INTEGER NOT NULL,
    came INTEGER NOT NULL,
    process INTEGER NOT NULL,
    went INTEGER,
    PRIMARY KEY (account_id, came, process)
) WITHOUT ROWID, STRICT;

INSERT INTO visits_of_processes (account_id, came, process, went)
SELECT account_id, came, 0, went FROM visits;

DROP TABLE visits;

ALTER TABLE visits_of_processes RENAME TO visits;

CREATE INDEX visits_open ON visits (process) WHERE went IS NULL;

-- Up to where in the log each process of several had offered everything to who was connected to it, when it
-- last said so. Its open visits count up to there for the others, and end there if it ends without a word.
CREATE TABLE processes (
    process INTEGER PRIMARY KEY,
    heard INTEGER NOT NULL
) STRICT;
