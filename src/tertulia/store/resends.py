"""Resends: how a draft that was sent before is found again.

A draft known by its author's name for it alone (`Draft.by_ref_alone`) is found through an index of its
own. For the others there is none: to keep one up to date cost more than all else a message does to the
disk. Whoever resends has a new connection, so the first draft of a connection in a chat looks through
the chat's last day, once; and what came since then is in memory.
"""

from array import array as packed
from bisect import bisect_right
from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import AUTHOR_AT, Draft, Message
from tertulia.core.model import Actor
from tertulia.store import records
from tertulia.store.chat_state import ChatState
from tertulia.store.quotes import Drafted
from tertulia.store.work import Work, array, row, rows

RESEND_WITHIN_MS = 24 * 3_600_000
"""How long a repeated draft is taken for a resend of the first."""

LOOKED_THROUGH = 32_768
"""Messages of a chat, its newest: so many a new connection looks through at most."""

MOST_IN_MEMORY = 65_536
"""Drafts, the newest; half of them are forgotten at once. Nothing waits that long for its commit."""

MOST_LOOKED_UP = 1_048_576
"""Fingerprints found on the disk and kept for their connections, 16 bytes each."""

MOST_PLACES = 65_536
"""Chats of which it is known up to where they have been seen, and connections that wrote there."""

SAME_REF = f"""
SELECT m.ref_key, {records.MESSAGE}
FROM json_each(?) AS each
JOIN messages m ON m.id = (
    SELECT MAX(x.id) FROM messages x WHERE x.ref_key = CAST(each.value AS BIGINT)
)
"""

KEYS_OF_AUTHOR = f"""
SELECT n.draft_key, n.sent_at
FROM (
    SELECT m.draft_key, m.sent_at FROM messages m
    WHERE m.chat_id = ? AND m.sent_at >= ?
    ORDER BY m.sent_at DESC LIMIT ?
) AS n
WHERE n.draft_key >> {AUTHOR_AT} = ?
ORDER BY n.draft_key, n.sent_at
"""

KEYS_AFTER = """
SELECT n.draft_key, n.sent_at
FROM (
    SELECT m.draft_key, m.sent_at FROM messages m
    WHERE m.chat_id = ? AND m.sent_at > ?
    ORDER BY m.sent_at DESC LIMIT ?
) AS n
WHERE n.draft_key IS NOT NULL
ORDER BY n.sent_at
"""

SAME_DRAFT = f"""
SELECT m.draft_key, {records.MESSAGE}
FROM json_each(?) AS each
JOIN messages m ON m.chat_id = CAST(each.value ->> 0 AS BIGINT)
    AND m.sent_at = CAST(each.value ->> 1 AS BIGINT)
    AND m.draft_key = CAST(each.value ->> 2 AS BIGINT)
"""


class Fingerprinted(Drafted, Protocol):
    """A draft and who sends it; also when, and what a resend of it is known by."""

    @property
    def at(self) -> int:
        """When, in ms."""
        ...

    @property
    def fingerprint(self) -> int | None:
        """`Draft.fingerprint`."""
        ...


Found = dict[int | None, Message]
"""By fingerprint: the newest message that a draft may be a resend of (see `is_resend`)."""


class LookedUp(NamedTuple):
    """Fingerprints in order, and the date of each."""

    keys: "packed[int]"
    dates: "packed[int]"

    def date_of(self, key: int) -> int | None:
        """The newest date of that fingerprint."""
        at = bisect_right(self.keys, key) - 1
        return self.dates[at] if at >= 0 and self.keys[at] == key else None


NOTHING = LookedUp(packed("q"), packed("q"))


