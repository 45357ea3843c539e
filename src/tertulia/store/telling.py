"""Hands what commits told to delivery, and knows up to where it has."""

import logging
from collections.abc import Callable

from tertulia.core.events import Event, SessionsEnded

LOG = logging.getLogger(__name__)


class Telling:
    """Publishes what happened, commit after commit.

    Attributes:
        position: the last number of the newest commit that has been handed to delivery, or of the store.
    """

    def __init__(self, publish: Callable[[list[Event]], None]) -> None:
        self._publish = publish
        self.position = 0

    def tell(self, events: list[Event], number: int) -> None:
        """The events of the commit whose last number is *number*, in order."""
        rest = 0
        for place, event in enumerate(events):
            # Who is signed out has heard what came before, and finds what comes after in the log.
            if type(event) is SessionsEnded:
                if place > rest:
                    self._together(events[rest:place])
                self.position = max(self.position, event.number)
                self._together([event])
                rest = place + 1
        if rest < len(events):
            self._together(events[rest:] if rest else events)
        self.position = max(self.position, number)

    def _together(self, events: list[Event]) -> None:
        try:
            self._publish(events)
        except Exception:
            # What is stored is acknowledged all the same; who was not told finds it in the log.
            LOG.exception("Events could not be published")
