"""Cards of chats: read once, kept fresh by what passes through delivery."""

import asyncio
from collections.abc import Awaitable, Callable

from tertulia.core.events import ChatOpened, MembersAdded, MembersRemoved
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import Chat, ChatKind
from tertulia.delivery.audience import Audience

ANNA, BORIS, CLARA = AccountId(1), AccountId(2), AccountId(3)
NEWS = ChatId(9)

Loaded = tuple[ChatKind, tuple[AccountId, ...]]


def chat(kind: ChatKind) -> Chat:
    return Chat(NEWS, kind, ANNA, 0, 0)


def came(*accounts: AccountId, kind: ChatKind = ChatKind.CHANNEL) -> MembersAdded:
    members = () if kind is ChatKind.CHANNEL else accounts
    return MembersAdded(chat(kind), members, ANNA, accounts, None, 0, 0)


def went(*accounts: AccountId) -> MembersRemoved:
    return MembersRemoved(chat(ChatKind.CHANNEL), (), ANNA, accounts, False, 0, 0)  # noqa: FBT003 - by_themselves


def loader(
    kind: ChatKind, *members: AccountId
) -> tuple[Callable[..., Awaitable[Loaded]], list[ChatId]]:
    asked: list[ChatId] = []

    async def load(chat_id: ChatId) -> Loaded:
        asked.append(chat_id)
        await asyncio.sleep(0)
        return kind, members

    return load, asked


async def members(audience: Audience) -> set[AccountId]:
    card = await audience.card(NEWS)
    return set() if card is None else set(card.members)


def test_a_channels_card_follows_who_comes_and_goes_one_by_one() -> None:
    async def story() -> None:
        load, asked = loader(ChatKind.CHANNEL, ANNA)
        audience = Audience(load)
        assert await members(audience) == {ANNA}
        audience.learn(came(BORIS, CLARA))
        audience.learn(ChatOpened(chat(ChatKind.CHANNEL), (), BORIS, (BORIS,), 0, 0))
        audience.learn(went(CLARA))
        assert await members(audience) == {ANNA, BORIS}
        assert len(asked) == 1

    asyncio.run(story())


def test_a_card_without_anybody_is_forgotten() -> None:
    async def story() -> None:
        load, asked = loader(ChatKind.CHANNEL, ANNA)
        audience = Audience(load)
        await audience.card(NEWS)
        audience.learn(went(ANNA))
        assert audience.known(NEWS) is None
        await audience.card(NEWS)
        assert len(asked) == 2

    asyncio.run(story())


def test_a_groups_card_is_what_the_last_event_says() -> None:
    async def story() -> None:
        load, _ = loader(ChatKind.GROUP, ANNA, CLARA)
        audience = Audience(load)
        await audience.card(NEWS)
        audience.learn(came(ANNA, BORIS, kind=ChatKind.GROUP))
        assert await members(audience) == {ANNA, BORIS}

    asyncio.run(story())


def test_what_happens_while_a_card_is_read_is_in_it_and_it_is_read_once() -> None:
    async def story() -> None:
        load, asked = loader(ChatKind.CHANNEL, ANNA)
        audience = Audience(load)
        one, other = (asyncio.ensure_future(audience.card(NEWS)) for _ in range(2))
        await asyncio.sleep(0)
        audience.learn(came(BORIS))
        audience.learn(went(ANNA))
        first, second = await one, await other
        assert first is second
        assert await members(audience) == {BORIS}
        assert len(asked) == 2

    asyncio.run(story())


def test_a_chat_that_is_not_there_has_no_card() -> None:
    async def story() -> None:
        async def load(_: ChatId) -> None:
            return None

        assert await Audience(load).card(NEWS) is None

    asyncio.run(story())
