"""Chats that are new, changed or gone, told to the sockets of who is in them (C.4, server.chat.…).

Everybody keeps a chat in his own way, so each is told of his own. They are read together, some hundred
at once, and a chat that changes while it is being told of is told of once more, not once for each change.
"""

from collections.abc import Collection, Iterable
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from msgspec import Raw

from tertulia.core.chat_lists import DirectSeat
from tertulia.core.errors import TertuliaError
from tertulia.core.events import (
    ChatChanged,
    ChatOpened,
    ChatSettingsChanged,
    MembersAdded,
    MembersRemoved,
    MessagePosted,
    MessagesHidden,
    UnreadCounted,
)
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import Chat, ChatKind
from tertulia.core.team_model import HOME_TEAM
from tertulia.delivery.encoder import Connection
from tertulia.dialects.tada.chats import chat as shown
from tertulia.dialects.tada.counters import Counters
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.ids import to_jid
from tertulia.dialects.tada.messages import CHAT_TYPES
from tertulia.dialects.tada.moved_sums import MovedSums
from tertulia.dialects.tada.packets import confirmable, said
from tertulia.dialects.tada.rosters import Rosters
from tertulia.dialects.tada.sights import Sights
from tertulia.dialects.tada.times import NS_PER_MS
from tertulia.dialects.tada.views import JIDS, TadaReader, sockets_of

AT_ONCE = 100
"""Readers whose chats are read and said in one go."""

MOST_HIDDEN = 200
"""Messages that one packet says are gone; of more at once clients read the chat anew."""

News = ChatOpened | MembersAdded | ChatChanged | ChatSettingsChanged


class _Place(NamedTuple):
    """A chat as it is seen in one team."""

    team_id: TeamId
    chat_id: ChatId


