"""Cursors: where the next or the previous page of a list begins, signed for whom it was made.

A cursor stands on a message's date or a person's number, never on a count, so nothing that comes or goes
between two pages moves it. What is handed out is an address that carries the whole request; what comes
back may be that address or the cursor inside.
"""

import base64
import binascii
import hmac
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tertulia.core.archive import Part
from tertulia.core.errors import BadInput
from tertulia.core.ids import AccountId
from tertulia.dialects.unet.errors import bad_member, invalid
from tertulia.dialects.unet.members import Members
from tertulia.dialects.unet.period import period
from tertulia.dialects.unet.wire import encode
from tertulia.web.wire import JsonLimits, read_json

# Which way, in which list, from which place.
FORM = struct.Struct(">?QQ")
SIGNATURE_BYTES = 16

MAX_CURSOR = 8_192
"""Characters; no address of ours is as long."""

Bound = Mapping[str, Callable[[Members, JsonLimits], object]]
"""What an address that comes back must not contradict, and what it means, however it is written."""

OF_MESSAGES: Bound = {
    "chat_id": lambda members, _: members.number("chat_id"),
    "query": lambda members, _: members.text("query") or "",
    "period": period,
}
OF_CONTACTS: Bound = {}


@dataclass(frozen=True, slots=True)
class Cursors:
    """Makes cursors, and knows its own. `key` signs them."""

    key: bytes
    limits: JsonLimits

    def write(self, reader: AccountId, subject: int, place: int, *, back: bool) -> str:
        """The cursor of that list (`subject`: the number of its chat, 0 for people)."""
        payload = FORM.pack(back, subject, place)
        return _encoded(payload + self._signature(reader, payload))

    def read(self, reader: AccountId, subject: int, cursor: str, limit: int) -> Part:
        """The page that it stands for."""
        try:
            whole = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            raise _wrong() from None
        payload, signature = whole[: FORM.size], whole[FORM.size :]
        # One spelling only: base64 would take others for the same bytes.
        if _encoded(whole) != cursor or not hmac.compare_digest(
            self._signature(reader, payload), signature
        ):
            raise _wrong()
        back, own_subject, place = FORM.unpack(payload)
        if own_subject != subject:
            raise _wrong()
        return Part(limit, place, back)

    def _signature(self, reader: AccountId, payload: bytes) -> bytes:
        words = b"cursor:%d:" % reader + payload
        return hmac.digest(self.key, words, sha256)[:SIGNATURE_BYTES]

    def unpacked(self, members: Members, address: str, bound: Bound) -> tuple[Members, str]:
        """The request with what the address in its cursor adds to it, and the cursor inside.

        `address`: that of the list.
        """
        given = members.text("cursor") or ""
        if len(given) > MAX_CURSOR or not given.isascii():
            raise _wrong()
        if "://" not in given:
            return members, given
        # First of all: not everything with a :// can be split as an address.
        if given.partition("?")[0] not in {address, address.rstrip("/")}:
            raise _wrong()
        told = parse_qs(urlsplit(given).query).get("q", [""])
        try:
            asked = read_json(told[0].encode("utf-8", "surrogatepass"), self.limits)
        except BadInput:
            raise _wrong() from None
        inner = asked.get("cursor") if isinstance(asked, dict) else None
        if len(told) != 1 or not isinstance(inner, str):
            raise _wrong()
        for name, meaning in bound.items():
            if name in members.values and meaning(members, self.limits) != meaning(
                Members(asked), self.limits
            ):
                raise invalid(f"`cursor` and `{name}` contradict each other.")
        return Members({**asked, **members.values}), inner


def address_of_page(address: str, request: dict[str, Any], cursor: str) -> str:
    """The address of a page: the whole request in its `q`, and never a token."""
    text = encode({**request, "cursor": cursor}).decode()
    return f"{address}?q={quote(text, safe='')}"


def _encoded(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def _wrong() -> Exception:
    return bad_member("cursor", "is none of yours")
