"""Whether what stands in a store fits together: the promises that its other modules keep, asked anew.

Each rule is a query for what breaks it. They look through whole tables, so nothing but `tertulia check`
asks them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from tertulia.store.copies.tables import Row

Ask = Callable[[str], Awaitable[Sequence[Row]]]
"""Puts a query to the store (`Snapshot.ask`)."""


class Rule(NamedTuple):
    """What holds (`says`), and the query for the numbers (`id`) of those for which it does not."""

    says: str
    broken: str


RULES = (
    Rule(
        "every message stands in a chat",
        "SELECT m.id FROM messages m LEFT JOIN chats c ON c.id = m.chat_id WHERE c.id IS NULL",
    ),
    Rule(
        "the places of a chat have no gap, and its newest message stands at the last one",
        """
        SELECT c.id FROM chats c LEFT JOIN (
            SELECT chat_id, COUNT(*) AS many, COUNT(DISTINCT seq) AS places, MAX(seq) AS last
            FROM messages GROUP BY chat_id
        ) m ON m.chat_id = c.id
        WHERE COALESCE(m.many, 0) <> c.last_seq OR COALESCE(m.places, 0) <> c.last_seq
            OR COALESCE(m.last, 0) <> c.last_seq
        """,
    ),
    Rule(
        "dates and numbers grow from message to message of a chat",
        """
        SELECT id FROM (
            SELECT id, sent_at,
                LAG(sent_at) OVER (PARTITION BY chat_id ORDER BY seq) AS before,
                LAG(id) OVER (PARTITION BY chat_id ORDER BY seq) AS previous
            FROM messages
        ) m WHERE before >= sent_at OR previous >= id
        """,
    ),
    Rule(
        "a chat knows how many of its messages were deleted",
        """
        SELECT c.id FROM chats c LEFT JOIN (
            SELECT chat_id, COUNT(*) AS many FROM messages WHERE deleted_at IS NOT NULL
            GROUP BY chat_id
        ) m ON m.chat_id = c.id
        WHERE COALESCE(m.many, 0) <> c.gone
        """,
    ),
    Rule(
        "nobody has read, or has unread, what is not there",
        """
        SELECT m.account_id AS id FROM members m JOIN chats c ON c.id = m.chat_id
        WHERE m.left_at IS NULL AND c.kind <> 'channel'
            AND (m.read_seq > c.last_seq OR c.last_seq - m.read_seq - m.skipped < 0)
        """,
    ),
    Rule(
        "every author and every member is an account",
        """
        SELECT m.author_id AS id FROM messages m LEFT JOIN accounts a ON a.id = m.author_id
        WHERE a.id IS NULL
        """,
    ),
    Rule(
        "no number was given twice, and the next one is new",
        """
        SELECT id FROM (
            SELECT id FROM messages UNION ALL SELECT id FROM chats UNION ALL SELECT id FROM accounts
            UNION ALL SELECT id FROM files
        ) n
        GROUP BY id
        HAVING COUNT(*) > 1 OR id > (SELECT value FROM counters WHERE name = 'number')
        """,
    ),
    Rule(
        "every file of a message is known",
        """
        SELECT l.message_id AS id FROM message_files l LEFT JOIN files f ON f.id = l.file_id
        WHERE f.id IS NULL
        """,
    ),
)


class Verdict(NamedTuple):
    """What became of a rule: how many break it, and the first of them."""

    says: str
    broken: int
    first: int | None


async def verdicts(ask: Ask) -> AsyncIterator[Verdict]:
    """One for each rule, as soon as it is asked."""
    for rule in RULES:
        found = await ask(f"SELECT COUNT(*), MIN(id) FROM ({rule.broken}) AS broken")
        broken, first = found[0]
        yield Verdict(rule.says, int(broken or 0), None if first is None else int(first))
