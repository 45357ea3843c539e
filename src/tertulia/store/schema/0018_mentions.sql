-- notices: how many notices were ever posted there. noted: how many of them do not count as unread for this
-- member: those it has read, caused, hidden, or that are deleted. So what people wrote and it has not read is
-- last_seq - read_seq - skipped - (notices - noted). mentioned: how many of those name the member.
ALTER TABLE chats ADD COLUMN notices INTEGER NOT NULL DEFAULT 0;

ALTER TABLE members ADD COLUMN noted INTEGER NOT NULL DEFAULT 0;

ALTER TABLE members ADD COLUMN mentioned INTEGER NOT NULL DEFAULT 0;

UPDATE chats SET notices = (
    SELECT COUNT(*) FROM messages m WHERE m.chat_id = chats.id AND m.notice IS NOT NULL
)
WHERE id IN (SELECT m.chat_id FROM messages m WHERE m.notice IS NOT NULL);

UPDATE members SET noted = (
    SELECT c.notices FROM chats c WHERE c.id = members.chat_id
) - (
    SELECT COUNT(*) FROM messages m
    WHERE m.chat_id = members.chat_id AND m.sent_at > members.read_at AND m.notice IS NOT NULL
        AND m.author_id <> members.account_id AND NOT EXISTS (
            SELECT 1 FROM hidden h
            WHERE h.message_id = m.id AND h.account_id = members.account_id
        )
)
WHERE chat_id IN (SELECT c.id FROM chats c WHERE c.notices > 0);

-- Whom and what a message names with @ or #, each with the words that do it: a person, or a group or task.
-- in_chat, sent_at: where and when it was said.
CREATE TABLE mentions (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    pattern TEXT NOT NULL,
    account_id INTEGER,
    chat_id INTEGER,
    in_chat INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, place)
) WITHOUT ROWID, STRICT;

CREATE INDEX mentions_of_account ON mentions (account_id, in_chat, sent_at)
WHERE account_id IS NOT NULL;

-- Whoever is called so: first and last name, and the login, as they stand in what is searched.
CREATE INDEX accounts_by_name ON accounts (SUBSTR(search_text, LENGTH(login) + 2));

CREATE INDEX accounts_by_login ON accounts (SUBSTR(search_text, 1, LENGTH(login)));

ALTER TABLE accounts ADD COLUMN patronymic TEXT NOT NULL DEFAULT '';

-- hidden_until: it is out of sight until people have written so many messages there; 0: it is in sight.
ALTER TABLE member_settings RENAME COLUMN is_hidden TO hidden_until;

UPDATE member_settings SET hidden_until = (
    SELECT c.last_seq - c.notices + 1 FROM chats c WHERE c.id = member_settings.chat_id
)
WHERE hidden_until = 1;

-- is_pinned: the clients of the account show the team before its others.
ALTER TABLE team_members ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
