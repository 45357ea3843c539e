"""Our events in SAMA's words: one packet per view, however many listen."""

from collections.abc import Hashable
from itertools import zip_longest
from typing import Any, assert_never

from msgspec import Raw

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
from tertulia.core.ids import AccountId
from tertulia.core.model import Chat, ChatKind
from tertulia.delivery.encoder import Reader
from tertulia.dialects.sama.desk import CHAT_SETTINGS, STOCK, SamaReader
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.wire import (
    TYPES,
    Conversation,
    LastMessage,
    Links,
    Message,
    encode,
    whole_second,
)
from tertulia.web.frames import text_frame

ALL = "all"
"""The view of whoever is told, when all are told the same."""

MOST_IDS = 100
"""Ids in one `message_read` packet; more go out in several."""


class SamaEncoder:
    """SAMA's voice. The connection that caused an event hears of it only in notices."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def view(self, event: Event, reader: Reader) -> Hashable | None:
        """What the packet depends on: nothing, the reader's flavour, or whose messages were read."""
        match event:
            case MessagePosted():
                if reader.connection == event.origin and event.message.notice is None:
                    return None
                return ALL
            case MessagesRead():
                if reader.account_id != event.account_id:
                    return reader.account_id
                return None if reader.connection == event.origin else ALL
            case PresenceChanged():
                return reader.flavour
            case ChatSettingsChanged():
                return ALL if _has_asked(reader) else None
            case (
                SessionsEnded()
                | SignedIn()
                | UiSettingsChanged()
                | TeamChanged()
                | TeamRemoved()
                | TeamMembersChanged()
                | SectionsChanged()
                | TagsChanged()
                | CallbackReplaced()
                | UnreadCounted()
                | BlocksChanged()
            ):
                return None
            case _:
                return None if reader.connection == event.origin else ALL

    def encode(self, event: Event, view: Hashable) -> bytes:
        """The finished frame."""
        match event:
            case MessagePosted():
                return text_frame(_posted(event, self._links))
            case MessagesRead() | ReactionsChanged():
                return b"".join(map(text_frame, self.packets(event, view)))
            case _:
                return text_frame(encode(_packet(event, view, self._links)))

    def packets(self, event: Event, view: Hashable) -> list[bytes]:
        """The same without the frame: mostly one packet, seldom several."""
        match event:
            case MessagePosted():
                return [_posted(event, self._links)]
            case MessagesRead():
                return [encode(packet) for packet in _read(event, view)]
            case ReactionsChanged():
                return [encode(packet) for packet in _reacted(event)]
            case _:
                return [encode(_packet(event, view, self._links))]


def _posted(event: MessagePosted, links: Links) -> bytes:
    return b'{"message":%b}' % encode(Message.of(event.message, links, TYPES[event.chat_kind]))


