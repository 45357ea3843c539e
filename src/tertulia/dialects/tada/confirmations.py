"""What a client has confirmed of what its socket was told."""

from collections import deque
from collections.abc import Iterable

from tertulia.core.ids import MessageId
from tertulia.dialects.tada.packets import CONFIRM_LENGTH, About

MOST_UNCONFIRMED = 200
"""Packets whose confirmation is waited for; of more the oldest are not repeated."""


class Confirmations:
    """The newest packets that a client is to confirm, and what it has confirmed."""

    __slots__ = ("_confirmed", "_sent", "told")

    def __init__(self) -> None:
        """Nothing was told."""
        self._sent: deque[About] = deque(maxlen=MOST_UNCONFIRMED)
        self._confirmed: set[str] = set()
        # For nearly every packet: the shortest way.
        self.told = self._sent.append

    def note(self, confirm_id: str) -> None:
        """The client has that one. A confirmation of what was never told is nobody's concern."""
        if len(confirm_id) == CONFIRM_LENGTH:
            self._confirmed.add(confirm_id)
            if len(self._confirmed) > 2 * MOST_UNCONFIRMED:
                self._confirmed &= {each.confirm_id for each in self._sent}

    def missing(self, held: Iterable[About]) -> tuple[MessageId, ...]:
        """The messages whose last packets are not confirmed, or were not even told (*held*)."""
        last = {
            message: about.confirm_id
            for about in (*self._sent, *held)
            for message in about.messages
        }
        missing = [each for each, confirm_id in last.items() if confirm_id not in self._confirmed]
        return tuple(missing[-MOST_UNCONFIRMED:])
