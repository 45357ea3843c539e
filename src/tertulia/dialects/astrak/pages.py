"""Pages of dialogs (Astrak document, Получить список диалогов).

Clients go on with the `time` of the last dialog they got. That is a whole second, which others may share: so
it is remembered where the last page of a session ended, and the next one goes on from there.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from tertulia.core.ids import SessionId

MOST_SESSIONS = 10_000
"""Whose last page is remembered."""

Item = TypeVar("Item")


class Place(NamedTuple):
    """Where a dialog stands in the list: when it was active (ms), and its number."""

    active_at: int
    number: int


class Pages:
    """Cuts pages."""

    def __init__(self) -> None:
        self._ends: OrderedDict[SessionId, Place] = OrderedDict()

    def cut(
        self,
        session_id: SessionId,
        items: Sequence[Item],
        place_of: Callable[[Item], Place],
        limit: int | None,
        before: int | None,
    ) -> Sequence[Item]:
        """The next page.

        Args:
            session_id: who asks.
            items: the whole list, the newest first.
            place_of: where an item stands.
            limit: most items; None: all.
            before: only items before that time, in seconds; None: from the beginning.
        """
        if before is not None:
            end = self._end(session_id, before)
            items = [each for each in items if place_of(each) < end]
        page = items if limit is None else items[:limit]
        if limit is not None and page:
            self._ends[session_id] = place_of(page[-1])
            self._ends.move_to_end(session_id)
            if len(self._ends) > MOST_SESSIONS:
                self._ends.popitem(last=False)
        return page

    def _end(self, session_id: SessionId, before: int) -> Place:
        known = self._ends.get(session_id)
        if known is not None and known.active_at // 1000 == before:
            return known
        return Place(before * 1000, 0)