def _packet(event: Event, view: Hashable, links: Links) -> dict[str, Any]:
    match event:
        case MessageEdited():
            said = _in_chat(event) | {"id": to_wire(event.message_id), "body": event.text}
            return {"message_edit": said}
        case MessagesDeleted() | MessagesHidden():
            said = _in_chat(event) | {
                "ids": [to_wire(each) for each in event.message_ids],
                "type": "all" if isinstance(event, MessagesDeleted) else "myself",
            }
            return {"message_delete": said}
        case Typing():
            said = _in_chat(event) | {"t": event.at // 1000}
            if event.state:
                said["status"] = event.state
            return {"typing": said}
        case ChatOpened():
            return _about_chat("conversation_created", event, links)
        case ChatChanged():
            return _about_chat("conversation_updated", event, links)
        case MembersAdded():
            return _about_chat("conversation_updated", event, links)
        case MembersRemoved():
            return _about_chat("conversation_kicked", event, links)
        case Signal():
            return {"system_message": _signal(event)}
        case CannotDecrypt():
            ids = [to_wire(each) for each in event.message_ids]
            said = {"cid": to_wire(event.chat_id), "ids": ids, "from": to_wire(event.account_id)}
            return {"message_decryption_failed": said}
        case PresenceChanged():
            online = 0 if view == STOCK else "online"
            value = online if event.online else event.seen_at // 1000
            return {"last_activity": {to_wire(event.account_id): value}}
        case ChatSettingsChanged():
            said = {
                "cid": to_wire(event.chat.id),
                "pinned": event.pinned,
                "muted": not event.notifies,
                "order": event.pin_order,
            }
            return {"chat_settings": said}
        case (
            MessagePosted()
            | MessagesRead()
            | ReactionsChanged()
            | SessionsEnded()
            | SignedIn()
            | UiSettingsChanged()
            | TeamChanged()
            | TeamRemoved()
            | TeamMembersChanged()
            | SectionsChanged()
            | TagsChanged()
            | CallbackReplaced()
            | UnreadCounted()
            | BlocksChanged()
            | HookChanged()
            | Subscribed()
            | PushesPut()
        ):
            raise TypeError(f"{type(event).__name__} is not said here")
        case _:
            assert_never(event)


def _has_asked(reader: Reader) -> bool:
    return isinstance(reader, SamaReader) and CHAT_SETTINGS in reader.extensions


def _in_chat(
    event: MessageEdited | MessagesDeleted | MessagesHidden | ReactionsChanged | Typing,
) -> dict[str, Any]:
    return {
        "cid": to_wire(event.chat_id),
        "c_type": TYPES[event.chat_kind],
        "from": to_wire(event.account_id),
    }


def _about_chat(
    name: str, event: ChatOpened | ChatChanged | MembersAdded | MembersRemoved, links: Links
) -> dict[str, Any]:
    """A system message whose `_id` is the conversation's."""
    conversation = _with_participants(event.chat, event.members, links)
    if isinstance(event, MembersAdded):
        conversation.unread_messages_count = 0 if event.last is None else 1
        if event.last is not None:
            conversation.last_message = LastMessage.of(event.last, links)
    cid = to_wire(event.chat.id)
    said = {
        "_id": cid,
        "t": whole_second(event.at),
        "from": to_wire(event.account_id),
        "cid": cid,
        "x": {name: conversation},
    }
    return {"system_message": said}


def _with_participants(chat: Chat, members: tuple[AccountId, ...], links: Links) -> Conversation:
    conversation = Conversation.of(chat, links)
    # Of a large group nobody is named, as of a channel; an empty list says that nobody is left.
    if chat.kind is not ChatKind.CHANNEL and (members or not chat.subscribers):
        conversation.participants = [to_wire(each) for each in members]
    return conversation


def _signal(event: Signal) -> dict[str, Any]:
    said: dict[str, Any] = {
        "_id": event.client_ref,
        "t": whole_second(event.at),
        "from": to_wire(event.account_id),
        "x": Raw(event.extra.encode()),
    }
    if event.chat_id is not None:
        said["cid"] = to_wire(event.chat_id)
    return said


def _read(event: MessagesRead, view: Hashable) -> list[dict[str, Any]]:
    """For an author his messages, for the reader's other devices all: newest first, 100 a packet."""
    if view == ALL:
        ids = sorted((each for _, read in event.by_author for each in read), reverse=True)
    else:
        ids = [each for author, read in event.by_author if author == view for each in read]
    packets = []
    for start in range(0, len(ids), MOST_IDS):
        said = {
            "cid": to_wire(event.chat_id),
            "ids": [to_wire(each) for each in ids[start : start + MOST_IDS]],
            "from": to_wire(event.account_id),
        }
        packets.append({"message_read": said})
    return packets


def _reacted(event: ReactionsChanged) -> list[dict[str, Any]]:
    """One reaction comes and one goes per packet; here it is seldom more."""
    packets = []
    for added, removed in zip_longest(event.added, event.removed):
        said = _in_chat(event) | {"mid": to_wire(event.message_id)}
        if added is not None:
            said["add"] = added
        if removed is not None:
            said["remove"] = removed
        packets.append({"message_reactions_update": said})
    return packets
