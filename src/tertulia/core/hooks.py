"""Integrations of a team: programs outside that post to one of its groups, and hear what is said there.

A hook has a key, with which anybody may post to the hook's group, and perhaps an address (a webhook) that
is told of every new message. What is posted with the key is written by the hook's bot, an account of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import NamedTuple, Protocol

from tertulia.core import text
from tertulia.core.errors import BadInput, NotSignedIn, TooMuch
from tertulia.core.ids import AccountId, ChatId, HookId, TeamId
from tertulia.core.message_model import Message
from tertulia.core.messages import check_text
from tertulia.core.model import Actor
from tertulia.core.ports import Attempts, Clock
from tertulia.core.team_model import Team

KEY_BYTES = 20
"""Random bytes of a key: 27 characters."""

MAX_COMMENT = 250
"""Code points."""

MAX_URL = 500
"""Characters of a webhook's address."""

MOST_HOOKS = 200
"""Of one team."""

MOST_KEYS = 20
"""Groups that one request may post to."""

NOTES_PER_MINUTE = 600
"""With one key; more are refused."""


KIND = "webhook"
"""Of the courses of webhooks."""


class HookKind(StrEnum):
    """What kind of program it is. Only RAW is offered a webhook; the others come with a form of their own."""

    SENTRY = "sentry"
    BITBUCKET = "bitbucket"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Hook:
    """An integration. `bot_id` is the author of what is posted with `key`; `webhook_url` "": none."""

    id: HookId
    team_id: TeamId
    chat_id: ChatId
    bot_id: AccountId
    kind: HookKind
    comment: str
    is_enabled: bool
    key: str
    webhook_url: str
    created_at: int


class Key(NamedTuple):
    """A key, and what it is found by."""

    text: str
    hash: str

    @classmethod
    def drawn(cls) -> "Key":
        """A new one, as nobody can guess it."""
        return cls.of(token_urlsafe(KEY_BYTES))

    @classmethod
    def of(cls, key: str) -> "Key":
        """One that was shown. The time a look-up by its hash takes says nothing about other keys."""
        return cls(key, sha256(key.encode("utf-8", "surrogatepass")).hexdigest())


@dataclass(frozen=True, slots=True)
class NewHook:
    """What a new integration is to be."""

    kind: HookKind
    chat_id: ChatId
    comment: str = ""
    is_enabled: bool = True
    webhook_url: str = ""


