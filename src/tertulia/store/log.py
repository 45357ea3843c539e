"""The log of what happened. A message is its own entry; everything else is written here."""

from collections.abc import Sequence

import msgspec

from tertulia.core.events import Event
from tertulia.core.ids import AccountId, ChatId
from tertulia.store.work import Work, array, draw, run, tell

INSERT_EVENT = """
INSERT INTO events (id, kind, chat_id, accounts, at, body) VALUES (?, ?, ?, ?, ?, ?)
"""


def record(
    event: Event,
    at: int,
    *,
    chat_id: ChatId | None = None,
    accounts: Sequence[AccountId] | None = None,
) -> Work[None]:
    """Store the event in the same commit as its change, and announce it.

    `accounts` names who was told, when that is not every member of the chat.
    """
    yield from run(INSERT_EVENT, *(yield from event_row(event, at, chat_id, accounts)))
    yield from tell(event)


def event_row(
    event: Event, at: int, chat_id: ChatId | None, accounts: Sequence[AccountId] | None
) -> Work[tuple[object, ...]]:
    """The parameters of INSERT_EVENT, with a number of its own."""
    number = yield from draw(at)
    told = None if accounts is None else array(accounts)
    body = msgspec.json.encode(event).decode()
    return (number, type(event).__name__, chat_id, told, at, body)
