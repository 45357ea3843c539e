"""Where the entries of an account's stream come from: its chats' messages and events, and events of its own.

Each chat gives its first few messages by the index on dates (`oplog` says why numbers and dates go
together) and its first few events by the one on numbers; so a page costs what it holds, and what the
account has chats, however much is behind the position.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec

from tertulia.core.callbacks import CallbackChange
from tertulia.core.events import (
    ChatOpened,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesRead,
)
from tertulia.core.flags import WAS_NOTICE
from tertulia.core.ids import MAX_NUMBER, AccountId, drawn_at
from tertulia.core.message_model import readable
from tertulia.core.model import ChatKind
from tertulia.core.stream import Streamed, StreamEntry
from tertulia.store import records
from tertulia.store.oplog import SLACK_MS
from tertulia.store.work import Row, Work, array, rows

# Chats the stream is about; those of tasks, and those nobody here can read, are not.
MINE = """
FROM members b JOIN chats c ON c.id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL AND c.kind <> 'task' AND c.encrypted = 0
"""

# Whose messages are left out (0: nobody's), and what the account does not see.
SHOWN = f"""
    AND {{m}}.notice IS NULL AND ({{m}}.flags & {WAS_NOTICE}) = 0
    AND {{m}}.author_id <> ? AND NOT EXISTS (
        SELECT 1 FROM hidden h WHERE h.message_id = {{m}}.id AND h.account_id = ?
    )
"""

# Chats with news: where the account's part of them begins, and the date of the last message to be read.
# The plus keeps both engines on the index on dates.
PLACES = f"""
SELECT b.chat_id, b.joined_at, COALESCE((
    SELECT x.sent_at FROM messages x
    WHERE x.chat_id = b.chat_id AND x.sent_at > ? AND x.sent_at >= b.joined_at AND +x.id > ?
    {SHOWN.format(m="x")}
    ORDER BY x.sent_at LIMIT 1 OFFSET ?
), {MAX_NUMBER})
{MINE} AND c.last_at > ?
"""

MESSAGES = f"""
SELECT {records.MESSAGE}, c.kind,
    CASE WHEN c.other_id = ? THEN c.owner_id ELSE c.other_id END
FROM json_each(?) AS each
JOIN chats c ON c.id = CAST(each.value ->> 0 AS BIGINT)
JOIN messages m ON m.chat_id = CAST(each.value ->> 0 AS BIGINT)
    AND m.sent_at > CAST(each.value ->> 1 AS BIGINT)
    AND m.sent_at <= CAST(each.value ->> 2 AS BIGINT)
WHERE +m.id > ?
{SHOWN.format(m="m")}
ORDER BY +m.id LIMIT ?
"""

KINDS = tuple(
    kind.__name__
    for kind in (MessageEdited, MessagesDeleted, MessagesRead, ChatOpened, MembersAdded)
)

# accounts: "[1,2]". The chat's members are meant when it is NULL. A direct chat's opening is no news.
FOR_ME = f"""
    AND {{e}}.at >= b.joined_at AND {{e}}.kind IN ({", ".join(f"'{kind}'" for kind in KINDS)})
    AND (
        {{e}}.accounts IS NULL
        OR REPLACE(REPLACE({{e}}.accounts, '[', ','), ']', ',') LIKE ?
    )
    AND ({{e}}.kind <> 'ChatOpened' OR c.kind <> 'direct')
"""

EVENTS = f"""
SELECT e.id, e.kind, e.body
FROM (
    SELECT b.chat_id, b.joined_at, c.kind, COALESCE((
        SELECT x.id FROM events x
        WHERE x.chat_id = b.chat_id AND x.id > ? {FOR_ME.format(e="x")}
        ORDER BY x.id LIMIT 1 OFFSET ?
    ), {MAX_NUMBER}) AS up_to
    {MINE}
) AS b CROSS JOIN events e
WHERE e.chat_id = b.chat_id AND e.id > ? AND e.id <= b.up_to
{FOR_ME.replace("c.kind", "b.kind").format(e="e")}
ORDER BY e.id LIMIT ?
"""

FAREWELLS = """
SELECT e.id, e.kind, e.body
FROM farewells f CROSS JOIN events e
WHERE f.account_id = ? AND f.event_id > ? AND e.id = f.event_id
ORDER BY f.event_id LIMIT ?
"""

# How the account had come into chats that it was put out of since.
COMINGS = """
SELECT DISTINCT e.id, e.kind, e.body
FROM farewells f
CROSS JOIN events g
CROSS JOIN events e
WHERE f.account_id = ? AND f.event_id > ? AND g.id = f.event_id
    AND e.chat_id = g.chat_id AND e.id > ? AND e.id < f.event_id
    AND e.kind IN ('ChatOpened', 'MembersAdded')
    AND REPLACE(REPLACE(e.accounts, '[', ','), ']', ',') LIKE ?
