"""Who hears of an event on a socket, and on what it depends how it is said to him.

A socket belongs to one team, and names differ by team; in a direct chat the two sides call it by each
other's name. So a view is the team, and where it matters the reader.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from typing_extensions import override

from tertulia.core.events import (
    Event,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesRead,
    ReactionsChanged,
    SectionsChanged,
    SignedIn,
    TagsChanged,
    TeamChanged,
    TeamMembersChanged,
    TeamRemoved,
    Typing,
    UiSettingsChanged,
)
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, TeamId
from tertulia.core.message_model import Message
from tertulia.core.model import ChatKind
from tertulia.core.team_model import HOME_TEAM, TeamMember
from tertulia.core.whole import WholeMessage
from tertulia.delivery.encoder import Connection, Reader
from tertulia.delivery.hub import Hub
from tertulia.dialects.tada.ids import Kind
from tertulia.dialects.tada.rosters import Rosters
from tertulia.dialects.tada.tallies import KINDS

ANYBODY = AccountId(0)
"""The reader of a view that is the same for many."""

JIDS = {ChatKind.GROUP: Kind.GROUP, ChatKind.TASK: Kind.TASK, ChatKind.CHANNEL: Kind.GROUP}

MOST_CONTACTS = 200
"""Contacts of which a team is told at once; of more it is not told one by one."""

StatusOf = Callable[[TeamId, AccountId], Hashable]
"""What a reader may do in a team, on which it depends how contacts look (`events.Views.status_of`)."""


MOBILE = frozenset({"android", "ios", "iosfb"})
"""Types of devices that people carry about."""


@dataclass(frozen=True, slots=True)
class TadaReader(Reader):
    """Who listens on a socket, and in which team."""

    team_id: TeamId

    @property
    @override
    def is_mobile(self) -> bool:
        """By the type of device that it signed in with."""
        return self.flavour in MOBILE


class Side(NamedTuple):
    """A view in which one reader's own names count."""

    team_id: TeamId
    account_id: AccountId


class Elsewhere(NamedTuple):
    """The view of a socket of another team than those in which the chat is found."""

    teams: tuple[TeamId, ...]


class ForAuthor(NamedTuple):
    """The view of somebody whose messages were read."""

    team_id: TeamId
    account_id: AccountId


