"""Pushes: who wants them, and what they say.

Who gets one, and when, is `delivery.pushes`' business; how it gets there is an adapter's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol, assert_never

from tertulia.core.errors import BadInput, NotFound, TooMuch
from tertulia.core.events import ChatOpened, MembersAdded, MembersRemoved, MessagePosted
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import Attachment
from tertulia.core.model import Account, Actor, Chat, ChatKind
from tertulia.core.ports import AccountStore, Clock
from tertulia.core.signals import Seconds

MOST_SUBSCRIPTIONS = 20
"""Of one account; a new one beyond takes the place of the oldest."""

ANNOUNCEMENTS_PER_MINUTE = 10
"""Of one account; more are refused."""

MAX_WORDS = 255
"""Code points of a title, and of a body."""


class Platform(StrEnum):
    """What kind of device it is."""

    WEB = "web"
    IOS = "ios"
    ANDROID = "android"


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """Where pushes of one device shall go: a web push `endpoint` with its keys, or a `token`."""

    device: str
    platform: Platform
    endpoint: str = ""
    key_auth: str = ""
    key_p256dh: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it is kept."""

    id: int
    account_id: AccountId
    created_at: int
    updated_at: int
    to: NewSubscription


class Push(NamedTuple):
    """One push on its way to one device."""

    id: int
    subscription_id: int
    account_id: AccountId
    to: NewSubscription
    payload: str


class Outcome(StrEnum):
    """What became of an attempt. FAILED may be tried again, REFUSED never, GONE: nor any other."""

    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"
    GONE = "gone"


class PushSender(Protocol):
    """The way to devices."""

    async def send(self, to: NewSubscription, payload: str) -> Outcome:
        """Try once, within a deadline. Never fails otherwise."""
        ...


class Endpoints(Protocol):
    """Which addresses the server may call."""

    def is_allowed(self, url: str) -> bool:
        """False when one sees at the address itself that it may not. Names are looked up later."""
        ...


class PushStore(Protocol):
    """Subscriptions and pushes at rest."""

    async def subscribe(
        self, account_id: AccountId, new: NewSubscription, most: int, now: int
    ) -> Subscription:
        """New, or the device's old one with everything replaced; the oldest go above *most*.

        It is told (`Subscribed`).
        """
        ...

    async def unsubscribe(self, account_id: AccountId, device: str) -> bool:
        """Whether there was one."""
        ...

    async def of(self, account_id: AccountId) -> list[Subscription]:
        """The account's subscriptions, oldest first."""
        ...

    async def drop(self, subscription_id: int) -> None:
        """Nobody is there any more."""
        ...

    async def subscribers(self) -> set[AccountId]:
        """Every account that has a subscription."""
        ...

    async def scene(self, author_id: AccountId, chat_id: ChatId) -> tuple[Account, Chat] | None:
        """Who did it and where; None when either is gone."""
        ...

    async def unmuted(self, chat_id: ChatId, accounts: Sequence[AccountId]) -> list[AccountId]:
        """Those of them whom that chat may call."""
        ...

    async def put(
        self,
        author_id: AccountId,
        accounts: Sequence[AccountId],
        payload: str,
        now: int,
        *,
        for_others: bool,
    ) -> tuple[int, list[Push]]:
        """A push for each subscription of those who are in no block with the author; its number.

        `for_others`: another process sends them, and is told of them (`PushesPut`).
        """
        ...

    async def put_between(self, after: int, upto: int) -> list[Push]:
        """Those with numbers after *after* and up to *upto* that are not settled, oldest first."""
        ...

    async def waiting(self, since: int, limit: int) -> list[Push]:
        """The newest that were put after *since* and not settled, oldest first."""
        ...

    async def settle(self, push_id: int) -> None:
        """It has been sent, or never will be."""
        ...

    async def forget(self, before: int) -> None:
        """Drop what was put before that and never settled."""
        ...


