"""The bus: what happened goes through it to everybody in this process who wants to know."""

from collections.abc import Callable, Sequence

from tertulia.core.events import Event

Listener = Callable[[Sequence[Event]], None]


class Bus:
    """Hands each batch straight on, in the order it comes."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._carry: Callable[[Event], None] | None = None

    def publish(self, events: Sequence[Event]) -> None:
        """Tell everybody here. Never waits, never fails."""
        for listener in self._listeners:
            listener(events)

    def listen(self, listener: Listener) -> None:
        """*listener* hears every batch from now on."""
        self._listeners.append(listener)

    def announce(self, event: Event) -> None:
        """One event that no commit stands behind (`core.ports.Announce`), for all processes."""
        self.publish((event,))
        if self._carry is not None:
            self._carry(event)

    def carry_by(self, carry: Callable[[Event], None]) -> None:
        """*carry* takes what is announced to the other processes. It never waits, never fails."""
        self._carry = carry