ORDER BY e.id LIMIT ?
"""

CHANGES = """
SELECT k.id, k.account_id, k.old, k.new, k.at FROM callback_changes k
WHERE k.account_id = ? AND k.id > ? ORDER BY k.id LIMIT ?
"""

Logged = MessageEdited | MessagesDeleted | MessagesRead | ChatOpened | MembersAdded | MembersRemoved

_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    kind.__name__: msgspec.json.Decoder(kind)
    for kind in (
        MessageEdited, MessagesDeleted, MessagesRead, ChatOpened, MembersAdded, MembersRemoved,
    )
}  # fmt: skip


UNSEEN = (ChatKind.TASK, ChatKind.DIRECT)
"""Chats whose coming and going is no news here."""


class Source(NamedTuple):
    """What one query found; `complete`: there is no other entry up to this place."""

    entries: list[StreamEntry]
    complete: int


def messages(account_id: AccountId, position: int, limit: int, *, own: bool) -> Work[Source]:
    """What was posted in the account's chats."""
    begin = drawn_at(position) - SLACK_MS
    left_out = 0 if own else account_id
    places = yield from rows(
        PLACES, begin, position, left_out, account_id, limit - 1, account_id, begin
    )
    if not places:
        return Source([], MAX_NUMBER)
    spans = [(chat_id, max(begin, joined_at - 1), end) for chat_id, joined_at, end in places]
    found = yield from rows(
        MESSAGES, account_id, array(spans), position, left_out, account_id, limit
    )
    entries = []
    for each in found:
        message, kind, partner = readable(records.message(each)), ChatKind(each[-2]), each[-1]
        event = MessagePosted(message, kind, 0, partner_id=partner)
        entries.append(StreamEntry(message.id, event, message, partner))
    return Source(entries, _complete(found, limit))


def events(account_id: AccountId, position: int, limit: int, *, own: bool) -> Work[Source]:
    """What else happened there."""
    me = f"%,{account_id},%"
    found = yield from rows(EVENTS, position, me, limit - 1, account_id, position, me, limit)
    entries = [
        entry
        for each in found
        for entry in _entries(account_id, each)
        if own or _is_by_another(account_id, entry.event)
    ]
    return Source(entries, _complete(found, limit))


def _is_by_another(account_id: AccountId, event: Streamed) -> bool:
    return not isinstance(event, MessagePosted) and event.account_id != account_id


def farewells(account_id: AccountId, position: int, limit: int) -> Work[list[Source]]:
    """Chats that the account was put out of, and how it had come into them."""
    found = yield from rows(FAREWELLS, account_id, position, limit)
    if not found:
        return []
    comings = yield from rows(COMINGS, account_id, position, position, f"%,{account_id},%", limit)
    return [_about_chats(account_id, each, limit) for each in (found, comings)]


def _about_chats(account_id: AccountId, found: Sequence[Row], limit: int) -> Source:
    entries = []
    for number, kind, body in found:
        event: Logged | None = _DECODERS[kind].decode(body) if kind in _DECODERS else None
        if isinstance(event, ChatOpened | MembersAdded | MembersRemoved):
            is_shown = event.chat.kind not in UNSEEN and not event.chat.encrypted
            if is_shown and event.account_id != account_id:
                entries.append(StreamEntry(number, event))
    return Source(entries, _complete(found, limit))


def changes(account_id: AccountId, position: int, limit: int) -> Work[Source]:
    """Other addresses of the account's callback."""
    found = yield from rows(CHANGES, account_id, position, limit)
    entries = [StreamEntry(each[0], CallbackChange(*each)) for each in found]
    return Source(entries, _complete(found, limit))


def _complete(found: Sequence[Row], limit: int) -> int:
    return int(found[-1][0]) if len(found) >= limit else MAX_NUMBER


def _entries(account_id: AccountId, found: Row) -> Iterator[StreamEntry]:
    """What an event is to this account."""
    number, kind, body = found
    event: Logged = _DECODERS[kind].decode(body)
    if isinstance(event, MessagesDeleted):
        # Their numbers were drawn together, the event's own last (`log.event_row`).
        for place, message_id in enumerate(event.message_ids, number - len(event.message_ids) + 1):
            yield StreamEntry(place, replace(event, message_ids=(message_id,)))
    elif isinstance(event, MessagesRead):
        mine = tuple(each for each in event.by_author if each[0] == account_id)
        if mine:
            yield StreamEntry(number, replace(event, by_author=mine))
    else:
        yield StreamEntry(number, event)