class ChatNews:
    """Tells of chats."""

    def __init__(
        self,
        desk: TadaDesk,
        rosters: Rosters,
        counters: Counters,
        sights: Sights,
        sums: MovedSums,
    ) -> None:
        self._desk = desk
        self._rosters = rosters
        self._counters = counters
        self._sights = sights
        self._sums = sums
        # Who is yet to be told; a key is there while somebody tells.
        self._telling: dict[_Place, dict[AccountId, None]] = {}

    def changed(self, event: News, accounts: Collection[AccountId]) -> None:
        """It is there, or otherwise, for these."""
        chat = event.chat
        if chat.encrypted:
            return
        told = event.accounts if isinstance(event, MembersAdded | ChatOpened) else accounts
        if chat.kind is ChatKind.DIRECT and not isinstance(event, ChatSettingsChanged):
            # Where the two share a team it was always there, by its other side's name.
            told = [each for each in told if self._sums.teams_of(chat, each) == (HOME_TEAM,)]
        self._tell_those(chat, told)

    def back(self, event: MessagePosted, accounts: Collection[AccountId]) -> None:
        """These had put the chat out of sight, and somebody has written there."""
        author_id, chat_id = event.message.author_id, event.message.chat_id
        for account_id in accounts:
            other = event.partner_id if account_id == author_id else author_id
            kind, its_team = event.chat_kind, event.team_id
            for team_id in self._sums.found_in(kind, its_team, other, account_id):
                self._tell(_Place(team_id, chat_id), account_id)

    def _tell_those(self, chat: Chat, accounts: Collection[AccountId]) -> None:
        for account_id in accounts:
            for connection in self._desk.house.hub.of(account_id):
                reader = connection.reader
                if isinstance(reader, TadaReader) and self._is_found(chat, reader):
                    self._tell(_Place(reader.team_id, chat.id), account_id)

    def _is_found(self, chat: Chat, reader: TadaReader) -> bool:
        return reader.team_id in self._sums.teams_of(chat, reader.account_id)

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
        """It is over for these. A direct chat is not where the two share a team: nothing is in it any more."""
        chat = event.chat
        if chat.encrypted:
            return
        if chat.kind is ChatKind.DIRECT:
            for account_id in event.accounts:
                if self._sums.teams_of(chat, account_id) == (HOME_TEAM,):
                    self._tell_gone(event, account_id, HOME_TEAM)
                else:
                    self._tell_those(chat, [account_id])
        elif chat.kind in JIDS:
            for account_id in event.accounts:
                self._tell_gone(event, account_id, chat.team_id or HOME_TEAM)
            if event.by_themselves:
                # Nothing else tells those who stay that there is one less of them.
                self._tell_those(chat, event.members)

    async def silence(
        self, account_id: AccountId, others: Collection[AccountId] | None = None
    ) -> None:
        """The account and these, or all, may not write to each other any more, or may again."""
        try:
            seats = await self._desk.core.chat_lists.direct_seats([account_id])
        except TertuliaError:
            # The store is busy. Whoever was not told finds it in the list.
            return
        for seat in seats:
            other = seat.account_id if seat.account_id != account_id else seat.other_id
            if self._rosters.is_here(seat.account_id) and (others is None or other in others):
                for team_id in self._rosters.shared(seat.account_id, seat.other_id):
                    self.moved_in(seat, team_id)

    def moved_in(self, seat: DirectSeat, team_id: TeamId) -> None:
        """A direct chat is found there now, too."""
        if self._sockets(seat.account_id, team_id):
            self._tell(_Place(team_id, seat.chat_id), seat.account_id)

    def moved_out(self, seat: DirectSeat, team_id: TeamId) -> None:
        """A direct chat is not found there any more."""
        jid = self._rosters.jid(team_id, seat.other_id, seat.account_id)
        gone = _gone(jid, ChatKind.DIRECT, self._desk.core.clock.now_ms())
        self._tell_of_gone(gone, seat.account_id, team_id)

    def _tell_gone(self, event: MembersRemoved, me: AccountId, team_id: TeamId) -> None:
        chat = event.chat
        if chat.kind is ChatKind.DIRECT:
            other = chat.other_id if chat.owner_id == me else chat.owner_id
            jid = "" if other is None else self._rosters.jid(team_id, other, me)
        else:
            jid = to_jid(JIDS[chat.kind], chat.id)
        self._tell_of_gone(_gone(jid, chat.kind, event.at), me, team_id)

    def _tell_of_gone(self, deleted: dict[str, Any], me: AccountId, team_id: TeamId) -> None:
        sockets, tally = self._sockets(me, team_id), self._counters.of(me)
        if not sockets or tally is None:
            return
        params = {
            "chats": [deleted],
            "team_unread": Raw(tally.unread_in(team_id)),
            "badge": tally.badge,
        }
        _offer(sockets, said("server.chat.deleted", params))

    def recounted(self, event: UnreadCounted, accounts: Collection[AccountId]) -> None:
        """These are back in a chat: what is unread there was not known when they last heard of it."""
        for standing in event.standings:
            for each in standing.behind if standing.account_id in accounts else ():
                me = standing.account_id
                for team_id in self._sums.found_in(each.kind, each.team_id, each.partner_id, me):
                    self._tell(_Place(team_id, each.chat_id), me)

    def hidden(self, event: MessagesHidden, *, is_counted: bool) -> None:
        """An account has deleted messages for itself: another dialect's word for what is gone to it.

        *is_counted*: some of them were unread.
        """
        me = event.account_id
        if sockets_of(self._desk.house.hub, me):
            self._desk.house.spawn(self._tell_hidden(event, is_counted=is_counted))

    async def _tell_hidden(self, event: MessagesHidden, *, is_counted: bool) -> None:
        me, core = event.account_id, self._desk.core
        at = core.clock.now_ms()
        try:
            found = await core.histories.whole(event.message_ids[:MOST_HIDDEN])
        except TertuliaError:
            # The store is busy. He finds them gone when he reads the chat anew.
            return
        wholes = [
            each._replace(deleted_at=at, deleted_by=None, num=None, is_last=False)
            for each in found
            if not each.encrypted
        ]
        tally = self._counters.of(me)
        if not wholes or tally is None:
            return
        whole = wholes[0]
        author_id = whole.message.author_id
        other = whole.partner_id if author_id == me else author_id
        if whole.partner_id is None:
            other = None
        teams = self._sums.found_in(whole.chat_kind, whole.team_id, other, me)
        if is_counted:
            self._sums.tell(me, teams, event.origin)
        for team_id in teams:
            sockets = self._sockets(me, team_id)
            if sockets:
                params = {
                    "messages": [Raw(self._sights.message(each, team_id, me)) for each in wholes],
                    "delayed": True,
                    "chat_counters": [],
                    "team_unread": Raw(tally.unread_in(team_id)),
                    "badge": tally.badge,
                }
                _offer(sockets, confirmable("server.message.updated", params))
                # It says how the chat stands now.
                self._tell(_Place(team_id, event.chat_id), me)

    def _sockets(self, account_id: AccountId, team_id: TeamId) -> list[Connection]:
        return sockets_of(self._desk.house.hub, account_id, team_id)


def _gone(jid: str, kind: ChatKind, at: int) -> dict[str, Any]:
    """`DeletedChat`."""
    return {
        "jid": jid,
        "chat_type": CHAT_TYPES[kind],
        "gentime": at * NS_PER_MS,
        "is_archive": True,
    }


def _offer(sockets: Iterable[Connection], packet: bytes) -> None:
    for each in sockets:
        each.offer(packet)
