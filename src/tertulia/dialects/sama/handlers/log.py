"""Operations log."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from msgspec import Raw

from tertulia.core.events import Event, LogEntry
from tertulia.core.ids import AccountId, SessionId, drawn_at
from tertulia.delivery.encoder import Reader
from tertulia.dialects.sama import wire
from tertulia.dialects.sama.desk import SEED
from tertulia.dialects.sama.errors import refused
from tertulia.dialects.sama.events import SamaEncoder
from tertulia.dialects.sama.handlers.answer import Answer
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.params import Params, moment, need_object
from tertulia.dialects.sama.wire import date

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

NO_BOUND = "Gt or lt query missed."

PAGE = 100
"""Packets."""

MOST_BYTES = 512 << 10
"""Of packets in one answer, unless a single moment has more: a socket takes twice as much at once."""

NO_CONNECTION = -1
"""The number of no connection: nothing was caused by it."""


async def op_log_list(talk: "Talk", given: Any) -> Answer:
    """What I missed while none of my sockets was there, oldest first (document, Operations log)."""
    after, before = _bounds(need_object(given))
    actor = talk.actor
    missed = await talk.desk.core.log.missed(actor, after=after, before=before)
    return {"logs": _page(talk.desk.encoder, actor.account_id, missed)}


def _bounds(params: Params) -> tuple[int | None, int | None]:
    """`created_at`: exactly one of `gt` and `lt`."""
    bounds = params.values.get("created_at")
    if not isinstance(bounds, dict):
        raise refused(NO_BOUND)
    after = moment(bounds.get("gt"), "created_at.gt")
    before = moment(bounds.get("lt"), "created_at.lt")
    if (after is None) == (before is None):
        raise refused(NO_BOUND)
    return after, before


def _page(
    encoder: SamaEncoder, account_id: AccountId, entries: Sequence[LogEntry]
) -> list[wire.LogEntry]:
    """As many as go into one answer; whole milliseconds, because one asks on from a date."""
    user_id = to_wire(account_id)
    page: list[wire.LogEntry] = []
    size = 0
    for at, moments in groupby(entries, key=lambda entry: drawn_at(entry.number)):
        said = date(at)
        last = page[-1]._id if page else 0  # noqa: SLF001 - the wire's own name for it
        together = []
        for number, packet in _numbered(encoder, account_id, moments):
            last = max(number, last + 1)
            together.append(wire.LogEntry(last, user_id, Raw(packet), said, said))
            size += len(packet)
        if page and (len(page) + len(together) > PAGE or size > MOST_BYTES):
            break
        page += together
    return page


def _numbered(
    encoder: SamaEncoder, account_id: AccountId, entries: Iterator[LogEntry]
) -> Iterator[tuple[int, bytes]]:
    for entry in entries:
        for packet in _packets(encoder, account_id, entry.event):
            yield entry.number, packet


def _packets(encoder: SamaEncoder, account_id: AccountId, event: Event) -> list[bytes]:
    """What a socket of the account would have heard."""
    view = encoder.view(event, Reader(NO_CONNECTION, account_id, SessionId(0), SEED))
    return [] if view is None else encoder.packets(event, view)


def replayed(
    encoder: SamaEncoder, account_id: AccountId, entries: Sequence[LogEntry]
) -> list[bytes]:
    """The packets, oldest first; when they are too much for one turn, the newest of them."""
    packets: list[bytes] = []
    size = 0
    for entry in reversed(entries):
        for packet in reversed(_packets(encoder, account_id, entry.event)):
            size += len(packet)
            if size > MOST_BYTES:
                return packets[::-1]
            packets.append(packet)
    return packets[::-1]
