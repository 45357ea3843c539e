"""Everything the core can do, in one record that every dialect is handed."""

from dataclasses import dataclass

from tertulia.core.accounts import Accounts
from tertulia.core.archive import Archive
from tertulia.core.callbacks import CallbackAddresses
from tertulia.core.chat_lists import ChatLists
from tertulia.core.chat_settings import ChatSettings
from tertulia.core.chats import Chats
from tertulia.core.codes import Codes
from tertulia.core.contacts import Contacts
from tertulia.core.devices import Devices
from tertulia.core.files import Files
from tertulia.core.groups import Groups
from tertulia.core.histories import Histories
from tertulia.core.hooks import Hooks
from tertulia.core.invitations import Invitations
from tertulia.core.invites import Invites
from tertulia.core.keys import Keys
from tertulia.core.letters import Letters
from tertulia.core.log import Log
from tertulia.core.messages import Messages
from tertulia.core.oauth import OAuth
from tertulia.core.phone_codes import PhoneCodes
from tertulia.core.places import Places
from tertulia.core.portraits import Portraits
from tertulia.core.ports import Clock, Connections
from tertulia.core.positions import Positions
from tertulia.core.presence import PresenceBook
from tertulia.core.push import Pushing
from tertulia.core.registrations import Registrations
from tertulia.core.searching import Searching
from tertulia.core.sections import Sections
from tertulia.core.signals import Signals
from tertulia.core.signin import SignIn
from tertulia.core.statistics import Statistics
from tertulia.core.stream import Stream
from tertulia.core.tasks import Tasks
from tertulia.core.team_uploads import TeamUploads
from tertulia.core.teams import Teams
from tertulia.core.ui_settings import UiSettings
from tertulia.core.unconfirmed import UnconfirmedStore
from tertulia.core.unread import UnreadStore


@dataclass(frozen=True, slots=True)
class Services:
    """The messenger."""

    accounts: Accounts
    signin: SignIn
    invites: Invites
    codes: Codes
    phone_codes: PhoneCodes
    registrations: Registrations
    contacts: Contacts
    devices: Devices
    files: Files
    keys: Keys
    chats: Chats
    messages: Messages
    archive: Archive
    letters: Letters
    places: Places
    positions: Positions
    stream: Stream
    callbacks: CallbackAddresses
    hooks: Hooks
    oauth: OAuth
    presence: PresenceBook
    log: Log
    pushing: Pushing
    signals: Signals
    statistics: Statistics
    teams: Teams
    invitations: Invitations
    sections: Sections
    portraits: Portraits
    ui_settings: UiSettings
    chat_lists: ChatLists
    chat_settings: ChatSettings
    searching: Searching
    groups: Groups
    histories: Histories
    tasks: Tasks
    team_uploads: TeamUploads
    unread: UnreadStore
    unconfirmed: UnconfirmedStore
    connections: Connections
    clock: Clock
