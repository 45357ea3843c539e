"""What goes from people to people and is never stored: typing, and packets between clients."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tertulia.core.chat_ports import BlockStore, ChatStore
from tertulia.core.errors import NotAllowed, NotFound, TooMuch
from tertulia.core.events import CannotDecrypt, Signal, Typing
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.model import Actor, ChatKind
from tertulia.core.ports import AccountStore, Announce, Audience, ChatCard, Clock

TYPING_PER_S = 2
"""Of one account in one chat; more are swallowed."""

SIGNALS_PER_S = 10
"""Of one account; more are refused."""

MOST_REMEMBERED = 20_000
"""Accounts and chats whose last second is remembered."""


@dataclass(frozen=True, slots=True)
class NewSignal:
    """A packet for the members of a chat, or for some accounts. `extra` is a JSON object."""

    client_ref: str
    extra: str
    chat_id: ChatId | None = None
    accounts: tuple[AccountId, ...] = ()


class Seconds:
    """Counts per key and second; remembers only the newest keys."""

    def __init__(self) -> None:
        self._counts: OrderedDict[object, tuple[int, int]] = OrderedDict()

    def count(self, key: object, now_ms: int) -> int:
        """The how-manieth this is of *key* in this second."""
        second = now_ms // 1000
        was, times = self._counts.pop(key, (second, 0))
        times = times + 1 if was == second else 1
        self._counts[key] = (second, times)
        if len(self._counts) > MOST_REMEMBERED:
            self._counts.popitem(last=False)
        return times


class Signals:
    """Passes on what nobody needs to find later."""

    def __init__(  # noqa: PLR0917 - whom to ask, whom to tell
        self,
        accounts: AccountStore,
        blocks: BlockStore,
        chats: ChatStore,
        audience: Audience,
        announce: Announce,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._blocks = blocks
        self._chats = chats
        self._audience = audience
        self._announce = announce
        self._clock = clock
        self._seconds = Seconds()

    async def typing(
        self, actor: Actor, chat_id: ChatId, state: str, *, by_voice: bool = False
    ) -> None:
        """Tell the others of the chat that the actor writes. *state*: "", "start" or "stop".

        Where he may only read, nobody is told: his client may not know that.

        Raises:
            NotFound: "chat".
            NotAllowed: the actor is not in it, a block stands between the two, or it is a channel.
        """
        card = await self._need_card(actor, chat_id)
        if card.kind is ChatKind.CHANNEL:
            raise NotAllowed("type in a channel")
        if card.kind is ChatKind.DIRECT:
            await self._need_no_block(actor, card)
        now = self._clock.now_ms()
        if self._seconds.count((actor.account_id, chat_id), now) > TYPING_PER_S:
            return
        if await self._may_write(actor, chat_id, card):
            me, origin, team_id = actor.account_id, actor.connection, card.team_id
            told = Typing(chat_id, card.kind, me, state, now, origin, by_voice, team_id)
            self._announce(replace(told, encrypted=True) if card.encrypted else told)

    async def send(self, actor: Actor, new: NewSignal) -> int:
        """Pass a packet on to who is online now. The result is its time (milliseconds since 1970).

        Unknown accounts, and those who block the actor, are skipped.

        Raises:
            NotFound: "chat".
            NotAllowed: the actor is not in it, or may not write there.
            TooMuch: "signals".
        """
        if new.chat_id is not None:
            card = await self._need_card(actor, new.chat_id)
            if not await self._may_write(actor, new.chat_id, card):
                raise NotAllowed("write")
            asked: Sequence[AccountId] = tuple(card.members)
        else:
            asked = [each.id for each in await self._accounts.several(new.accounts)]
        now = self._clock.now_ms()
        if self._seconds.count(actor.account_id, now) > SIGNALS_PER_S:
            raise TooMuch("signals", 1)
        blockers = await self._blocks.blockers(actor.account_id, asked)
        told = tuple(each for each in asked if each not in blockers)
        self._announce(
            Signal(
                new.client_ref,
                actor.account_id,
                told,
                new.chat_id,
                new.extra,
                now,
                actor.connection,
            )
        )
        return now

    async def cannot_decrypt(
        self, actor: Actor, chat_id: ChatId, message_ids: Sequence[MessageId]
    ) -> None:
        """Tell the other one of a direct chat that these messages cannot be read here.

        In a group nobody is told: nobody could encrypt anew for one member.

        Raises:
            NotFound: "chat".
            NotAllowed: the actor is not in it, or a block stands between the two.
            TooMuch: "signals".
        """
        card = await self._need_card(actor, chat_id)
        if card.kind is not ChatKind.DIRECT:
            return
        await self._need_no_block(actor, card)
        if self._seconds.count(actor.account_id, self._clock.now_ms()) > SIGNALS_PER_S:
            raise TooMuch("signals", 1)
        others = tuple(each for each in card.members if each != actor.account_id)
        me, origin = actor.account_id, actor.connection
        if message_ids:
            self._announce(CannotDecrypt(tuple(message_ids), chat_id, me, others, origin))

    async def _need_card(self, actor: Actor, chat_id: ChatId) -> ChatCard:
        card = await self._audience.card(chat_id)
        if card is None:
            raise NotFound("chat")
        if actor.account_id not in card:
            raise NotAllowed("write")
        return card

    async def _may_write(self, actor: Actor, chat_id: ChatId, card: ChatCard) -> bool:
        """Whether one of its members does not only read there; in a direct chat both write."""
        return card.kind is ChatKind.DIRECT or await self._chats.may_write(actor, chat_id)

    async def _need_no_block(self, actor: Actor, card: ChatCard) -> None:
        others = [each for each in card.members if each != actor.account_id]
        if await self._blocks.stand_between(actor.account_id, others):
            raise NotAllowed("write to who is in a block with you")
