"""What a draft names beside its chat: an older message of its own name, a message it answers, others it brings along.

Statements for a whole batch; a batch in which nobody names anything asks nothing.
"""

from collections.abc import Sequence
from typing import Protocol

from tertulia.core.ids import AccountId, MessageId
from tertulia.core.message_model import Draft, Message
from tertulia.core.model import Actor
from tertulia.store import records
from tertulia.store.mentions import with_mentions
from tertulia.store.work import Work, array, rows

SAME_UID = f"""
SELECT {records.MESSAGE}, m.deleted_at
FROM json_each(?) AS each JOIN messages m ON m.uid = each.value ->> 0
"""

REPLIED = f"""
SELECT {records.MESSAGE}, CAST(each.value ->> 1 AS BIGINT)
FROM json_each(?) AS each JOIN messages m ON m.id = CAST(each.value ->> 0 AS BIGINT)
WHERE m.deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM hidden h
    WHERE h.message_id = m.id AND h.account_id = CAST(each.value ->> 1 AS BIGINT)
)
"""

LINKED = f"""
SELECT {records.MESSAGE}, CAST(each.value ->> 1 AS BIGINT)
FROM json_each(?) AS each
JOIN messages m ON m.id = CAST(each.value ->> 0 AS BIGINT)
JOIN members b ON b.chat_id = m.chat_id AND b.left_at IS NULL
    AND b.account_id = CAST(each.value ->> 1 AS BIGINT)
WHERE m.deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = b.account_id
)
"""


class Drafted(Protocol):
    """A draft, and who sends it."""

    @property
    def actor(self) -> Actor:
        """Who sends it."""
        ...

    @property
    def draft(self) -> Draft:
        """What he sends."""
        ...


Named = dict[tuple[MessageId, AccountId], Message]


class Quoted:
    """The messages that a batch of drafts names, as far as their senders may see them."""

    __slots__ = ("_brought", "_replied")

    def __init__(self, replied: Named, brought: Named) -> None:
        self._replied = replied
        self._brought = brought

    def reply(self, draft: Draft, author: AccountId) -> Message | None:
        """What is replied to; None: the author sees no such message in that chat."""
        assert draft.reply_to is not None, "the caller looked"
        found = self._replied.get((draft.reply_to, author))
        return found if found is not None and found.chat_id == draft.chat_id else None

    def linked(self, draft: Draft, author: AccountId) -> tuple[Message, ...] | None:
        """What is brought along, in order; None: the author does not see all of it."""
        found = [self._brought.get((each, author)) for each in draft.linked]
        seen = tuple(each for each in found if each is not None)
        return seen if len(seen) == len(found) else None

    def of(self, draft: Draft, author: AccountId) -> tuple[Message, ...]:
        """Everything that an accepted draft names: first what it replies to."""
        if draft.reply_to is None and not draft.linked:
            return ()
        reply = None if draft.reply_to is None else self.reply(draft, author)
        return (*((reply,) if reply else ()), *(self.linked(draft, author) or ()))


NOTHING = Quoted({}, {})


def quoted_by(postings: Sequence[Drafted]) -> Work[Quoted]:
    """What the drafts reply to and bring along."""
    replies: set[tuple[MessageId, AccountId]] = set()
    links: set[tuple[MessageId, AccountId]] = set()
    for posting in postings:
        draft = posting.draft
        if draft.reply_to is not None:
            replies.add((draft.reply_to, posting.actor.account_id))
        if draft.linked:
            links.update((each, posting.actor.account_id) for each in draft.linked)
    if not replies and not links:
        return NOTHING
    return Quoted((yield from _named(REPLIED, replies)), (yield from _named(LINKED, links)))


def _named(sql: str, pairs: set[tuple[MessageId, AccountId]]) -> Work[Named]:
    if not pairs:
        return {}
    found = yield from rows(sql, array(list(pairs)))
    messages = yield from with_mentions([records.message(each) for each in found])
    return {
        (message.id, AccountId(each[-1])): message
        for each, message in zip(found, messages, strict=True)
    }


def named_before(postings: Sequence[Drafted]) -> Work[dict[str, Message | None]]:
    """The messages that bear the drafts' uids already; None for a deleted one."""
    uids = [posting.draft.uid for posting in postings if posting.draft.uid]
    if not uids:
        return {}
    found = yield from rows(SAME_UID, array([[each] for each in uids]))
    messages = ((records.message(each), each[-1]) for each in found)
    return {each.uid: each if deleted is None else None for each, deleted in messages}
