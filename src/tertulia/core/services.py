"""Everything the core can do, in one record that every dialect is handed."""

from dataclasses import dataclass

from tertulia.core.accounts import Accounts
from tertulia.core.chats import Chats
from tertulia.core.codes import Codes
from tertulia.core.contacts import Contacts
from tertulia.core.files import Files
from tertulia.core.keys import Keys
from tertulia.core.log import Log
from tertulia.core.messages import Messages
from tertulia.core.ports import Clock, Connections
from tertulia.core.presence import PresenceBook
from tertulia.core.push import Pushing
from tertulia.core.signals import Signals
from tertulia.core.signin import SignIn
from tertulia.core.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Services:
    """The messenger."""

    accounts: Accounts
    signin: SignIn
    codes: Codes
    contacts: Contacts
    files: Files
    keys: Keys
    chats: Chats
    messages: Messages
    presence: PresenceBook
    log: Log
    pushing: Pushing
    signals: Signals
    statistics: Statistics
    connections: Connections
    clock: Clock