class Resends:
    """What the store's writer remembers of drafts; used by one transaction at a time.

    It may remember what was undone: whatever it finds is read from the disk before it counts. What
    others have written (another process, or a unit without it) is seen by the date of the chat's newest
    message, and caught up with.
    """

    def __init__(self) -> None:
        # Fingerprint -> date. The older half is thrown away whole.
        self._newer: dict[int, int] = {}
        self._older: dict[int, int] = {}
        # What the disk said when a connection first wrote into a chat; where that was something, in order.
        self._looked_up: dict[tuple[int, ChatId], LookedUp] = {}
        self._found_at: deque[tuple[int, ChatId]] = deque()
        self._found = 0
        # Up to which date everything of a chat is in one of those.
        self._seen: dict[ChatId, int] = {}

    def sent_before(
        self,
        postings: Sequence[Fingerprinted],
        states: Mapping[ChatId, ChatState],
        present: Container[tuple[ChatId, AccountId]],
    ) -> Work[Found]:
        """What was sent before, in the chats of *states* and by who is *present* there."""
        yield from self._catch_up(states.values())
        asked: dict[int, tuple[ChatId, int, int]] = {}
        for posting in postings:
            draft, key = posting.draft, posting.fingerprint
            if key is None or draft.acknowledged or draft.by_ref_alone:
                continue
            date = self._newer.get(key) or self._older.get(key)
            if date is None:
                looked_up = self._looked_up.get((posting.actor.connection, draft.chat_id))
                if looked_up is None:
                    if (draft.chat_id, posting.actor.account_id) not in present:
                        continue
                    looked_up = yield from self._look_up(posting, key)
                if looked_up is not NOTHING:
                    date = looked_up.date_of(key)
            if date is not None and date >= posting.at - RESEND_WITHIN_MS:
                asked[key] = (draft.chat_id, date, key)
        if not asked:
            return {}
        found = yield from rows(SAME_DRAFT, array(list(asked.values())))
        return {each[0]: records.message(each[1:]) for each in found}

    def note(
        self, posted: Iterable[tuple[Fingerprinted, Message]], states: Mapping[ChatId, ChatState]
    ) -> None:
        """Remember what is being stored."""
        self._make_room()
        newer = self._newer
        for posting, message in posted:
            key = posting.fingerprint
            if key is not None and not posting.draft.by_ref_alone:
                newer[key] = message.sent_at
        for chat in states.values():
            self._seen[chat.id] = chat.last_at

    def _make_room(self) -> None:
        if len(self._newer) >= MOST_IN_MEMORY // 2:
            self._newer, self._older = {}, self._newer

    def _catch_up(self, chats: Iterable[ChatState]) -> Work[None]:
        """With what others have written into these chats."""
        if max(len(self._seen), len(self._looked_up)) > MOST_PLACES:
            self._forget()
        for chat in chats:
            seen = self._seen.get(chat.id)
            if seen == chat.last_at:
                continue
            if seen is not None and seen > chat.last_at:  # what was noted has been undone
                self._forget()
            elif seen is not None:
                self._make_room()
                self._newer |= yield from rows(KEYS_AFTER, chat.id, seen, LOOKED_THROUGH)
            self._seen[chat.id] = chat.last_at

    def _forget(self) -> None:
        """Look through every chat again."""
        self._looked_up.clear()
        self._found_at.clear()
        self._found = 0
        self._seen.clear()

    def _look_up(self, posting: Fingerprinted, key: int) -> Work[LookedUp]:
        """What the author has sent to the chat before; kept for his connection, if there is one."""
        connection, chat_id = posting.actor.connection, posting.draft.chat_id
        since = posting.at - RESEND_WITHIN_MS
        found = yield from rows(KEYS_OF_AUTHOR, chat_id, since, LOOKED_THROUGH, key >> AUTHOR_AT)
        if found:
            keys, dates = zip(*found, strict=True)
            looked_up = LookedUp(packed("q", keys), packed("q", dates))
        else:
            looked_up = NOTHING
        if connection:
            self._keep((connection, chat_id), looked_up)
        return looked_up

    def _keep(self, place: tuple[int, ChatId], looked_up: LookedUp) -> None:
        """Whoever came first has resent what he had to: if it gets too much, his is let go.

        He is not looked up again: if all of them wrote on, they would take it from each other for ever.
        """
        self._looked_up[place] = looked_up
        if looked_up is NOTHING:
            return
        self._found_at.append(place)
        self._found += len(looked_up.keys)
        while self._found > MOST_LOOKED_UP:
            first = self._found_at.popleft()
            self._found -= len(self._looked_up[first].keys)
            self._looked_up[first] = NOTHING


def sent_alone(postings: Sequence[Fingerprinted]) -> Work[Found]:
    """What was sent before of the drafts that are known `by_ref_alone`."""
    keys = {each.fingerprint for each in postings if each.draft.by_ref_alone}
    keys.discard(None)
    if not keys:
        return {}
    since = min(posting.at for posting in postings) - RESEND_WITHIN_MS
    found: Found = {}
    for each in (yield from rows(SAME_REF, array(list(keys)))):
        message = records.message(each[1:])
        if message.sent_at >= since:
            found[each[0]] = message
    return found


def is_resend(draft: Draft, author: AccountId, first: Message) -> bool:
    """Whether a message of the draft's fingerprint is the draft indeed: a hash alone may err.

    It may have been edited since, or deleted: then it has no text.
    """
    if first.author_id != author:
        return False
    return draft.by_ref_alone or (
        first.chat_id == draft.chat_id
        and (first.text in (draft.text, "") or first.edited_at is not None)
    )


def earlier(actor: Actor, draft: Draft, now: int) -> Work[Message | None]:
    """The message that a draft is a resend of, in whichever chat; only for drafts `by_ref_alone`."""
    assert draft.by_ref_alone, "of others the chat has to be known"
    key = draft.fingerprint(actor.account_id)
    if key is None:
        return None
    found = yield from row(SAME_REF, array([key]))
    if found is None:
        return None
    first = records.message(found[1:])
    if first.sent_at < now - RESEND_WITHIN_MS or not is_resend(draft, actor.account_id, first):
        return None
    return first
