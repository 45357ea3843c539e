"""Our events in Tada's words, for sockets: one packet per view, however many listen.

What differs for everybody, the counters, is not in the packet: each socket adds its own
(`packets.Counted`).
"""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol, assert_never

import msgspec

from tertulia.core.events import (
    BlocksChanged,
    CallbackReplaced,
    CannotDecrypt,
    ChatChanged,
    ChatOpened,
    ChatSettingsChanged,
    Event,
    HookChanged,
    MembersAdded,
    MembersRemoved,
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesHidden,
    MessagesRead,
    PresenceChanged,
    PushesPut,
    ReactionsChanged,
    SectionsChanged,
    SessionsEnded,
    Signal,
    SignedIn,
    Subscribed,
    TagsChanged,
    TeamChanged,
    TeamMembersChanged,
    TeamRemoved,
    Typing,
    UiSettingsChanged,
    UnreadCounted,
)
from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import ChatKind
from tertulia.core.team_model import Section, Tag, TeamMember
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada.counters import Counters
from tertulia.dialects.tada.ids import Kind, to_jid, to_uuid
from tertulia.dialects.tada.messages import CHAT_TYPES
from tertulia.dialects.tada.packets import (
    About,
    Farewell,
    Moved,
    confirmable,
    counted,
    new_confirm_id,
    said,
    updated,
)
from tertulia.dialects.tada.quick import Names, Posted, is_plain
from tertulia.dialects.tada.rosters import Rosters
from tertulia.dialects.tada.tallies import Tally, named
from tertulia.dialects.tada.times import NS_PER_MS, date_time, gentime
from tertulia.dialects.tada.views import (
    ANYBODY,
    JIDS,
    Elsewhere,
    ForAuthor,
    Side,
    TadaReader,
    Viewing,
    seen_by,
)

COMPOSING_MS = 10_000
"""Who composes does so for that long, unless he says it again."""

UNKNOWN_DEVICE = "(unknown device)"


class Views(Protocol):
    """Objects (v4) as readers see them; everything is known, nothing is asked for."""

    def message(self, whole: WholeMessage, team_id: TeamId, reader: AccountId) -> bytes:
        """A message in that team, as JSON; ANYBODY sees it as those do who neither wrote nor deleted it."""
        ...

    def window_s(self, team_id: TeamId) -> int:
        """How long authors may change what they wrote, in seconds."""
        ...

    def status_of(self, team_id: TeamId, reader: AccountId) -> Hashable:
        """What the reader may do in the team, on which it depends how contacts look."""
        ...

    def contacts(self, event: TeamMembersChanged, view: Hashable) -> list[Any]:
        """Those of the event, for that view."""
        ...

    def team(self, event: TeamChanged, me: TeamMember, tally: Tally | None) -> Any:
        """A team as one of its members sees it."""
        ...

    def sections(self, sections: Sequence[Section]) -> list[Any]:
        """Sections."""
        ...

    def tags(self, tags: Sequence[Tag]) -> list[Any]:
        """Tags."""
        ...


MOST_GROUPS = 20_000
"""Groups whose names are remembered."""

MOST_RECEIVED = 1_000
"""Messages that one packet says are read; of more at once the oldest are left out."""


