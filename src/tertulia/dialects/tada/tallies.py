"""What one account with a socket has not read: chat by chat, and the sums of its teams.

A `Tally` holds only the chats in which something is unread. Sums by team and kind go along with every
change, so that a packet for one reader is his shared bytes and a few numbers.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from msgspec import Raw

from tertulia.core.events import MessagePosted, MessagesDeleted, MessagesRead
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import ChatKind
from tertulia.core.team_model import HOME_TEAM
from tertulia.core.unread import Behind, Standing
from tertulia.dialects.tada.ids import Kind, to_uuid
from tertulia.dialects.tada.packets import About

Shared = Callable[[AccountId, AccountId], tuple[TeamId, ...]]
"""In which teams an account finds its direct chat with another (`Rosters.shared`)."""

KINDS = {ChatKind.DIRECT: 0, ChatKind.GROUP: 1, ChatKind.TASK: 2}
"""Places in the sums of a team; what is not here is not counted: nobody marks a channel as read."""

_SUMS = b'{"direct":{"messages":'
_OTHERS = b',"notice_messages":%d,"chats":%d}'
_NOT_HERE = b'{"messages":0,"notice_messages":0,"chats":0}'
_NEXT = (
    b',"group":{"messages":',
    b',"task":{"messages":',
    b',"meeting":%b,"thread":%b}' % (_NOT_HERE, _NOT_HERE),
)
"""By place: what follows the counters of a kind."""

_REST = b',"num_unread_notices":%d,"last_read_message_id":%b'
_NOTHING_LEFT = _REST[: _REST.index(b"%b")] % 0
_UNREAD = b'}],"team_unread":' + _SUMS
_BADGE = b',"badge":'
_END = b"}}"

MOST_NUMBERS = 10_000
"""Counters that are kept as text."""


class _Numbers(dict[int, bytes]):
    """Counters as text: most are one of few, and each is said once per packet and reader."""

    def __missing__(self, number: int) -> bytes:
        text = b"%d" % number
        if len(self) < MOST_NUMBERS:
            self[number] = text
        return text


_NUMBERS = _Numbers()


@lru_cache(maxsize=1_024)
def _after(place: int, mentioned: int, chats: int) -> bytes:
    return _OTHERS % (mentioned, chats) + _NEXT[place]


class Sum:
    """What an account has not read in the chats of one kind in one team.

    Attributes:
        messages: how many.
        mentioned: how many of them name the account.
        chats: in how many chats they are.
        rest: what follows the number of messages when the sums of the team are said.
    """

    __slots__ = ("_place", "chats", "mentioned", "messages", "rest")

    def __init__(self, place: int) -> None:
        """Nothing. *place*: where its kind stands in the sums of a team."""
        self._place = place
        self.messages = self.mentioned = self.chats = 0
        self.rest = _after(place, 0, 0)

    def move(self, messages: int, mentioned: int, chats: int) -> None:
        """So many more."""
        self.messages += messages
        self.mentioned += mentioned
        self.chats += chats
        self.rest = _after(self._place, self.mentioned, self.chats)


Sums = tuple[Sum, Sum, Sum]
"""Those of a team, in the order of KINDS."""


def _no_sums() -> Sums:
    return Sum(0), Sum(1), Sum(2)


NOTHING = _no_sums()
"""Of a team in which nothing is unread."""


def named(ref: MessageRef | None) -> bytes:
    """The message's uuid as JSON; null for none."""
    if ref is None:
        return b"null"
    return b'"%b"' % (ref.uid or to_uuid(Kind.MESSAGE, ref.id)).encode()


class Seat:
    """One chat in which an account has something unread.

    Attributes:
        place: where its kind stands in the sums of a team.
        mark: the message before the first unread one.
        mentioned: how many of the unread messages name the account.
        rest: what follows the number of unread messages in a packet, up to the sums of the team.
        counts: whether it is in any sum.
        sums: those of its kind in the teams in which it is found.
    """

    __slots__ = (
        "counts", "mark", "mentioned", "partner_id", "place", "rest", "sums", "team_id", "unread",
    )  # fmt: skip

    def __init__(self, behind: Behind) -> None:
        """Not in any sum yet."""
        self.place = KINDS[behind.kind]
        self.team_id = behind.team_id
        self.partner_id = behind.partner_id
        self.unread = 0
        self.mentioned = 0
        self.counts = False
        self.sums: tuple[Sum, ...] = ()
        self.set_mark(behind.mark)

    def set_mark(self, mark: MessageRef | None) -> None:
        """The account has read up to there."""
        self.mark = mark
        self._say()

    def mention(self, mentioned: int) -> None:
        """So many of the unread messages name the account now."""
        more, self.mentioned = mentioned - self.mentioned, mentioned
        for each in self.sums:
            each.move(0, more, 0)
        self._say()

    def _say(self) -> None:
        self.rest = _REST % (self.mentioned, named(self.mark)) + _UNREAD


