"""Everything that can happen, as one closed union.

`origin` is the connection that caused the event (0: none): it is told after it has had its answer, if its
dialect tells it at all. An event whose audience is not its chat names the accounts in `accounts`.
`members` are all who are in the chat; of a channel, and of a group that is too large, it is empty, whoever
is in it. `partner_id`: in a direct chat the one who is not the author; None in an encrypted one, which two
people may have beside their plain one.
"""

from typing import NamedTuple

from tertulia.core.account_events import (
    BlocksChanged,
    CallbackReplaced,
    SessionsEnded,
    SignedIn,
    UiSettingsChanged,
    UnreadCounted,
)
from tertulia.core.chat_events import (
    ChatChanged,
    ChatOpened,
    ChatSettingsChanged,
    MembersAdded,
    MembersRemoved,
)
from tertulia.core.message_events import (
    MessageEdited,
    MessagePosted,
    MessagesDeleted,
    MessagesHidden,
    MessagesRead,
    ReactionsChanged,
)
from tertulia.core.outgoing_events import HookChanged, PushesPut, Subscribed
from tertulia.core.signal_events import (
    CannotDecrypt,
    PresenceChanged,
    Signal,
    Typing,
)
from tertulia.core.team_events import (
    SectionsChanged,
    TagsChanged,
    TeamChanged,
    TeamMembersChanged,
    TeamRemoved,
)

__all__ = [
    "BlocksChanged",
    "CallbackReplaced",
    "CannotDecrypt",
    "ChatChanged",
    "ChatOpened",
    "ChatSettingsChanged",
    "Event",
    "HookChanged",
    "LogEntry",
    "MembersAdded",
    "MembersRemoved",
    "MessageEdited",
    "MessagePosted",
    "MessagesDeleted",
    "MessagesHidden",
    "MessagesRead",
    "PresenceChanged",
    "PushesPut",
    "ReactionsChanged",
    "SectionsChanged",
    "SessionsEnded",
    "Signal",
    "SignedIn",
    "Subscribed",
    "TagsChanged",
    "TeamChanged",
    "TeamMembersChanged",
    "TeamRemoved",
    "Typing",
    "UiSettingsChanged",
    "UnreadCounted",
]

Event = (
    MessagePosted
    | MessageEdited
    | MessagesDeleted
    | MessagesHidden
    | MessagesRead
    | ReactionsChanged
    | ChatOpened
    | MembersAdded
    | MembersRemoved
    | ChatChanged
    | ChatSettingsChanged
    | Signal
    | CannotDecrypt
    | Typing
    | PresenceChanged
    | SessionsEnded
    | SignedIn
    | UiSettingsChanged
    | BlocksChanged
    | TeamChanged
    | TeamRemoved
    | TeamMembersChanged
    | SectionsChanged
    | TagsChanged
    | CallbackReplaced
    | UnreadCounted
    | HookChanged
    | Subscribed
    | PushesPut
)


class LogEntry(NamedTuple):
    """An event with its place in the log."""

    number: int
    event: Event
