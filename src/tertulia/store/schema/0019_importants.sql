-- importants: how many of its messages, deleted ones aside, are marked as important (flag 2).
ALTER TABLE chats ADD COLUMN importants INTEGER NOT NULL DEFAULT 0;

UPDATE chats SET importants = (
    SELECT COUNT(*) FROM messages m
    WHERE m.chat_id = chats.id AND m.deleted_at IS NULL AND (m.flags & 2) <> 0
)
WHERE id IN (SELECT m.chat_id FROM messages m WHERE (m.flags & 2) <> 0);