class Viewing:
    """Finds the view of an event for a reader."""

    def __init__(self, rosters: Rosters, status_of: StatusOf) -> None:
        self._rosters = rosters
        self._status_of = status_of
        # The newest message in a group that looks alike to all but its author, and where it was said.
        self._common: MessagePosted | None = None
        self._team_id, self._author_id = HOME_TEAM, ANYBODY

    def of(self, event: Event, reader: Reader) -> Hashable | None:
        """The view; None: he does not hear of it."""
        assert isinstance(reader, TadaReader), "Tada's sockets have them"
        if event is self._common and reader.team_id == self._team_id:
            # By far the most frequent.
            me = reader.account_id
            return self._team_id if me != self._author_id else Side(self._team_id, me)
        if type(event) is MessagePosted:
            return self._posted(event, reader)
        match event:
            case (
                MessageEdited(whole=WholeMessage() as whole)
                | ReactionsChanged(whole=WholeMessage() as whole)
            ):
                view = self.of_message(whole, reader)
                return None if isinstance(view, Elsewhere) else view
            case MessagesDeleted() if event.whole:
                return self._deleted(event, reader)
            case MessagesRead():
                return self._read(event, reader)
            case Typing():
                if reader.account_id == event.account_id or event.encrypted:
                    return None
                me, actor = reader.account_id, event.account_id
                view = self._place(event.chat_kind, event.team_id, actor, me, reader)
                return None if isinstance(view, Elsewhere) else view
            case SignedIn():
                return None if reader.session_id == event.session_id else ANYBODY
            case UiSettingsChanged() | TeamRemoved() | SectionsChanged() | TagsChanged():
                return ANYBODY
            case TeamMembersChanged(members=members):
                if event.team_id != reader.team_id:
                    return None
                if (
                    event.privately
                    or len(members) > MOST_CONTACTS
                    or _entry(members, reader.account_id)
                ):
                    # He reads the list anew, or is told apart (`live.Live`): he sees himself otherwise.
                    return None
                return self._status_of(reader.team_id, reader.account_id)
            case TeamChanged():
                return reader.account_id
            case _:
                return None

    def _posted(self, event: MessagePosted, reader: TadaReader) -> Hashable | None:
        """A new message: of a group or task, a direct one, or of another team."""
        message, me = event.message, reader.account_id
        if event.encrypted:
            return None
        view = _personal(
            message,
            reader,
            self._place(
                event.chat_kind, event.team_id, message.author_id, event.partner_id, reader
            ),
        )
        if isinstance(view, Elsewhere):
            is_silent = message.flags & SILENT or message.notice is not None
            is_news = me != message.author_id and not is_silent and event.chat_kind in KINDS
            return view if is_news else None
        if event.chat_kind in JIDS and not message.mentions:
            self._common = event
            self._team_id, self._author_id = reader.team_id, message.author_id
        return view

    def _place(
        self,
        kind: ChatKind,
        team_id: TeamId | None,
        author_id: AccountId,
        partner_id: AccountId | None,
        reader: TadaReader,
    ) -> Hashable | None:
        """How the chat of *author* (and, if it is a direct one, *partner*) is found from that socket."""
        if kind is ChatKind.DIRECT:
            if partner_id is None:
                return None
            me = reader.account_id
            teams = self._rosters.shared(me, partner_id if me == author_id else author_id)
            return Side(reader.team_id, me) if reader.team_id in teams else Elsewhere(teams)
        if kind not in JIDS:
            return None
        home = HOME_TEAM if team_id is None else team_id
        if home != reader.team_id:
            return Elsewhere((home,))
        # Until when one may change a message, only its author is told.
        me = reader.account_id
        return Side(home, me) if me == author_id else home

    def of_message(self, whole: WholeMessage, reader: TadaReader) -> Hashable | None:
        """The view of a message, as it is now."""
        if whole.encrypted:
            return None
        message = whole.message
        view = self._place(
            whole.chat_kind, whole.team_id, message.author_id, whole.partner_id, reader
        )
        return _personal(message, reader, view)

    def _deleted(self, event: MessagesDeleted, reader: TadaReader) -> Hashable | None:
        """Authors, and whoever deleted them, still see what they said; who never saw them hears nothing."""
        me = reader.account_id
        seen = seen_by(event, me)
        if not seen:
            return None
        view = self.of_message(seen[0], reader)
        differs = (
            me == event.account_id
            or len(seen) < len(event.whole)
            or any(each.message.author_id == me for each in seen)
        )
        return Side(reader.team_id, me) if differs and isinstance(view, int) else view

    def _read(self, event: MessagesRead, reader: TadaReader) -> Hashable | None:
        if event.encrypted:
            return None
        me = reader.account_id
        partner = event.partner_id
        view = self._place(event.chat_kind, event.team_id, event.account_id, partner, reader)
        if me == event.account_id or view is None:
            return view
        first = set(event.first)
        is_news = any(author == me and not first.isdisjoint(ids) for author, ids in event.by_author)
        if not is_news or isinstance(view, Elsewhere):
            return None
        return ForAuthor(reader.team_id, me)


def sockets_of(hub: Hub, account_id: AccountId, team_id: TeamId | None = None) -> list[Connection]:
    """The account's sockets of Tada in that team; None: in all."""
    return [
        each
        for each in hub.of(account_id)
        if isinstance(each.reader, TadaReader) and team_id in (None, each.reader.team_id)
    ]


def seen_by(event: MessagesDeleted, account_id: AccountId) -> tuple[WholeMessage, ...]:
    """What is gone for that reader; ANYBODY saw all of it."""
    if not event.unseen_by:
        return event.whole
    unseen = {message_id for account, message_id in event.unseen_by if account == account_id}
    return tuple([each for each in event.whole if each.message.id not in unseen])


def _personal(message: Message, reader: TadaReader, view: Hashable | None) -> Hashable | None:
    """Whoever is named in a message is told so."""
    if isinstance(view, int) and message.mentions and message.names(reader.account_id):
        return Side(reader.team_id, reader.account_id)
    return view


def _entry(members: Sequence[TeamMember], account_id: AccountId) -> TeamMember | None:
    return next((each for each in members if each.account_id == account_id), None)
