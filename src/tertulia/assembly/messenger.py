"""Builds the messenger: every service over its store, and who is connected."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from tertulia.adapters import push_keys
from tertulia.adapters.pushes import DevicePushes
from tertulia.adapters.sms import sms_sender_at
from tertulia.assembly.parts import Parts
from tertulia.assembly.tasks import Spawn
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
from tertulia.core.guessing import Guessing
from tertulia.core.histories import Histories
from tertulia.core.hooks import NOTES_PER_MINUTE, Hooks
from tertulia.core.ids import AccountId
from tertulia.core.invitations import Invitations
from tertulia.core.invites import Invites
from tertulia.core.keys import Keys
from tertulia.core.letters import Letters
from tertulia.core.links import FileLinks
from tertulia.core.log import Log
from tertulia.core.messages import Messages
from tertulia.core.oauth import OAuth
from tertulia.core.phone_codes import PhoneCodes
from tertulia.core.phones import is_number
from tertulia.core.places import Places
from tertulia.core.portraits import Portraits
from tertulia.core.positions import Positions
from tertulia.core.presence import PresenceBook
from tertulia.core.push import Pushing
from tertulia.core.registrations import Registrations
from tertulia.core.searching import Searching
from tertulia.core.sections import Sections
from tertulia.core.services import Services
from tertulia.core.signals import Signals
from tertulia.core.signin import SignIn
from tertulia.core.statistics import Statistics
from tertulia.core.stream import Stream
from tertulia.core.tasks import Tasks
from tertulia.core.team_uploads import TeamUploads
from tertulia.core.teams import Teams
from tertulia.core.ui_settings import UiSettings
from tertulia.delivery.audience import Audience
from tertulia.delivery.callbacks import Callbacks
from tertulia.delivery.delivered import Delivered
from tertulia.delivery.hub import Hub
from tertulia.delivery.pushes import Pushes
from tertulia.dialects.sama import push_words
from tertulia.settings import SettingsError
from tertulia.store.accounts import SqlAccounts
from tertulia.store.archive import SqlArchive
from tertulia.store.blocks import SqlBlocks
from tertulia.store.callbacks import SqlCallbacks
from tertulia.store.chat_lists import SqlChatLists
from tertulia.store.chat_settings import SqlChatSettings
from tertulia.store.chats import SqlChats
from tertulia.store.codes import SqlCodes
from tertulia.store.contacts import SqlContacts
from tertulia.store.counts import SqlCounts
from tertulia.store.courses import SqlCourses
from tertulia.store.devices import SqlDevices
from tertulia.store.files import SqlFiles
from tertulia.store.groups import SqlGroups
from tertulia.store.histories import SqlHistories
from tertulia.store.hooks import SqlHooks
from tertulia.store.house_bots import house_bots
from tertulia.store.invitations import SqlInvitations
from tertulia.store.invites import SqlInvites
from tertulia.store.keys import SqlKeys
from tertulia.store.letters import SqlLetters
from tertulia.store.messages import SqlMessages
from tertulia.store.oauth import SqlOAuth
from tertulia.store.oplog import SqlLog
from tertulia.store.phone_codes import SqlPhoneCodes
from tertulia.store.places import SqlPlaces
from tertulia.store.positions import SqlPositions
from tertulia.store.pushes import SqlPushes
from tertulia.store.registrations import SqlRegistrations
from tertulia.store.searching import SqlSearch
from tertulia.store.sections import SqlSections
from tertulia.store.sessions import SqlSessions
from tertulia.store.stream import SqlStream
from tertulia.store.tasks import SqlTasks
from tertulia.store.team_members import SqlTeamMembers
from tertulia.store.team_uploads import SqlTeamUploads
from tertulia.store.teams import SqlTeams
from tertulia.store.ui_settings import SqlUiSettings
from tertulia.store.unconfirmed import SqlUnconfirmed
from tertulia.store.unread import SqlUnread
from tertulia.web.limits import Attempts
from tertulia.web.transfer import PATH as FILES_PATH

FAILED_SIGN_INS = 10
FAILED_WITHIN_S = 600.0
MINUTE_S = 60.0

FILE_KEY_NAME = "file links"
"""Under which the key that signs links to files lies in the store."""

PHONE_CODE_KEY_NAME = "phone codes"
"""Under which the key that codes are hashed with lies in the store."""


@dataclass(frozen=True, slots=True)
class Messenger:
    """The core, and what delivery shares with it."""

    core: Services
    hub: Hub
    audience: Audience
    delivered: Delivered
    pushes: Pushes
    callbacks: Callbacks
    journal: SqlLog
    """Knows what other processes must be told of who is connected here."""
    sender: DevicePushes
    """Knows the public key, too, which browsers subscribe with."""


async def messenger(parts: Parts) -> Messenger:
    """Every service, over its store.

    Raises:
        SettingsError: a key or a test number the operator gave is none.
    """
    engine, clock, bus = parts.engine, parts.clock, parts.bus
    spawn: Spawn = parts.tasks.start
    accounts, blocks, sessions = SqlAccounts(engine), SqlBlocks(engine), SqlSessions(engine)
    chats, stored, registered = SqlChats(engine), SqlFiles(engine), SqlRegistrations(engine)
    messages = Messages(SqlMessages(engine), clock)
    audience = Audience(chats.card)
    delivered = Delivered(lambda: engine.position)
    journal = SqlLog(engine, lambda: delivered.position, process=parts.process)
    await journal.close_visits()
    log = Log(journal, clock, spawn=spawn)

    def came(account_id: AccountId) -> None:
        # No task for each of thousands who come at once with another process.
        if presence.is_watched(account_id):
            spawn(presence.came(account_id))

    def went(account_id: AccountId) -> None:
        spawn(presence.went(account_id))

    def went_elsewhere(account_id: AccountId) -> None:
        presence.forget(account_id)
        if presence.is_watched(account_id):
            spawn(presence.went_elsewhere(account_id))

    hub = Hub(came, went, went_elsewhere)
    presence = PresenceBook(accounts, blocks, hub, bus.announce, clock)
    now_s = asyncio.get_running_loop().time
    attempts, strangers = (Attempts(FAILED_SIGN_INS, FAILED_WITHIN_S, now_s) for _ in range(2))
    guessing = Guessing(parts.passwords, attempts, strangers, tally=parts.tally)
    phone_codes = await _phone_codes(parts)
    links = FileLinks(await parts.secret(FILE_KEY_NAME), parts.base_url + FILES_PATH, clock)
    subscriptions = SqlPushes(engine)
    sender = await _sender(parts)
    pushes = Pushes(
        hub,
        audience,
        subscriptions,
        sender,
        words=push_words(links.download),
        clock=clock,
        spawn=spawn,
    )
    callbacks = Callbacks(SqlCourses(engine), parts.outbound, clock, spawn)
    changes = Attempts(parts.settings.callback_changes, MINUTE_S, now_s)
    notes = Attempts(NOTES_PER_MINUTE, MINUTE_S, now_s)
    hooks = Hooks(SqlHooks(engine), parts.outbound, notes, clock)
    most_bytes, sign_up = parts.settings.max_upload, parts.settings.registration
    bots = await house_bots(engine, clock.now_ms())
    teams = Teams(SqlTeams(engine), SqlTeamMembers(engine), bots, clock)
    files = Files(stored, parts.files, links, clock, most_bytes=most_bytes)
    core = Services(
        accounts=Accounts(accounts, blocks, parts.passwords, hub, clock, sign_up=sign_up),
        signin=SignIn(
            accounts, sessions, registered, guessing, clock, spawn=spawn, sign_up=sign_up
        ),
        invites=Invites(SqlInvites(engine), sign_up, clock),
        codes=Codes(SqlCodes(engine), parts.passwords, parts.mailer, attempts, clock),
        phone_codes=phone_codes,
        registrations=Registrations(
            registered, phone_codes, parts.passwords, guessing, clock, sign_up=sign_up
        ),
        contacts=Contacts(SqlContacts(engine), clock),
        devices=Devices(SqlDevices(engine), clock),
        files=files,
        keys=Keys(SqlKeys(engine), clock),
        chats=Chats(chats, clock),
        messages=messages,
        archive=Archive(SqlArchive(engine)),
        letters=Letters(SqlLetters(engine), messages, clock),
        places=Places(SqlPlaces(engine)),
        positions=Positions(SqlPositions(engine)),
        stream=Stream(SqlStream(engine, process=parts.process), clock),
        callbacks=CallbackAddresses(SqlCallbacks(engine), parts.outbound, changes, clock),
        hooks=hooks,
        oauth=OAuth(SqlOAuth(engine), clock),
        presence=presence,
        log=log,
        pushing=Pushing(subscriptions, pushes, parts.outbound, accounts, clock),
        signals=Signals(accounts, blocks, chats, audience, bus.announce, clock),
        statistics=Statistics(SqlCounts(engine), hub, clock),
        teams=teams,
        invitations=Invitations(SqlInvitations(engine), clock),
        sections=Sections(SqlSections(engine), teams, clock),
        portraits=Portraits(stored, parts.files, clock),
        ui_settings=UiSettings(SqlUiSettings(engine)),
        chat_lists=ChatLists(SqlChatLists(engine), clock),
        chat_settings=ChatSettings(SqlChatSettings(engine), clock),
        searching=Searching(SqlSearch(engine), clock),
        groups=Groups(SqlGroups(engine), clock),
        tasks=Tasks(SqlTasks(engine), clock),
        team_uploads=TeamUploads(SqlTeamUploads(engine), files, clock),
        histories=Histories(SqlHistories(engine), messages, clock),
        unread=SqlUnread(engine),
        unconfirmed=SqlUnconfirmed(engine, lambda: delivered.position),
        connections=hub,
        clock=clock,
    )
    return Messenger(core, hub, audience, delivered, pushes, callbacks, journal, sender)


async def _phone_codes(parts: Parts) -> PhoneCodes:
    """Codes by SMS, sent as the operator wants."""
    settings = parts.settings
    for number, _ in settings.sms_test_numbers:
        if not is_number(number):
            raise SettingsError(f"sms_test_numbers: {number} is no phone number")
    return PhoneCodes(
        SqlPhoneCodes(parts.engine),
        sms_sender_at(settings.sms_url, parts.outbound),
        await parts.secret(PHONE_CODE_KEY_NAME),
        dict(settings.sms_test_numbers),
        parts.clock,
        tally=parts.tally,
    )


async def _sender(parts: Parts) -> DevicePushes:
    """The way to devices, with the operator's key, or one of our own, made at the first start."""
    settings = parts.settings
    key = settings.vapid_key or await SqlSessions(parts.engine).server_secret(
        push_keys.KEY_NAME, push_keys.new_key()
    )
    address = urlsplit(parts.base_url)
    contact = parts.base_url if address.scheme == "https" else f"mailto:tertulia@{address.hostname}"
    try:
        return DevicePushes(parts.outbound, key, contact, parts.clock, settings.push_url)
    except ValueError as error:
        raise SettingsError(f"vapid_key: it is no private key ({error})") from error
