-- team_id: the team whose chat it is; NULL: nobody's. readonly: members only read, owner and admins write.
-- archived_at: the group was deleted; nobody is in it any more. tail_id, tail_uid: the newest message that
-- is not deleted, and its client's name. gone: how many of its messages are deleted.
ALTER TABLE chats ADD COLUMN team_id INTEGER;

ALTER TABLE chats ADD COLUMN readonly INTEGER NOT NULL DEFAULT 0;

ALTER TABLE chats ADD COLUMN archived_at INTEGER;

ALTER TABLE chats ADD COLUMN tail_id INTEGER;

ALTER TABLE chats ADD COLUMN tail_uid TEXT;

ALTER TABLE chats ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;

CREATE INDEX chats_by_team ON chats (team_id, id) WHERE team_id IS NOT NULL;

-- uid: the name its sender gave it, for ever and for everybody. flags: see core.flags. linked: JSON array
-- of the messages it brings along.
ALTER TABLE messages ADD COLUMN uid TEXT;

ALTER TABLE messages ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;

ALTER TABLE messages ADD COLUMN linked TEXT;

ALTER TABLE messages ADD COLUMN deleted_by INTEGER;

CREATE UNIQUE INDEX messages_by_uid ON messages (uid) WHERE uid IS NOT NULL;

CREATE INDEX messages_gone ON messages (chat_id, sent_at) WHERE deleted_at IS NOT NULL;

UPDATE chats SET
    gone = (
        SELECT COUNT(*) FROM messages m WHERE m.chat_id = chats.id AND m.deleted_at IS NOT NULL
    ),
    tail_id = (
        SELECT m.id FROM messages m WHERE m.chat_id = chats.id AND m.deleted_at IS NULL
        ORDER BY m.sent_at DESC LIMIT 1
    );

-- What a deleted message said, for its author and whoever deleted it, for a day.
CREATE TABLE deleted_texts (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    deleted_at INTEGER NOT NULL
) STRICT;

CREATE INDEX deleted_texts_by_date ON deleted_texts (deleted_at);

-- What may be set of a team's group. cleanup_s: seconds after which its messages are deleted; NULL: never.
-- version: the number of its last change.
CREATE TABLE group_settings (
    chat_id INTEGER PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    team_id INTEGER NOT NULL,
    is_public INTEGER NOT NULL,
    is_default INTEGER NOT NULL,
    cleanup_s INTEGER,
    section_id INTEGER,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX group_settings_public ON group_settings (team_id, chat_id) WHERE is_public = 1;

CREATE INDEX group_settings_default ON group_settings (team_id, chat_id) WHERE is_default = 1;

CREATE INDEX group_settings_cleanup ON group_settings (cleanup_s) WHERE cleanup_s IS NOT NULL;

-- How one member keeps a chat. version: the number of the last change.
CREATE TABLE member_settings (
    account_id INTEGER NOT NULL,
    chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    is_hidden INTEGER NOT NULL,
    is_pinned INTEGER NOT NULL,
    pin_order INTEGER NOT NULL,
    notifies INTEGER NOT NULL,
    counts INTEGER NOT NULL,
    is_collapsed INTEGER NOT NULL,
    draft TEXT NOT NULL,
    draft_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account_id, chat_id)
) WITHOUT ROWID, STRICT;

CREATE INDEX member_settings_by_chat ON member_settings (chat_id);

-- What a task has beside its chat. num: its place among the tasks of its team, from 1. tags, items: JSON.
CREATE TABLE tasks (
    chat_id INTEGER PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    team_id INTEGER NOT NULL,
    num INTEGER NOT NULL,
    status TEXT NOT NULL,
    assignee_id INTEGER,
    is_public INTEGER NOT NULL,
    deadline INTEGER,
    remind_at INTEGER,
    importance INTEGER,
    urgency INTEGER,
    complexity INTEGER,
    spent_time INTEGER,
    color_index INTEGER,
    done_at INTEGER,
    done_reason TEXT NOT NULL,
    section_id INTEGER,
    items TEXT NOT NULL,
    uploads TEXT NOT NULL,
    linked TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (team_id, num)
) STRICT;

CREATE TABLE task_tags (
    chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (chat_id, tag)
) WITHOUT ROWID, STRICT;
