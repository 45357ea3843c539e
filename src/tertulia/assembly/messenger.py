"""Builds the messenger: every service over its store, and who is connected."""

import asyncio
import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from tertulia.adapters import push_web
from tertulia.adapters.push_web import DevicePushes, Vapid
from tertulia.assembly.parts import Parts
from tertulia.assembly.tasks import Spawn
from tertulia.core.accounts import Accounts
from tertulia.core.chats import Chats
from tertulia.core.codes import Codes
from tertulia.core.contacts import Contacts
from tertulia.core.files import Files
from tertulia.core.ids import AccountId
from tertulia.core.keys import Keys
from tertulia.core.links import FileLinks
from tertulia.core.log import Log
from tertulia.core.messages import Messages
from tertulia.core.presence import PresenceBook
from tertulia.core.push import Pushing
from tertulia.core.services import Services
from tertulia.core.signals import Signals
from tertulia.core.signin import SignIn
from tertulia.core.statistics import Statistics
from tertulia.delivery.audience import Audience
from tertulia.delivery.hub import Hub
from tertulia.delivery.pushes import Pushes
from tertulia.dialects.sama import push_words
from tertulia.settings import SettingsError
from tertulia.store.accounts import SqlAccounts
from tertulia.store.blocks import SqlBlocks
from tertulia.store.chats import SqlChats
from tertulia.store.codes import SqlCodes
from tertulia.store.contacts import SqlContacts
from tertulia.store.counts import SqlCounts
from tertulia.store.files import SqlFiles
from tertulia.store.keys import SqlKeys
from tertulia.store.messages import SqlMessages
from tertulia.store.oplog import SqlLog
from tertulia.store.pushes import SqlPushes
from tertulia.store.sessions import SqlSessions
from tertulia.web.limits import Attempts
from tertulia.web.transfer import PATH as FILES_PATH

LOG = logging.getLogger(__name__)

FAILED_SIGN_INS = 10
FAILED_WITHIN_S = 600.0

FILE_KEY_NAME = "file links"
"""Under which the key that signs links to files lies in the store."""


@dataclass(frozen=True, slots=True)
class Messenger:
    """The core, and what delivery shares with it."""

    core: Services
    hub: Hub
    audience: Audience
    pushes: Pushes


async def messenger(parts: Parts) -> Messenger:
    """Every service, over its store.

    Raises:
        SettingsError: a key the operator gave is none.
    """
    engine, clock, bus = parts.engine, parts.clock, parts.bus
    spawn: Spawn = parts.tasks.start
    accounts, blocks, sessions = SqlAccounts(engine), SqlBlocks(engine), SqlSessions(engine)
    chats, messages = SqlChats(engine), SqlMessages(engine)
    audience = Audience(chats.card)
    journal = SqlLog(engine)
    await journal.close_visits()
    log = Log(journal, clock)

    def came(account_id: AccountId) -> None:
        spawn(log.came(account_id))
        spawn(presence.came(account_id))

    def went(account_id: AccountId) -> None:
        spawn(log.went(account_id))
        spawn(presence.went(account_id))

    hub = Hub(came, went)
    presence = PresenceBook(accounts, blocks, hub, bus.announce, clock)
    attempts = Attempts(FAILED_SIGN_INS, FAILED_WITHIN_S, asyncio.get_running_loop().time)
    links = FileLinks(await parts.secret(FILE_KEY_NAME), parts.base_url + FILES_PATH, clock)
    subscriptions = SqlPushes(engine)
    pushes = Pushes(
        hub,
        audience,
        subscriptions,
        await _sender(parts),
        words=push_words(links.download),
        clock=clock,
        spawn=spawn,
    )
    most_bytes = parts.settings.max_upload
    core = Services(
        accounts=Accounts(accounts, blocks, parts.passwords, hub, clock),
        signin=SignIn(accounts, sessions, parts.passwords, attempts, clock),
        codes=Codes(SqlCodes(engine), parts.passwords, parts.mailer, attempts, clock),
        contacts=Contacts(SqlContacts(engine), clock),
        files=Files(SqlFiles(engine), parts.disk, links, clock, most_bytes=most_bytes),
        keys=Keys(SqlKeys(engine), clock),
        chats=Chats(chats, clock),
        messages=Messages(messages, clock),
        presence=presence,
        log=log,
        pushing=Pushing(subscriptions, pushes, parts.outbound, accounts, clock),
        signals=Signals(accounts, blocks, chats, audience, bus.announce, clock),
        statistics=Statistics(SqlCounts(engine), hub, clock),
        connections=hub,
        clock=clock,
    )
    return Messenger(core, hub, audience, pushes)


async def _sender(parts: Parts) -> DevicePushes:
    """The way to devices, with the operator's key, or one of our own, made at the first start."""
    settings = parts.settings
    key = settings.vapid_key or await SqlSessions(parts.engine).server_secret(
        push_web.KEY_NAME, push_web.new_key()
    )
    address = urlsplit(parts.base_url)
    contact = parts.base_url if address.scheme == "https" else f"mailto:tertulia@{address.hostname}"
    try:
        vapid = Vapid(key, contact)
    except ValueError as error:
        raise SettingsError(f"vapid_key: it is no private key ({error})") from error
    LOG.info("Web push is ready", extra={"fields": {"public_key": vapid.public_key}})
    return DevicePushes(parts.outbound, vapid, parts.clock, settings.push_url)
