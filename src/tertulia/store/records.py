"""Rows to records and back: the only place that knows in which order columns come."""

from typing import Any

import msgspec

from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Attachment, Message, Notice
from tertulia.core.model import Account, Chat, ChatKind, Picture
from tertulia.core.text import fold
from tertulia.store.work import Row

ACCOUNT = (
    "a.id, a.login, a.created_at, a.updated_at, a.seen_at,"
    " a.first_name, a.last_name, a.email, a.phone, a.picture,"
    " a.bot, a.phone_proven, a.email_proven, a.blocked_at, a.patronymic"
)
CHAT = (
    "c.id, c.kind, c.owner_id, c.created_at, c.updated_at,"
    " c.name, c.description, c.picture, c.other_id, c.encrypted,"
    " c.subscribers, c.team_id, c.archived_at"
)
MESSAGE = (
    "m.id, m.chat_id, m.seq, m.author_id, m.text, m.sent_at, m.edited_at,"
    " m.extra, m.attachments, m.reply_to, m.forward_of, m.notice, m.cipher,"
    " m.uid, m.flags, m.linked"
)

_pictures = msgspec.json.Decoder(Picture)
_notices = msgspec.json.Decoder(Notice)
_attachments = msgspec.json.Decoder(tuple[Attachment, ...])
_linked = msgspec.json.Decoder(tuple[MessageId, ...])


def account(row: Row) -> Account:
    """From the columns of ACCOUNT."""
    return Account(
        id=AccountId(row[0]),
        login=row[1],
        created_at=row[2],
        updated_at=row[3],
        seen_at=row[4],
        first_name=row[5],
        last_name=row[6],
        email=row[7],
        phone=row[8],
        picture=picture(row[9]),
        bot=row[10],
        phone_proven=bool(row[11]),
        email_proven=bool(row[12]),
        blocked_at=row[13],
        patronymic=row[14],
    )


def chat(row: Row) -> Chat:
    """From the columns of CHAT."""
    return Chat(
        id=ChatId(row[0]),
        kind=ChatKind(row[1]),
        owner_id=AccountId(row[2]),
        created_at=row[3],
        updated_at=row[4],
        name=row[5],
        description=row[6],
        picture=picture(row[7]),
        other_id=row[8],
        encrypted=bool(row[9]),
        subscribers=row[10],
        team_id=row[11],
        archived=row[12] is not None,
    )


def message(row: Row) -> Message:
    """From the columns of MESSAGE, which may be followed by others."""
    return Message(
        MessageId(row[0]),
        ChatId(row[1]),
        row[2],
        AccountId(row[3]),
        row[4],
        row[5],
        row[6],
        row[7],
        _attachments.decode(row[8]) if row[8] else (),
        row[9],
        row[10],
        _notices.decode(row[11]) if row[11] else None,
        row[12],
        row[13] or "",
        row[14],
        _linked.decode(row[15]) if row[15] else (),
    )


def attachments(stored: str | None) -> tuple[Attachment, ...]:
    """From their JSON."""
    return _attachments.decode(stored) if stored else ()


def picture(stored: str | None) -> Picture | None:
    """From its JSON."""
    return _pictures.decode(stored) if stored else None


def as_json(value: Any) -> str | None:
    """A record as JSON text; None for nothing."""
    return msgspec.json.encode(value).decode() if value else None


def folded(text: str) -> str | None:
    """What is stored beside a text so that it can be searched; None when the text itself will do."""
    form = fold(text)
    return None if form == text else form