class Courier(Protocol):
    """Takes pushes and sees to it that they are sent."""

    def learn(self, account_id: AccountId) -> None:
        """The account has a subscription now."""
        ...

    async def post(
        self, author_id: AccountId, accounts: Sequence[AccountId], payload: str, now: int
    ) -> int:
        """Store the pushes and send them when it can; their number."""
        ...


@dataclass(frozen=True, slots=True)
class PushNotice:
    """What a push says, before a dialect puts it into its words."""

    title: str
    body: str
    chat_id: ChatId
    attachment: Attachment | None = None
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Announcement:
    """A push that somebody has written himself. `payload` is a JSON object."""

    id: int
    account_id: AccountId
    recipients: tuple[AccountId, ...]
    payload: str
    at: int


PushWorthy = MessagePosted | ChatOpened | MembersAdded | MembersRemoved


def notice_for(event: PushWorthy, author: Account, chat: Chat) -> PushNotice:
    """What is said to those who do not hear the event."""
    match event:
        case MessagePosted(message=message):
            who = author.login if message.notice is None else author.display_name
            title = who if chat.kind is ChatKind.DIRECT else f"{who} | {chat.name}"
            encrypted = chat.encrypted or message.cipher is not None
            body = "" if encrypted else message.text
            first = message.attachments[0] if message.attachments else None
            return PushNotice(title[:MAX_WORDS], body[:MAX_WORDS], chat.id, first, encrypted)
        case ChatOpened():
            done = "created a new conversation"
        case MembersAdded():
            done = "added you to conversation"
        case MembersRemoved():
            done = "removed you from conversation"
        case _:
            assert_never(event)
    body = f"{author.display_name} {done}"
    return PushNotice(chat.name[:MAX_WORDS], body[:MAX_WORDS], chat.id, None, chat.encrypted)


class Pushing:
    """What accounts can do with pushes."""

    def __init__(
        self,
        store: PushStore,
        courier: Courier,
        endpoints: Endpoints,
        accounts: AccountStore,
        clock: Clock,
    ) -> None:
        self._store = store
        self._courier = courier
        self._endpoints = endpoints
        self._accounts = accounts
        self._clock = clock
        self._minutes = Seconds()

    async def subscribe(self, actor: Actor, new: NewSubscription) -> Subscription:
        """The device's subscription from now on. What is no address at all is kept, and never called.

        Raises:
            BadInput: "endpoint" when it is an address that the server would not call.
        """
        if "://" in new.endpoint and not self._endpoints.is_allowed(new.endpoint):
            raise BadInput("endpoint", "is no public address")
        now = self._clock.now_ms()
        made = await self._store.subscribe(actor.account_id, new, MOST_SUBSCRIPTIONS, now)
        self._courier.learn(actor.account_id)
        return made

    async def subscriptions(self, actor: Actor) -> list[Subscription]:
        """One's own, oldest first."""
        return await self._store.of(actor.account_id)

    async def unsubscribe(self, actor: Actor, device: str) -> None:
        """No pushes to that device. Raises: NotFound("subscription")."""
        if not await self._store.unsubscribe(actor.account_id, device):
            raise NotFound("subscription")

    async def announce(
        self, actor: Actor, recipients: Sequence[AccountId], payload: str
    ) -> Announcement:
        """Push one's own words to all devices of others. Who blocks the actor is skipped.

        Raises:
            NotFound: "recipients": there is none of them.
            TooMuch: "announcements".
        """
        now = self._clock.now_ms()
        me = actor.account_id
        known = {account.id for account in await self._accounts.several(recipients)}
        told = tuple(each for each in dict.fromkeys(recipients) if each in known)
        if not told:
            raise NotFound("recipients")
        # A sixtieth of the time: its seconds are our minutes.
        if self._minutes.count(me, now // 60) > ANNOUNCEMENTS_PER_MINUTE:
            raise TooMuch("announcements", 60)
        number = await self._courier.post(me, told, payload, now)
        return Announcement(number, me, told, payload, now)
