"""Chats that are new, changed or gone, told to the sockets of who is in them (C.4, server.chat.…).

Everybody keeps a chat in his own way, so each is told of his own. They are read together, some hundred
at once, and a chat that changes while it is being told of is told of once more, not once for each change.
"""

from collections.abc import Collection, Iterable
from functools import partial
from itertools import islice
from typing import NamedTuple

from msgspec import Raw

from tertulia.core.errors import TertuliaError
from tertulia.core.events import (
    ChatChanged,
    ChatOpened,
    ChatSettingsChanged,
    MembersAdded,
    MembersRemoved,
)
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import Chat, ChatKind
from tertulia.core.team_model import HOME_TEAM
from tertulia.delivery.encoder import Connection
from tertulia.dialects.tada.chats import chat as shown
from tertulia.dialects.tada.counters import KINDS, Counters
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.events import JIDS, TadaReader
from tertulia.dialects.tada.ids import to_jid
from tertulia.dialects.tada.packets import said
from tertulia.dialects.tada.rosters import Rosters
from tertulia.dialects.tada.times import NS_PER_MS

AT_ONCE = 100
"""Readers whose chats are read and said in one go."""

News = ChatOpened | MembersAdded | ChatChanged | ChatSettingsChanged


class _Place(NamedTuple):
    """A chat as it is seen in one team."""

    team_id: TeamId
    chat_id: ChatId


class ChatNews:
    """Tells of chats."""

    def __init__(self, desk: TadaDesk, rosters: Rosters, counters: Counters) -> None:
        self._desk = desk
        self._rosters = rosters
        self._counters = counters
        # Who is yet to be told; a key is there while somebody tells.
        self._telling: dict[_Place, dict[AccountId, None]] = {}

    def changed(self, event: News, accounts: Collection[AccountId]) -> None:
        """It is there, or otherwise, for these."""
        chat = event.chat
        if chat.kind not in KINDS or chat.encrypted:
            return
        told = event.accounts if isinstance(event, MembersAdded | ChatOpened) else accounts
        for account_id in told:
            for connection in self._desk.house.hub.of(account_id):
                reader = connection.reader
                if isinstance(reader, TadaReader) and self._is_found(chat, reader):
                    self._tell(_Place(reader.team_id, chat.id), account_id)

    def _is_found(self, chat: Chat, reader: TadaReader) -> bool:
        if chat.kind is not ChatKind.DIRECT:
            return reader.team_id == (chat.team_id or HOME_TEAM)
        me = reader.account_id
        other = chat.other_id if chat.owner_id == me else chat.owner_id
        return other is not None and reader.team_id in self._rosters.shared(me, other)

    def _tell(self, place: _Place, account_id: AccountId) -> None:
        waiting = self._telling.get(place)
        if waiting is None:
            waiting = self._telling[place] = {}
            self._desk.house.spawn(self._tell_all(place, waiting))
        waiting[account_id] = None

    async def _tell_all(self, place: _Place, waiting: dict[AccountId, None]) -> None:
        try:
            while waiting:
                some = list(islice(waiting, AT_ONCE))
                for each in some:
                    del waiting[each]
                await self._tell_some(place, some)
        finally:
            del self._telling[place]

    async def _tell_some(self, place: _Place, accounts: Collection[AccountId]) -> None:
        team_id, chat_id = place
        try:
            entries = await self._desk.core.chat_lists.entries(team_id, chat_id, accounts)
        except TertuliaError:
            # The store is busy. Whoever was not told finds it in the list.
            return
        for account_id, entry in entries.items():
            sockets = self._sockets(account_id, team_id)
            tally = self._counters.of(account_id)
            if not sockets or tally is None:
                continue
            jid = partial(self._rosters.jid, team_id, reader=account_id)
            params = {
                "chats": [shown(self._desk, entry, jid)],
                "team_unread": Raw(tally.unread_in(team_id)),
                "badge": tally.badge,
            }
            _offer(sockets, said("server.chat.updated", params))

    def gone(self, event: MembersRemoved) -> None:
        """It is over for these. A direct chat is not: it is found by the contact."""
        chat = event.chat
        if chat.kind not in JIDS or chat.encrypted:
            return
        team_id = chat.team_id or HOME_TEAM
        deleted = {
            "jid": to_jid(JIDS[chat.kind], chat.id),
            "chat_type": chat.kind.value,
            "gentime": event.at * NS_PER_MS,
            "is_archive": True,
        }
        for account_id in event.accounts:
            sockets, tally = self._sockets(account_id, team_id), self._counters.of(account_id)
            if sockets and tally is not None:
                params = {
                    "chats": [deleted],
                    "team_unread": Raw(tally.unread_in(team_id)),
                    "badge": tally.badge,
                }
                _offer(sockets, said("server.chat.deleted", params))

    def _sockets(self, account_id: AccountId, team_id: TeamId) -> list[Connection]:
        return [
            each
            for each in self._desk.house.hub.of(account_id)
            if isinstance(each.reader, TadaReader) and each.reader.team_id == team_id
        ]


def _offer(sockets: Iterable[Connection], packet: bytes) -> None:
    for each in sockets:
        each.offer(packet)
