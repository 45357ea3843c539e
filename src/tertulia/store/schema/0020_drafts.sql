-- draft_key: what a resend is known by among the messages of its chat. ref_key: the same for a draft that is
-- known by its author's own name for it alone, in whichever chat.
ALTER TABLE messages ADD COLUMN draft_key INTEGER;

DROP INDEX messages_by_date;

CREATE INDEX messages_by_date ON messages (chat_id, sent_at, draft_key);

-- Of two indexes that serve alike SQLite takes the younger one: these have to stay younger.
DROP INDEX messages_edited;

CREATE INDEX messages_edited ON messages (chat_id, edited_at) WHERE edited_at IS NOT NULL;

DROP INDEX messages_gone;

CREATE INDEX messages_gone ON messages (chat_id, sent_at) WHERE deleted_at IS NOT NULL;

DROP INDEX messages_notices;

CREATE INDEX messages_notices ON messages (chat_id, sent_at) WHERE notice IS NOT NULL;
