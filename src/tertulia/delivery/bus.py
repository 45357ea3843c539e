"""The bus between processes; this one is for a server of one process."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tertulia.core.events import Event

Listener = Callable[[Sequence[Event]], None]


class Bus(Protocol):
    """Carries what happened to every process, this one included, in the order of commits."""

    def publish(self, events: Sequence[Event]) -> None:
        """Never waits, never fails."""
        ...

    def listen(self, listener: Listener) -> None:
        """*listener* hears every batch from now on."""
        ...


class InProcessBus:
    """Hands each batch straight on."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def publish(self, events: Sequence[Event]) -> None:
        """See Bus."""
        for listener in self._listeners:
            listener(events)

    def listen(self, listener: Listener) -> None:
        """See Bus."""
        self._listeners.append(listener)

    def announce(self, event: Event) -> None:
        """One event that no commit stands behind (`core.ports.Announce`)."""
        self.publish((event,))