@dataclass(frozen=True, slots=True)
class HookChange:
    """What to change in an integration; None leaves a field as it is."""

    chat_id: ChatId | None = None
    comment: str | None = None
    is_enabled: bool | None = None
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What a program posts. `flags` and `uid` are those of a message."""

    words: str
    flags: int = 0
    uid: str = ""


class Told(NamedTuple):
    """What a webhook is to be told next, oldest first.

    `seen`: everything up to this place in the log has been looked at.
    """

    hook: Hook
    team: Team
    chat_name: str
    messages: tuple[Message, ...]
    seen: int


class Endpoints(Protocol):
    """Which addresses the server may call."""

    async def vet(self, url: str, *, unfound: bool = False) -> str | None:
        """Why the server does not call it, looked up now; None when it does. `unfound`: it need not be found."""
        ...


class HookStore(Protocol):
    """Integrations at rest. Who may manage them is checked in the same transaction."""

    async def listed(self, actor: Actor, team_id: TeamId) -> list[Hook]:
        """Those of the team, oldest first. Raises: NotFound("team"), NotAllowed."""
        ...

    async def need(self, actor: Actor, team_id: TeamId, hook_id: HookId) -> Hook:
        """One of the team. Raises: NotFound("team" | "hook"), NotAllowed."""
        ...

    async def add(self, actor: Actor, team_id: TeamId, new: NewHook, key: Key, now: int) -> Hook:
        """A new one, with its bot. Raises: NotFound("team"), BadInput("group"), NotAllowed, TooMuch."""
        ...

    async def change(
        self, actor: Actor, team_id: TeamId, hook_id: HookId, change: HookChange, now: int
    ) -> Hook:
        """It is so from now on. Raises: NotFound("team" | "hook"), BadInput("group"), NotAllowed."""
        ...

    async def remove(self, actor: Actor, team_id: TeamId, hook_id: HookId, now: int) -> None:
        """It is gone, and its key with it. Raises: NotFound("team" | "hook"), NotAllowed."""
        ...

    async def post(self, key_hashes: Sequence[str], note: Note, now: int) -> None:
        """To the group of each key, or to none. Raises: NotSignedIn("key"), NotFound("chat")."""
        ...

    async def check(self, key_hashes: Sequence[str]) -> None:
        """Raises: NotSignedIn("key"), NotFound("chat"), as `post` would."""
        ...

    async def ears(self) -> list[tuple[HookId, ChatId]]:
        """Every webhook there is, and the chat it listens to."""
        ...

    async def ear(self, hook_id: HookId) -> ChatId | None:
        """The chat that its webhook listens to; None: it has none, is switched off, or gone."""
        ...

    async def told(self, hook_id: HookId, after: int, limit: int) -> Told | None:
        """The first messages after that place in the log; None: there is no such webhook now."""
        ...


class Hooks:
    """What can be done with integrations."""

    def __init__(
        self,
        store: HookStore,
        endpoints: Endpoints,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        """`attempts` counts what is posted, by key."""
        self._store = store
        self._endpoints = endpoints
        self._attempts = attempts
        self._clock = clock
        self._chats: dict[HookId, ChatId] = {}
        self._ears: dict[ChatId, tuple[HookId, ...]] = {}

    async def open(self) -> None:
        """Learn which chats webhooks listen to. Later changes are learned one by one."""
        ears = await self._store.ears()
        self._chats, self._ears = {}, {}
        for hook_id, chat_id in ears:
            self._listen(hook_id, chat_id)

    async def learn(self, hook_id: HookId) -> None:
        """The hook is there, is another one than before, or is gone."""
        self._listen(hook_id, await self._store.ear(hook_id))

    def listening_to(self, chat_id: ChatId) -> tuple[HookId, ...]:
        """The webhooks that are told of messages in that chat; looked up in memory.

        They are known to the process that tells them, once it has learned them.
        """
        return self._ears.get(chat_id, ())

    async def told(self, hook_id: HookId, after: int, limit: int) -> Told | None:
        """What a webhook is to be told next; None: it is gone, or switched off."""
        return await self._store.told(hook_id, after, limit)

    async def listed(self, actor: Actor, team_id: TeamId) -> list[Hook]:
        """The team's integrations, oldest first.

        Raises:
            NotFound: "team".
            NotAllowed: the actor is not in the team, or neither its owner nor an admin.
        """
        return await self._store.listed(actor, team_id)

    async def need(self, actor: Actor, team_id: TeamId, hook_id: HookId) -> Hook:
        """One integration of the team. Raises: as `listed`, and NotFound("hook")."""
        return await self._store.need(actor, team_id, hook_id)

    async def add(self, actor: Actor, team_id: TeamId, new: NewHook) -> Hook:
        """A new integration, with a new key and a bot.

        Raises:
            BadInput: "comment", "webhook_url"; "group" when the chat is no living group of the team.
            NotFound: "team".
            NotAllowed: as `listed`.
            TooMuch: "hooks".
        """
        await self.listed(actor, team_id)
        new = replace(new, comment=new.comment.strip(), webhook_url=new.webhook_url.strip())
        _check_comment(new.comment)
        await self._check_address(new.webhook_url)
        now = self._clock.now_ms()
        return await self._store.add(actor, team_id, new, Key.drawn(), now)

    async def change(
        self, actor: Actor, team_id: TeamId, hook_id: HookId, change: HookChange
    ) -> Hook:
        """The integration as it is now; its key stays. Raises: as `add`, and NotFound("hook")."""
        old = await self.need(actor, team_id, hook_id)
        if change.comment is not None:
            change = replace(change, comment=change.comment.strip())
            _check_comment(change.comment or "")
        if change.webhook_url is not None:
            change = replace(change, webhook_url=change.webhook_url.strip())
            if change.webhook_url != old.webhook_url:
                await self._check_address(change.webhook_url or "")
        now = self._clock.now_ms()
        return await self._store.change(actor, team_id, hook_id, change, now)

    async def remove(self, actor: Actor, team_id: TeamId, hook_id: HookId) -> None:
        """The integration is gone, its key is dead. Raises: as `need`."""
        await self._store.remove(actor, team_id, hook_id, self._clock.now_ms())

    async def post(self, keys: Sequence[str], note: Note) -> None:
        """Post to the group of each of the keys, in one commit: to all of them or to none.

        Raises:
            NotSignedIn: "key": one of them is unknown, disabled, or of a team that is gone.
            NotFound: "chat": the group of one is gone.
            BadInput: "keys" when there are too many; "text" when it is empty or too long; "uid".
            TooMuch: "notes".
        """
        wanted = list(dict.fromkeys(Key.of(each).hash for each in keys))
        if not wanted:
            raise NotSignedIn("key")
        if len(wanted) > MOST_KEYS:
            raise BadInput("keys", "are too many")
        for each in wanted:
            waits = self._attempts.wait_s(each)
            if waits > 0:
                raise TooMuch("notes", max(1, round(waits)))
        for each in wanted:
            self._attempts.count(each)
        try:
            check_text(note.words)
        except BadInput:
            # Who has no key is told so first.
            await self._store.check(wanted)
            raise
        await self._store.post(wanted, note, self._clock.now_ms())

    def _listen(self, hook_id: HookId, chat_id: ChatId | None) -> None:
        old = self._chats.pop(hook_id, None)
        if old is not None:
            others = tuple(each for each in self._ears[old] if each != hook_id)
            if others:
                self._ears[old] = others
            else:
                del self._ears[old]
        if chat_id is not None:
            self._chats[hook_id] = chat_id
            self._ears[chat_id] = (*self._ears.get(chat_id, ()), hook_id)

    async def _check_address(self, url: str) -> None:
        if not url:
            return
        if len(url) > MAX_URL:
            raise BadInput("webhook_url", "is too long")
        # Where a host is just now says nothing of where it will be: every call looks it up again.
        why = await self._endpoints.vet(url, unfound=True)
        if why is not None:
            raise BadInput("webhook_url", why)


def _check_comment(comment: str) -> None:
    if text.is_longer(comment, MAX_COMMENT):
        raise BadInput("comment", "is too long")
