"""The log of what happened. A message is its own entry; everything else is written here."""

from collections.abc import Sequence

import msgspec

from tertulia.core.events import Event, MembersRemoved, MessagesDeleted
from tertulia.core.ids import AccountId, ChatId
from tertulia.store.work import Work, array, draw, many, run, tell

INSERT_EVENT = """
INSERT INTO events (id, kind, chat_id, accounts, at, body) VALUES (?, ?, ?, ?, ?, ?)
"""

# Who is not in the chat any more does not find the event by it.
SAY_FAREWELL = "INSERT INTO farewells (account_id, event_id) VALUES (?, ?)"


def record(
    event: Event,
    at: int,
    *,
    chat_id: ChatId | None = None,
    accounts: Sequence[AccountId] | None = None,
    number: int | None = None,
    told: Event | None = None,
) -> Work[None]:
    """Store the event in the same commit as its change, and announce it.

    `accounts` names who was told, when that is not every member of the chat. `number`: the event's
    place in the log, drawn before those of messages that are told after it. `told`: the same event
    with more than the log is to keep.
    """
    entry = yield from event_row(event, at, chat_id, accounts, number)
    yield from run(INSERT_EVENT, *entry)
    if isinstance(event, MembersRemoved):
        yield from many(SAY_FAREWELL, [(account_id, entry[0]) for account_id in event.accounts])
    yield from tell(told or event)


def event_row(
    event: Event,
    at: int,
    chat_id: ChatId | None,
    accounts: Sequence[AccountId] | None,
    number: int | None = None,
) -> Work[tuple[object, ...]]:
    """The parameters of INSERT_EVENT, with a number of its own unless one was drawn already."""
    if number is None:
        if isinstance(event, MessagesDeleted):
            # Each of them has a place of its own: these, and the event's for the last (`store.stream`).
            for _ in event.message_ids[1:]:
                yield from draw(at)
        number = yield from draw(at)
    told = None if accounts is None else array(accounts)
    body = msgspec.json.encode(event).decode()
    return (number, type(event).__name__, chat_id, told, at, body)