class TadaEncoder:
    """Tada's voice."""

    def __init__(self, rosters: Rosters, counters: Counters, views: Views) -> None:
        """Says events.

        Args:
            rosters: who is in which team.
            counters: what everybody has not read.
            views: objects as readers see them.
        """
        self._rosters = rosters
        self._counters = counters
        self._views = views
        self._viewing = Viewing(rosters, views.status_of)
        self.view = self._viewing.of
        self._groups: dict[ChatId, tuple[str, str]] = {}
        # What is said of the newest message in a group.
        self._last: MessagePosted | None = None
        self._posted: Posted | None = None

    def encode(self, event: Event, view: Hashable) -> bytes:
        """The finished frame, or what a socket makes one of (`packets`)."""
        if isinstance(view, Elsewhere):
            moved = Moved(b"moved")
            moved.teams = view.teams
            return moved
        match event:
            case MessagePosted():
                return self._new(event, view)
            case (
                MessageEdited(whole=WholeMessage() as whole)
                | ReactionsChanged(whole=WholeMessage() as whole)
            ):
                return self._updated((whole,), view, event.tail, delayed=True)
            case MessagesDeleted():
                gone = seen_by(event, _reader(view)[1])
                return self._updated(gone, view, event.tail, delayed=True)
            case MessagesRead():
                if isinstance(view, ForAuthor):
                    return self._received(event, view)
                return self._last_read(event, view)
            case Typing():
                return self._composing(event, view)
            case SignedIn():
                return said("server.login", {"device_name": event.device or UNKNOWN_DEVICE})
            case UiSettingsChanged():
                data = msgspec.Raw(event.settings.encode())
                return said("server.uisettings", {"namespace": "", "data": data})
            case TeamRemoved():
                return self._removed(event)
            case TeamMembersChanged():
                contacts = self._views.contacts(event, view)
                return said("server.contact.updated", {"contacts": contacts})
            case TeamChanged():
                return self._changed(event, view)
            case SectionsChanged():
                return self._sections(event)
            case TagsChanged():
                return said("server.tag.updated", {"tags": self._views.tags(event.tags)})
            case (
                MessageEdited()
                | MessagesHidden()
                | ReactionsChanged()
                | ChatOpened()
                | MembersAdded()
                | MembersRemoved()
                | ChatChanged()
                | ChatSettingsChanged()
                | CallbackReplaced()
                | Signal()
                | CannotDecrypt()
                | PresenceChanged()
                | SessionsEnded()
                | UnreadCounted()
                | BlocksChanged()
                | HookChanged()
                | Subscribed()
                | PushesPut()
            ):
                raise TypeError(f"{type(event).__name__} is not said here")
            case _:
                assert_never(event)

    def repeated(self, whole: WholeMessage, tail: MessageRef | None, reader: TadaReader) -> bytes:
        """A message again, for a socket that may have missed it; nothing if it is not found there."""
        view = self._viewing.of_message(whole, reader)
        if view is None or isinstance(view, Elsewhere):
            return b""
        return self._updated((whole,), Side(reader.team_id, reader.account_id), tail, delayed=True)

    def _new(self, event: MessagePosted, view: Hashable) -> bytes:
        """A new message: mostly plain words."""
        if self._last is not event and not is_plain(event):
            return self._updated((event.whole,), view, None, delayed=False)
        team_id, reader = _reader(view)
        author_id = event.message.author_id
        window_ms = self._views.window_s(team_id) * 1_000 if reader == author_id else 0
        if event.chat_kind is ChatKind.DIRECT:
            assert event.partner_id is not None, "`_place` made sure"
            author = self._rosters.jid(team_id, author_id, reader)
            to = self._rosters.jid(team_id, event.partner_id, reader)
            names = Names(author, to, to if reader == author_id else author, "direct")
            return Posted(event, names).packet(window_ms)
        if self._last is not event or self._posted is None:
            jid, chat_type = self._group(event)
            author = self._rosters.jid(team_id, author_id, ANYBODY)
            self._posted = Posted(event, Names(author, jid, jid, chat_type))
            self._last = event
        return self._posted.packet(window_ms)

    def _group(self, event: MessagePosted) -> tuple[str, str]:
        """Jid and type of a group or task."""
        chat_id = event.message.chat_id
        found = self._groups.get(chat_id)
        if found is None:
            if len(self._groups) >= MOST_GROUPS:
                self._groups.clear()
            kind = event.chat_kind
            found = self._groups[chat_id] = to_jid(JIDS[kind], chat_id), CHAT_TYPES[kind]
        return found

    def _updated(
        self,
        several: tuple[WholeMessage, ...],
        view: Hashable,
        tail: MessageRef | None,
        *,
        delayed: bool,
    ) -> bytes:
        team_id, account_id = _reader(view)
        shown = [self._views.message(each, team_id, account_id) for each in several]
        last = several[-1]
        chat_id, author_id = last.message.chat_id, last.message.author_id
        other = last.partner_id if account_id == author_id else author_id
        jid = self._jid(last.chat_kind, chat_id, other, team_id, account_id)
        # Of a new message it is known: it is this one.
        newest = tail if delayed else MessageRef(last.message.id, last.message.uid)
        ids = tuple([each.message.id for each in several])
        changed_at = last.changed_at if delayed else 0
        about = About(chat_id, named(newest), new_confirm_id(), ids, changed_at)
        counters = _counters(last.chat_kind, jid, last.changed_at)
        return updated(b",".join(shown), counters, about, delayed=delayed)

    def _last_read(self, event: MessagesRead, view: Hashable) -> bytes:
        team_id, account_id = _reader(view)
        jid = self._jid(event.chat_kind, event.chat_id, event.partner_id, team_id, account_id)
        counters = _counters(event.chat_kind, jid, event.at)
        about = About(event.chat_id, named(event.mark))
        return counted("server.chat.lastread", b'"chats":[', counters, about)

    def _received(self, event: MessagesRead, view: ForAuthor) -> bytes:
        team_id, me = view
        jid = self._jid(event.chat_kind, event.chat_id, event.account_id, team_id, me)
        first, uids = set(event.first), dict(event.uids)
        read = [each for author, ids in event.by_author if author == me for each in ids]
        messages = [
            {"chat": jid, "message_id": uuid_of(each, uids.get(each, "")), "received": True}
            for each in read
            if each in first
        ]
        # Newest first, as they come; clients read them in the order of the chat.
        return confirmable("server.message.received", {"messages": messages[:MOST_RECEIVED][::-1]})

    def _composing(self, event: Typing, view: Hashable) -> bytes:
        team_id, account_id = _reader(view)
        composing = event.state != "stop"
        actor = self._rosters.jid(team_id, event.account_id, account_id)
        jid = self._jid(event.chat_kind, event.chat_id, event.account_id, team_id, account_id)
        params: dict[str, Any] = {"jid": jid, "actor": actor, "composing": composing}
        if event.by_voice:
            params["is_audio"] = True
        if composing:
            params["valid_until"] = date_time(event.at + COMPOSING_MS)
        return said("server.chat.composing", params)

    def _changed(self, event: TeamChanged, view: Hashable) -> bytes:
        me = next(each for each in event.members if each.account_id == view)
        team = self._views.team(event, me, self._counters.of(me.account_id))
        return said("server.team.updated", {"teams": [team]})

    def _removed(self, event: TeamRemoved) -> bytes:
        team = {
            "uid": to_uuid(Kind.TEAM, event.team_id),
            "is_archive": True,
            "gentime": gentime(event.version),
        }
        farewell = Farewell(said("server.team.deleted", {"teams": [team]}))
        farewell.team_id = event.team_id
        return farewell

    def _sections(self, event: SectionsChanged) -> bytes:
        frames = []
        for name, sections in (("updated", event.sections), ("deleted", event.removed)):
            if sections:
                params = {
                    "chat_type": "direct",
                    "sections": self._views.sections(sections),
                    "gentime": gentime(event.version),
                }
                frames.append(said(f"server.section.{name}", params))
        return b"".join(frames)

    def _jid(
        self,
        kind: ChatKind,
        chat_id: ChatId,
        other: AccountId | None,
        team_id: TeamId,
        reader: AccountId,
    ) -> str:
        """What the chat is called there; *other*: in a direct chat the one who is not the reader."""
        if kind is ChatKind.DIRECT:
            return "" if other is None else self._rosters.jid(team_id, other, reader)
        return to_jid(JIDS[kind], chat_id)


def _counters(kind: ChatKind, jid: str, changed_at: int) -> bytes:
    """What counters of a chat say to everybody."""
    version = changed_at * NS_PER_MS
    return f'"jid":"{jid}","chat_type":"{CHAT_TYPES[kind]}","gentime":{version}'.encode()


def _reader(view: Hashable) -> tuple[TeamId, AccountId]:
    """The team of a view, and whose it is; ANYBODY when it is the same for many."""
    if isinstance(view, Side):
        return view
    assert isinstance(view, int), "every other view of a chat is a team"
    return TeamId(view), ANYBODY


def uuid_of(message_id: MessageId, uid: str) -> str:
    """A message's uuid: the name its sender gave it, or one made of its number."""
    return uid or to_uuid(Kind.MESSAGE, message_id)
