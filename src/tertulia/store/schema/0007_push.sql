-- Where an account wants to be told of what it does not hear. endpoint and its keys, or token.
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    device TEXT NOT NULL,
    platform TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    key_auth TEXT NOT NULL,
    key_p256dh TEXT NOT NULL,
    token TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account_id, device)
) STRICT;

-- Pushes that are yet to be sent; the number says since when.
CREATE TABLE pushes (
    id INTEGER PRIMARY KEY,
    subscription_id INTEGER NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    payload TEXT NOT NULL
) STRICT;

CREATE INDEX pushes_by_subscription ON pushes (subscription_id);
