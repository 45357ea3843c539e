"""Everything the core can do, in one record that every dialect is handed."""

from dataclasses import dataclass

from tertulia.core.accounts import Accounts
from tertulia.core.chats import Chats
from tertulia.core.messages import Messages
from tertulia.core.ports import Clock, Connections
from tertulia.core.presence import PresenceBook
from tertulia.core.signals import Signals
from tertulia.core.signin import SignIn


@dataclass(frozen=True, slots=True)
class Services:
    """The messenger."""

    accounts: Accounts
    signin: SignIn
    chats: Chats
    messages: Messages
    presence: PresenceBook
    signals: Signals
    connections: Connections
    clock: Clock
