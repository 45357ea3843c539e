-- What was announced for upload. uploaded_at: the whole content is there. width, height: of pictures.
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    maker_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    uploaded_at INTEGER,
    width INTEGER,
    height INTEGER
) STRICT;

CREATE INDEX files_awaited ON files (created_at) WHERE uploaded_at IS NULL;

-- The messages a file stands in: who sees one of them sees the file.
CREATE TABLE message_files (
    file_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (file_id, message_id)
) WITHOUT ROWID, STRICT;

CREATE INDEX message_files_by_message ON message_files (message_id);

-- The account or chat (numbers never mean two things) whose picture a file is.
CREATE TABLE picture_files (
    holder_id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL
) STRICT;

CREATE INDEX picture_files_by_file ON picture_files (file_id);
