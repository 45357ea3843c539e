"""Plain messages as JSON, put together by hand: what sockets hear most, said in a fifth of the time.

`messages.shown` is what a message looks like; this is the same for those that are words and nothing else,
and a test compares the two. Whoever wrote a message is told until when he may change it, so in a group
there are two packets that differ in one date: the second is made of the parts of the first.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from tertulia.core.ids import AccountId, TeamId
from tertulia.core.model import ChatKind, Message
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada.messages import (
    CHAT_TYPES,
    chat_jid,
    message_gentime,
    message_id,
    ref_of,
)
from tertulia.dialects.tada.times import date_time

_encode = msgspec.json.Encoder().encode


class _Parts(NamedTuple):
    """What was said last: before and after the date up to which it may be changed."""

    message: Message
    team_id: TeamId
    before: bytes
    after: bytes


class Quick:
    """Says plain messages."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: _Parts | None = None

    def said(
        self,
        whole: WholeMessage,
        team_id: TeamId,
        reader: AccountId,
        jid: Callable[[AccountId], str],
        window_s: int,
    ) -> bytes | None:
        """The message as *reader* sees it in that team; None when there is more to it than words.

        Args:
            whole: the message.
            team_id: where he looks.
            reader: 0 for whoever did not write it.
            jid: what contacts are called there.
            window_s: how long authors may change what they wrote.
        """
        message = whole.message
        if not _is_plain(whole, message):
            return None
        parts = self._last
        if parts is None or parts.message is not message or parts.team_id != team_id:
            parts = _parts(whole, team_id, reader, jid)
            # In a direct chat the two sides have different names for it.
            self._last = parts if whole.chat_kind is not ChatKind.DIRECT else None
        until = message.sent_at
        if reader == message.author_id:
            until += window_s * 1_000
        return b"%b%b%b" % (parts.before, date_time(until).encode(), parts.after)


def _is_plain(whole: WholeMessage, message: Message) -> bool:
    text = message.text
    return not (
        message.attachments
        or message.flags
        or message.notice is not None
        or message.edited_at is not None
        or whole.deleted_at is not None
        or whole.quoted
        or whole.reactions
        or whole.num is None
        or not text
        or "//" in text
        or "ww." in text.lower()
    )


def _parts(
    whole: WholeMessage, team_id: TeamId, reader: AccountId, jid: Callable[[AccountId], str]
) -> _Parts:
    message = whole.message
    author = jid(message.author_id)
    if whole.chat_kind is ChatKind.DIRECT:
        assert whole.partner_id is not None, "a direct chat has two"
        to = jid(whole.partner_id)
        chat = to if reader == message.author_id else author
    else:
        to = chat = chat_jid(whole.chat_kind, message.chat_id)
    before = (
        f'{{"message_id":"{message_id(ref_of(message))}","from":"{author}","to":"{to}",'
        f'"chat":"{chat}","chat_type":"{CHAT_TYPES[whole.chat_kind]}",'
        f'"created":"{date_time(message.sent_at)}",'
        f'"gentime":{message_gentime(message.id, message.sent_at)},"editable_until":"'
    )
    after = "" if whole.prev is None else f',"prev":"{message_id(whole.prev)}"'
    after += f',"num":{whole.num}'
    if not whole.num:
        after += ',"is_first":true'
    if whole.is_last:
        after += ',"is_last":true'
    if whole.is_read:
        after += ',"received":true'
    text = _encode(message.text)
    said = b'","content":{"type":"plain","text":%b},"push_text":%b%b}' % (
        text,
        text,
        after.encode(),
    )
    return _Parts(message, team_id, before.encode(), said)
