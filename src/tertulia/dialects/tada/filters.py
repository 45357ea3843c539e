"""Which messages, chats and tasks a request wants, read from its query (`MessageFilter` and others).

What clients ask for more than there is they get as much as there is. Of a list of words those that
nobody knows are met by nothing; elsewhere such words are no wish.
"""

import re

from tertulia.core.chat_lists import ChatFilter, Order
from tertulia.core.errors import NotFound
from tertulia.core.histories import MessageFilter, Target
from tertulia.core.ids import COUNTER_MASK, AccountId
from tertulia.core.message_model import MessageRef
from tertulia.core.message_types import MessageType
from tertulia.core.model import ChatKind
from tertulia.core.team_model import Membership
from tertulia.dialects.tada import errors, sending
from tertulia.dialects.tada.fields import FALSE, TRUE, Fields
from tertulia.dialects.tada.limits import MAX_MESSAGE_SEARCH
from tertulia.dialects.tada.messages import CHAT_TYPES
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.times import NS_PER_COUNT, NS_PER_MS, read_moment
from tertulia.dialects.tada.uploads import CONTENT_TYPES

MOST_CHATS = 200
"""Of one page of chats."""

CHATS_AT_ONCE = 100

FAR = 2**53 - 1
LATEST_NS = 2**63 - 1
ANY = "any"
MOST_NAMED = 100
"""Chats or senders that one filter names."""

KINDS = {
    word: tuple(kind for kind, name in CHAT_TYPES.items() if name == word)
    for word in CHAT_TYPES.values()
}
TYPES: dict[str, MessageType] = {word: kind for kind, word in CONTENT_TYPES.items()}

ORDERS = {
    "-last_message": Order.NEWEST,
    "last_message": Order.OLDEST,
    "group_chat_display_name": Order.NAME,
}

_DAY_FIRST = re.compile(r"(\d\d)-(\d\d)-(\d{4})", re.ASCII)


def flag(query: Fields, key: str) -> bool | None:
    """`true`, `false`, or None for `any` and whatever else."""
    value = query.values.get(key)
    if value in TRUE:
        return True
    return False if value in FALSE else None


def page(query: Fields, usual: int, most: int) -> tuple[int, int]:
    """`limit` and `offset`; clients without a wish say 0."""
    limit = query.number("limit", 0, FAR)
    offset = query.number("offset", 0, FAR)
    return min(limit or usual, most), offset or 0


def moment(query: Fields, key: str) -> int | None:
    """A date or date-time, in milliseconds; None when absent."""
    text = query.values.get(key)
    if not text:
        return None
    # Published examples write the day first.
    day_first = _DAY_FIRST.fullmatch(text)
    found = read_moment("-".join(reversed(day_first.groups())) if day_first else text)
    if found is None:
        query.note(key, errors.WRONG_VALUE)
    return found


def ref(query: Fields, key: str) -> MessageRef | None:
    """A message's uuid; None when absent."""
    text = query.values.get(key)
    if not text:
        return None
    found = sending.find_ref(text)
    if found is None:
        query.note(key, errors.no_choice(text[:MOST_NAMED]))
    return found


def changed_from(query: Fields, key: str) -> tuple[int, int] | None:
    """A `gentime`, as milliseconds and the count within them; None when absent."""
    number = query.number(key, 0, LATEST_NS)
    if number is None:
        return None
    at_ms, rest = divmod(number, NS_PER_MS)
    count = -(-rest // NS_PER_COUNT)
    return (at_ms + 1, 0) if count > COUNTER_MASK else (at_ms, count)


def newer_than(query: Fields) -> int:
    """`gentime_gt`, which chats are compared with as they are shown; clients without a wish say 0."""
    return query.number("gentime_gt", 0, LATEST_NS) or 0


async def accounts(
    call: Call, membership: Membership, query: Fields, key: str
) -> tuple[AccountId, ...] | None:
    """The accounts behind a list of jids; those that name nobody are left out. None when absent."""
    found = await targets(call, membership, query, key)
    if found is None:
        return None
    return tuple(each.partner_id for each in found if each.partner_id is not None)


async def targets(
    call: Call, membership: Membership, query: Fields, key: str
) -> tuple[Target, ...] | None:
    """The chats behind a list of jids; those that name none are left out. None when absent."""
    jids = query.texts(key, most_items=MOST_NAMED)
    if jids is None:
        return None
    found = [await _target(call, membership, each) for each in jids]
    return tuple(each for each in found if each is not None)


async def _target(call: Call, membership: Membership, jid: str) -> Target | None:
    try:
        return await sending.target(call.desk, call.actor, membership.team.id, jid)
    except NotFound:
        return None


async def messages(call: Call, membership: Membership, *, in_one_chat: bool) -> MessageFilter:
    """`MessageFilter`. Raises: InvalidData."""
    query = call.query
    limit, offset = page(query, MAX_MESSAGE_SEARCH, MAX_MESSAGE_SEARCH)
    older, newer = ref(query, "old_from"), ref(query, "new_from")
    older_inc, newer_inc = ref(query, "old_from_inc"), ref(query, "new_from_inc")
    wish = MessageFilter(
        limit=limit,
        offset=offset,
        older_than=older_inc or older,
        newer_than=newer_inc or newer,
        including_older=older_inc is not None,
        including_newer=newer_inc is not None,
        around=ref(query, "around") if in_one_chat else None,
        exact=ref(query, "exact"),
        changed_from=changed_from(query, "gentime_from"),
        date_from=moment(query, "date_from"),
        date_to=moment(query, "date_to"),
        chats=None if in_one_chat else await targets(call, membership, query, "chat"),
        kinds=None if in_one_chat else kinds(query),
        authors=await accounts(call, membership, query, "sender"),
        types=_types(query),
        text=query.text("text") or "",
        has_upload=flag(query, "has_upload"),
        important=flag(query, "important"),
        unread=flag(query, "unread"),
        with_deleted=flag(query, "include_deleted") is True,
    )
    query.check()
    return wish


def kinds(query: Fields) -> tuple[ChatKind, ...] | None:
    """`chat_type`: a list of words; None for `any`, or when absent."""
    words = query.texts("chat_type")
    if not words or ANY in words:
        return None
    return tuple(kind for each in words for kind in KINDS.get(each, ()))


def _types(query: Fields) -> tuple[MessageType, ...] | None:
    words = query.texts("type")
    if not words:
        return None
    return tuple(TYPES[each] for each in words if each in TYPES)


def chats(call: Call) -> ChatFilter:
    """Raises: InvalidData."""
    query = call.query
    limit, offset = page(query, CHATS_AT_ONCE, MOST_CHATS)
    hidden = query.values.get("hidden")
    wish = ChatFilter(
        limit=limit,
        offset=offset,
        kinds=kinds(query),
        hidden=None if hidden == ANY else hidden in TRUE,
        unread_only=flag(query, "unread_only") is True,
        unread_first=flag(query, "unread_first") is True,
        has_activity=flag(query, "has_activity") is True,
        text=query.text("q") or "",
        order=ORDERS.get(query.values.get("sort", ""), Order.NEWEST),
    )
    query.check()
    return wish