class Tally:
    """What one account has not read.

    Attributes:
        badge: how many messages in all, each once, without chats it does not want to be counted.
    """

    __slots__ = (
        "_share", "account_id", "badge", "is_ready", "ready", "seats", "sockets", "sums", "uncounted",
    )  # fmt: skip

    def __init__(self, account_id: AccountId, share: Shared) -> None:
        """Not counted yet."""
        self._share = share
        self.account_id = account_id
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_ready = False
        self.sockets = 0
        self._clear()

    def _clear(self) -> None:
        self.seats: dict[ChatId, Seat] = {}
        self.sums: dict[TeamId, Sums] = {}
        self.uncounted: set[ChatId] = set()
        self.badge = 0

    # Moving.

    def fill(self, standing: Standing) -> None:
        """It stands so, everywhere."""
        self._clear()
        self.uncounted |= standing.uncounted
        for behind in standing.behind:
            self.put(behind)
        if not self.is_ready:
            self.is_ready = True
            self.ready.set_result(None)

    def put(self, behind: Behind) -> None:
        """It stands so in this chat."""
        self.drop(behind.chat_id)
        seat = self.seats[behind.chat_id] = Seat(behind)
        self._cast(behind.chat_id, seat)
        self.move(behind.chat_id, seat, behind.unread, behind.mentioned)

    def drop(self, chat_id: ChatId) -> None:
        """Nothing is unread there, or the chat is not the account's any more."""
        seat = self.seats.get(chat_id)
        if seat is not None:
            self.move(chat_id, seat, 0, 0)

    def move(self, chat_id: ChatId, seat: Seat, unread: int, mentioned: int) -> None:
        """So much is unread there now; with nothing left the seat is given up."""
        unread = max(unread, 0)
        if mentioned != seat.mentioned:
            seat.mention(mentioned)
        before, seat.unread = seat.unread, unread
        if not unread:
            del self.seats[chat_id]
        if seat.counts:
            more, chats = unread - before, (unread > 0) - (before > 0)
            self.badge += more
            for each in seat.sums:
                each.move(more, 0, chats)

    def _cast(self, chat_id: ChatId, seat: Seat) -> None:
        """Into which sums its chat goes. Only while nothing of it is in any."""
        seat.counts = chat_id not in self.uncounted
        if not seat.counts:
            seat.sums = ()
            return
        if seat.partner_id is not None:
            teams = self._share(self.account_id, seat.partner_id)
        else:
            teams = (HOME_TEAM if seat.team_id is None else seat.team_id,)
        seat.sums = tuple([self._sums_of(each)[seat.place] for each in teams])

    def _sums_of(self, team_id: TeamId) -> Sums:
        found = self.sums.get(team_id)
        if found is None:
            found = self.sums[team_id] = _no_sums()
        return found

    def recast(self, only: ChatId | None = None) -> None:
        """Chats may count elsewhere, or no more, or again; all of them, or one."""
        chats = self.seats if only is None else {only} & self.seats.keys()
        for chat_id in tuple(chats):
            seat = self.seats[chat_id]
            unread, mentioned = seat.unread, seat.mentioned
            self.move(chat_id, seat, 0, 0)
            self.seats[chat_id] = seat
            self._cast(chat_id, seat)
            self.move(chat_id, seat, unread, mentioned)

    def numbers(self) -> dict[TeamId, tuple[tuple[int, int, int], ...]]:
        """The sums as they are now, to be compared."""
        return {
            team_id: tuple([(each.messages, each.mentioned, each.chats) for each in sums])
            for team_id, sums in self.sums.items()
        }

    def begin(self, event: MessagePosted) -> None:
        """The first message that it has not read there."""
        is_direct = event.chat_kind is ChatKind.DIRECT
        chat_id, partner = event.message.chat_id, event.message.author_id if is_direct else None
        mentioned = int(event.message.names(self.account_id))
        self.put(Behind(chat_id, event.chat_kind, event.team_id, partner, 1, event.prev, mentioned))

    def read(self, event: MessagesRead) -> None:
        """The account itself has read."""
        seat = self.seats.get(event.chat_id)
        if seat is None:
            return
        mark = event.mark
        if mark is not None and (seat.mark is None or seat.mark.id < mark.id):
            seat.set_mark(mark)
        self.move(event.chat_id, seat, event.unread, event.mentioned)

    def deleted(self, event: MessagesDeleted) -> None:
        """Messages are gone; those of others that it had not read do not count any more."""
        seat = self.seats.get(event.chat_id)
        if seat is None:
            return
        me, mark, fewer, mentioned = self.account_id, seat.mark, 0, seat.mentioned
        since = 0 if mark is None else mark.id
        for each in event.whole:
            message = each.message
            if mark is not None and message.id == mark.id:
                seat.set_mark(each.prev)
            if message.id <= since or message.author_id == me or message.flags & SILENT:
                continue
            if message.notice is not None or (me, message.id) in event.unseen_by:
                continue
            fewer += 1
            mentioned -= message.names(me)
        self.move(event.chat_id, seat, seat.unread - fewer, mentioned)

    # Saying.

    def unread_in(self, team_id: TeamId) -> bytes:
        """The sums of a team (document: TeamUnread)."""
        pieces = [_SUMS]
        for each in self.sums.get(team_id, NOTHING):
            pieces += (_NUMBERS[each.messages], each.rest)
        return b"".join(pieces)

    def counters_of(self, teams: Iterable[TeamId]) -> dict[str, Any]:
        """What `server.team.counters` says of these teams."""
        counters = [
            {"uid": to_uuid(Kind.TEAM, each), "unread": Raw(self.unread_in(each))} for each in teams
        ]
        return {"teams": counters, "badge": self.badge}

    def rest(self, about: About, team_id: TeamId) -> bytes:
        """What follows `"num_unread":` in a packet about a chat; *team_id*: the socket's."""
        seat = self.seats.get(about.chat_id)
        if seat is None:
            # Nothing is unread: the newest message is the last that was read.
            unread, rest = 0, _NOTHING_LEFT + about.tail + _UNREAD
        else:
            unread, rest = seat.unread, seat.rest
        direct, group, task = self.sums.get(team_id, NOTHING)
        numbers = _NUMBERS
        return b"".join(
            (
                numbers[unread],
                rest,
                numbers[direct.messages],
                direct.rest,
                numbers[group.messages],
                group.rest,
                numbers[task.messages],
                task.rest,
                _BADGE,
                numbers[self.badge],
                _END,
            )
        )
