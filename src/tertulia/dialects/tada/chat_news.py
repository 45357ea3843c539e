"""Chats that are new, changed or gone, told to the sockets of who is in them.

Everybody keeps a chat in his own way, so each is told of his own; but they are all read at once.
"""

from collections.abc import Collection

from tertulia.core.events import (
    ChatChanged,
    ChatOpened,
    ChatSettingsChanged,
    MembersAdded,
    MembersRemoved,
)
from tertulia.core.ids import AccountId
from tertulia.dialects.tada.counters import Counters
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.rosters import Rosters

News = ChatOpened | MembersAdded | MembersRemoved | ChatChanged | ChatSettingsChanged


class ChatNews:
    """Tells of chats."""

    def __init__(self, desk: TadaDesk, rosters: Rosters, counters: Counters) -> None:
        self._desk = desk
        self._rosters = rosters
        self._counters = counters

    def hear(self, event: News, accounts: Collection[AccountId]) -> None:
        """Something happened to a chat; it will be told."""
