"""Resends: how a draft that was sent before is found again.

The key of a message is its draft's fingerprint, and between the fingerprint's parts the *stretch* of the
chat it was posted in. So the keys of a busy chat lie together by age, and those of its newest messages
stand on a few pages of the index. A resend is looked for in the last stretches, and for a day.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import Draft, Message
from tertulia.core.model import Actor
from tertulia.store import records
from tertulia.store.chat_state import ChatState
from tertulia.store.quotes import Drafted
from tertulia.store.work import Work, array, row, rows

RESEND_WITHIN_MS = 24 * 3_600_000
"""How long a repeated draft is taken for a resend of the first."""

STRETCH_BITS = 9
"""A stretch of a chat is 512 messages long."""

STRETCHES = 4
"""So many are looked through: the one that is being written, and those before it."""

_STRETCH_AT = 43
_STRETCH_MASK = 0xFF
_FINGERPRINT = ~(_STRETCH_MASK << _STRETCH_AT)

SAME_REF = f"""
SELECT m.ref_key, {records.MESSAGE}
FROM json_each(?) AS each
JOIN messages m ON m.id = (
    SELECT MAX(x.id) FROM messages x WHERE x.ref_key = CAST(each.value AS BIGINT)
)
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


def ref_key(posting: Fingerprinted, seq: int) -> int | None:
    """Under which key the message at place *seq* of its chat is stored."""
    fingerprint = posting.fingerprint
    if fingerprint is None or posting.draft.by_ref_alone:
        return fingerprint
    return fingerprint | (seq >> STRETCH_BITS & _STRETCH_MASK) << _STRETCH_AT


def sent_before(
    postings: Sequence[Fingerprinted], states: Mapping[ChatId, ChatState]
) -> Work[dict[int | None, Message]]:
    """By fingerprint: the newest messages that some of the drafts may be resends of (see `is_resend`)."""
    keys: set[int] = set()
    for posting in postings:
        draft, fingerprint = posting.draft, posting.fingerprint
        if fingerprint is None or draft.acknowledged:
            continue
        chat = states.get(draft.chat_id)
        if draft.by_ref_alone or chat is None:
            keys.add(fingerprint)
            continue
        newest = chat.last_seq >> STRETCH_BITS
        for stretch in range(max(newest - STRETCHES + 1, 0), newest + 1):
            keys.add(fingerprint | (stretch & _STRETCH_MASK) << _STRETCH_AT)
    if not keys:
        return {}
    since = min(posting.at for posting in postings) - RESEND_WITHIN_MS
    known: dict[int | None, Message] = {}
    for each in (yield from rows(SAME_REF, array(list(keys)))):
        message = records.message(each[1:])
        fingerprint = each[0] & _FINGERPRINT
        if message.sent_at >= since and (
            fingerprint not in known or known[fingerprint].id < message.id
        ):
            known[fingerprint] = message
    return known


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
