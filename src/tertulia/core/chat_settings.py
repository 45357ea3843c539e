"""How one keeps one's chats, whatever team or API they are of: pinned, quiet."""

from collections.abc import Mapping
from typing import Protocol

from tertulia.core.chat_lists import MemberSettings, SettingsChange
from tertulia.core.errors import BadInput
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import Actor
from tertulia.core.ports import Clock

MOST_AT_ONCE = 100
"""Chats that one request may change."""


class ChatSettingsStore(Protocol):
    """Settings at rest."""

    async def all_of(self, account_id: AccountId) -> Mapping[ChatId, MemberSettings]:
        """Of the chats he is in and has ever kept otherwise than at first."""
        ...

    async def keep(
        self, actor: Actor, changes: Mapping[ChatId, SettingsChange], now: int
    ) -> Mapping[ChatId, MemberSettings]:
        """All of them or none; how the chats are kept then. Raises: NotFound("chat")."""
        ...


class ChatSettings:
    """What one does with one's settings."""

    def __init__(self, store: ChatSettingsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def all_of(self, actor: Actor) -> Mapping[ChatId, MemberSettings]:
        """Of every chat that the actor is in and has ever kept otherwise than at first."""
        return await self._store.all_of(actor.account_id)

    async def keep(
        self, actor: Actor, changes: Mapping[ChatId, SettingsChange]
    ) -> Mapping[ChatId, MemberSettings]:
        """Keep these chats so from now on, all of them or none; the actor's other devices hear.

        Raises:
            BadInput: "chats": more than `MOST_AT_ONCE`.
            NotFound: "chat": there is none such, or the actor is not in it.
        """
        if len(changes) > MOST_AT_ONCE:
            raise BadInput("chats", f"must be at most {MOST_AT_ONCE}")
        return await self._store.keep(actor, changes, self._clock.now_ms())
