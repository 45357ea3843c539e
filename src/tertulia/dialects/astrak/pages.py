"""Pages of dialogs (Astrak document, Получить список диалогов).

Clients go on with the `time` of the last dialog they got. That is a whole second, which others may share: so
it is remembered where the last page of a session ended, and the next one goes on from there. Who asks
for the last page again, because its answer was lost, gets it again.
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


class _Last(NamedTuple):
    """A session's last page: what it was asked for before, where it began (None: at the top), where it ended."""

    before: int | None
    begin: Place | None
    end: Place


class Pages:
    """Cuts pages."""

    def __init__(self) -> None:
        self._last: OrderedDict[SessionId, _Last] = OrderedDict()

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
        begin = None if before is None else self._begin(session_id, before)
        if begin is not None:
            items = [each for each in items if place_of(each) < begin]
        page = items if limit is None else items[:limit]
        if limit is not None and page:
            self._last[session_id] = _Last(before, begin, place_of(page[-1]))
            self._last.move_to_end(session_id)
            if len(self._last) > MOST_SESSIONS:
                self._last.popitem(last=False)
        return page

    def _begin(self, session_id: SessionId, before: int) -> Place:
        last = self._last.get(session_id)
        if last is not None and last.end.active_at // 1000 == before:
            return last.end
        if last is not None and last.begin is not None and last.before == before:
            return last.begin
        return Place(before * 1000, 0)
