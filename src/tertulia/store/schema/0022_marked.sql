-- marked_at: when the member's mark moved last, or a message went out of its sight; 0: it never did.
ALTER TABLE members ADD COLUMN marked_at INTEGER NOT NULL DEFAULT 0;
