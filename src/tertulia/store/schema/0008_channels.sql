-- subscribers: how many are in a channel. 0 in other chats, which are small enough to be counted.
ALTER TABLE chats ADD COLUMN subscribers INTEGER NOT NULL DEFAULT 0;

-- Whoever searches finds every channel.
CREATE INDEX chats_channels ON chats (updated_at) WHERE kind = 'channel';

-- Owners and admins, found without going through thousands of subscribers.
CREATE INDEX members_leading ON members (chat_id) WHERE role <> 'member';
