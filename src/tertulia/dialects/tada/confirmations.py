"""What a client has confirmed of what its socket was told."""

from collections import deque
from collections.abc import Iterable

from tertulia.core.ids import MessageId, drawn_at
from tertulia.core.unconfirmed import HungUp
from tertulia.dialects.tada.packets import CONFIRM_LENGTH, About

MOST_UNCONFIRMED = 200
"""Packets whose confirmation is waited for; of more the oldest are not repeated."""

SLACK_MS = 1_000
"""How far a message's date and its number's may be apart."""


def told_since(position: int) -> int:
    """Changes of that date and later may have been told behind the position, or may not."""
    return drawn_at(position) - SLACK_MS


class Confirmations:
    """The newest packets that a client is to confirm, and what it has confirmed."""

    __slots__ = ("_before", "_confirmed", "_sent", "told")

    def __init__(self) -> None:
        """Nothing was told."""
        self._sent: deque[About] = deque(maxlen=MOST_UNCONFIRMED)
        self._confirmed: set[str] = set()
        self._before: dict[MessageId, int] = {}
        # For nearly every packet: the shortest way.
        self.told = self._sent.append

    def note(self, confirm_id: str) -> None:
        """The client has that one. A confirmation of what was never told is nobody's concern."""
        if len(confirm_id) == CONFIRM_LENGTH:
            self._confirmed.add(confirm_id)
            if len(self._confirmed) > 2 * MOST_UNCONFIRMED:
                self._confirmed &= {each.confirm_id for each in self._sent}

    def carry(self, confirmed: Iterable[tuple[MessageId, int]]) -> None:
        """Changes that it has confirmed on an earlier connection (`HungUp.confirmed`)."""
        self._before.update(confirmed)

    def stood(self, position: int, held: Iterable[About]) -> HungUp:
        """What is to be known when it comes back; *held* was not even told."""
        return HungUp(position, self._missing(held), self._changes(told_since(position)))

    def _missing(self, held: Iterable[About]) -> tuple[MessageId, ...]:
        """The messages whose last packets are not confirmed, or were not even told (*held*)."""
        last = {
            message: about.confirm_id
            for about in (*self._sent, *held)
            for message in about.messages
        }
        missing = [each for each, confirm_id in last.items() if confirm_id not in self._confirmed]
        return tuple(missing[-MOST_UNCONFIRMED:])

    def _changes(self, since: int) -> tuple[tuple[MessageId, int], ...]:
        """The changes since then that it has confirmed."""
        confirmed = dict(self._before)
        for about in self._sent:
            if about.changed_at and about.confirm_id in self._confirmed:
                confirmed |= dict.fromkeys(about.messages, about.changed_at)
        newest = [each for each in confirmed.items() if each[1] >= since]
        return tuple(newest[-MOST_UNCONFIRMED:])
