"""Tada's uuids and jids, and our numbers.

A uuid of ours is of version 8 (RFC 9562: free for all) and carries a byte for the kind of thing and
its number; the rest is a check over both, so that no random uuid is ever taken for one of ours. So
nothing need be stored to go back. What has the wrong shape or names another kind is not found.

A jid is a uuid with the kind in front: `d-` a contact, `g-` a group, `t-` a task. A direct chat has
none of its own: it is named by the contact on its other side.
"""

import re
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from tertulia.core.errors import NotFound
from tertulia.core.ids import MAX_NUMBER


class Kind(IntEnum):
    """What a uuid names. The numbers are in clients' hands: never change or reuse one."""

    ACCOUNT = 1
    TEAM = 2
    CONTACT = 3
    """A team member, by its own number."""
    HOME_CONTACT = 4
    """An account seen in the home team, by the account's number."""
    GROUP = 5
    TASK = 6
    MESSAGE = 7
    SECTION = 8
    TAG = 9
    INTEGRATION = 10
    INVITATION = 11
    UPLOAD = 12
    REMIND = 13
    NOTEBOT = 14
    """Whoever looks sees his own notes; by the team's number."""
    SYSTEMBOT = 15
    """The system's bot in a team, by the team's number."""


class Jid(NamedTuple):
    """What a jid names: CONTACT, HOME_CONTACT, NOTEBOT, SYSTEMBOT, GROUP or TASK, and its number."""

    kind: Kind
    number: int


PREFIXES = {
    Kind.CONTACT: "d",
    Kind.HOME_CONTACT: "d",
    Kind.NOTEBOT: "d",
    Kind.SYSTEMBOT: "d",
    Kind.GROUP: "g",
    Kind.TASK: "t",
}

LENGTH = 36
"""Characters of a uuid."""

NUMBER_BITS = 53
CHECK_BITS = 61
VERSION = 8
VARIANT = 2
_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@lru_cache(maxsize=32_768)
def to_uuid(kind: Kind, number: int) -> str:
    """The uuid of that thing, in lower case."""
    carried = kind << NUMBER_BITS | number
    digest = blake2b(carried.to_bytes(8, "big"), digest_size=8).digest()
    payload = carried << CHECK_BITS | int.from_bytes(digest, "big") >> 64 - CHECK_BITS
    # 48 bits, the version, 12 bits, the variant, 62 bits.
    whole = (
        payload >> 74 << 80
        | VERSION << 76
        | (payload >> 62 & 0xFFF) << 64
        | VARIANT << 62
        | payload & (1 << 62) - 1
    )
    digits = f"{whole:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def named_by(text: str) -> tuple[Kind, int] | None:
    """Kind and number of a uuid of ours, in any case; None for every other text."""
    # Looked at here, because what is remembered below may not be long.
    # Of foreign uuids few are of our version.
    return _named_by(text.lower()) if len(text) == LENGTH and text[14] == "8" else None


@lru_cache(maxsize=32_768)
def _named_by(text: str) -> tuple[Kind, int] | None:
    if _FORM.fullmatch(text) is None:
        return None
    whole = int(text.replace("-", ""), 16)
    payload = whole >> 80 << 74 | (whole >> 64 & 0xFFF) << 62 | whole & (1 << 62) - 1
    carried = payload >> CHECK_BITS
    number = carried & MAX_NUMBER
    try:
        kind = Kind(carried >> NUMBER_BITS)
    except ValueError:
        return None
    return (kind, number) if to_uuid(kind, number) == text else None


def is_uuid(text: str) -> bool:
    """Whether it has the form of a uuid, ours or not."""
    return len(text) == LENGTH and _FORM.fullmatch(text.lower()) is not None


def from_uuid(kind: Kind, text: str) -> int | None:
    """The number behind a uuid of that kind; None for everything else."""
    found = named_by(text)
    return found[1] if found is not None and found[0] is kind else None


def need(kind: Kind, text: str) -> int:
    """The number behind a uuid of that kind.

    Raises:
        NotFound: the kind in lower case ("team", "section"): it is no such uuid.
    """
    number = from_uuid(kind, text)
    if number is None:
        raise NotFound(kind.name.lower())
    return number


def to_jid(kind: Kind, number: int) -> str:
    """`d-…`, `g-…` or `t-…`."""
    return f"{PREFIXES[kind]}-{to_uuid(kind, number)}"


def read_jid(text: str) -> Jid | None:
    """What a jid names; None for what is none of ours."""
    prefix, _, uuid = text.partition("-")
    found = named_by(uuid)
    if found is None or PREFIXES.get(found[0]) != prefix:
        return None
    return Jid(*found)


def need_jid(text: str, *kinds: Kind) -> Jid:
    """What a jid names, one of these kinds (none given: any).

    Raises:
        NotFound: "chat": it is none of ours, or of another kind.
    """
    found = read_jid(text)
    if found is None or (kinds and found.kind not in kinds):
        raise NotFound("chat")
    return found
