"""Sums of unread messages that have moved in a team other than a socket's (C.4, server.team.counters).

Mostly the event itself is a word for the sockets of other teams (`views.Elsewhere`). Two cases are not: a
direct chat that is found in several teams, whose sockets each hear of their own team only; and whatever
moves sums without being told elsewhere.
"""

from collections.abc import Iterable, Mapping

from tertulia.core.events import (
    ChatSettingsChanged,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesHidden,
    MessagesRead,
    UnreadCounted,
)
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import Chat, ChatKind
from tertulia.core.team_model import HOME_TEAM
from tertulia.core.whole import WholeMessage
from tertulia.delivery.hub import Hub
from tertulia.dialects.tada.counters import Stand
from tertulia.dialects.tada.packets import Moved
from tertulia.dialects.tada.rosters import Rosters
from tertulia.dialects.tada.tallies import Tally
from tertulia.dialects.tada.views import TadaReader

Counting = (
    MembersRemoved
    | ChatSettingsChanged
    | MessageEdited
    | MessagesDeleted
    | MessagesHidden
    | MessagesRead
    | UnreadCounted
)
"""Events that move counters, besides new messages."""

Stands = Mapping[AccountId, Stand]


def who_counts(event: Counting, accounts: Iterable[AccountId]) -> tuple[ChatId, list[AccountId]]:
    """Of which chat they move counters, and whose."""
    match event:
        case MembersRemoved() | ChatSettingsChanged():
            return event.chat.id, [*event.accounts]
        case MessageEdited():
            return event.chat_id, [account_id for account_id, _ in event.mentioned]
        case MessagesDeleted():
            # Of others it tells all sockets itself.
            return event.chat_id, [*accounts] if event.chat_kind is ChatKind.DIRECT else []
        case MessagesHidden() | MessagesRead():
            return event.chat_id, [event.account_id]
        case UnreadCounted():
            if event.chat_id is None:
                # Somebody is new here: nobody was told anything before.
                return ChatId(0), []
            return event.chat_id, [each.account_id for each in event.standings]


class MovedSums:
    """Tells of them."""

    def __init__(self, hub: Hub, rosters: Rosters) -> None:
        self._hub = hub
        self._rosters = rosters

    def teams_of(self, chat: Chat, me: AccountId) -> tuple[TeamId, ...]:
        """Where the account finds the chat."""
        other = chat.other_id if chat.owner_id == me else chat.owner_id
        return self.found_in(chat.kind, chat.team_id, other, me)

    def found_in(
        self, kind: ChatKind, team_id: TeamId | None, other: AccountId | None, me: AccountId
    ) -> tuple[TeamId, ...]:
        """The same; *other*: in a direct chat the one who is not *me*."""
        if kind is not ChatKind.DIRECT:
            return (HOME_TEAM if team_id is None else team_id,)
        return () if other is None else self._rosters.shared(me, other)

    def posted(self, event: MessagePosted, tally: Tally) -> None:
        """A new message in a direct chat; *tally*: of who has not read it."""
        message = event.message
        seat = tally.seats.get(message.chat_id)
        if seat is None or len(seat.sums) <= 1:
            # It is found in one team, as most are, or does not count.
            return
        me = tally.account_id
        if not message.flags & SILENT and message.notice is None and me not in event.hidden_from:
            teams = self._rosters.shared(me, message.author_id)
            self.tell(me, teams, event.origin, only_inside=True)

    def heard(self, event: Counting, before: Stands, after: Stands) -> None:
        """An event that moved sums of these accounts."""
        for account_id, stand in after.items():
            if stand.in_sums == before[account_id].in_sums and not isinstance(event, MessagesRead):
                continue
            # These two tell sockets elsewhere themselves.
            only_inside = isinstance(event, MessagesRead | MessagesDeleted)
            teams = self._teams(event, account_id)
            self.tell(account_id, teams, event.origin, only_inside=only_inside)

    def _teams(self, event: Counting, me: AccountId) -> tuple[TeamId, ...]:
        match event:
            case MembersRemoved() | ChatSettingsChanged():
                return self.teams_of(event.chat, me)
            case MessagesRead():
                return self.found_in(event.chat_kind, event.team_id, event.partner_id, me)
            case MessageEdited(whole=WholeMessage() as whole):
                return self._around(whole, me)
            case MessagesDeleted():
                return self._around(event.whole[0], me) if event.whole else ()
            case UnreadCounted():
                for standing in event.standings:
                    for each in standing.behind if standing.account_id == me else ():
                        return self.found_in(each.kind, each.team_id, each.partner_id, me)
                return ()
            case _:
                # Where what an account has hidden is found, has to be read first.
                return ()

    def _around(self, whole: WholeMessage, me: AccountId) -> tuple[TeamId, ...]:
        """Where the account finds the message's chat."""
        author_id = whole.message.author_id
        other = whole.partner_id if author_id == me else author_id
        return self.found_in(whole.chat_kind, whole.team_id, other, me)

    def tell(
        self,
        account_id: AccountId,
        teams: tuple[TeamId, ...],
        origin: int,
        *,
        only_inside: bool = False,
    ) -> None:
        """Its sums of these teams have moved. *only_inside*: sockets of other teams know it already."""
        for each in self._hub.of(account_id):
            reader = each.reader
            if not isinstance(reader, TadaReader) or (only_inside and reader.team_id not in teams):
                continue
            others = tuple([team_id for team_id in teams if team_id != reader.team_id])
            if others:
                moved = Moved(b"moved")
                moved.teams = others
                offer = each.offer_after_answer if reader.connection == origin else each.offer
                offer(moved)
