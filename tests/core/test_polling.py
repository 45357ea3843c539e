"""Who waits, and whom an event stirs."""

import asyncio
from collections.abc import Awaitable, Callable

from tertulia.core.events import MembersAdded, MessagePosted, SessionsEnded, Typing
from tertulia.core.ids import AccountId, ChatId, MessageId, SessionId
from tertulia.core.message_model import Message, Notice, NoticeKind
from tertulia.core.model import Chat, ChatKind
from tertulia.delivery.polling import LOOKING_AT_ONCE, Ending, Polls

ANNA, BORIS, CLARA = AccountId(1), AccountId(2), AccountId(3)
TEA = ChatId(9)


class Waiter:
    """A poll that counts how often it has looked."""

    def __init__(self, account_id: AccountId, session: int, *, own: bool = False) -> None:
        self.account_id = account_id
        self.session_id = SessionId(session)
        self.own = own
        self.looks = 0
        self.gate: asyncio.Event | None = None
        self.endings: list[Ending] = []

    async def look(self) -> None:
        self.looks += 1
        if self.gate is not None:
            await self.gate.wait()

    def end(self, why: Ending) -> None:
        self.endings.append(why)


def posted(author: AccountId, notice: Notice | None = None) -> MessagePosted:
    message = Message(MessageId(5), TEA, 1, author, "hola", 0, notice=notice)
    return MessagePosted(message, ChatKind.GROUP, 0)


def among_polls(story: Callable[[Polls], Awaitable[None]]) -> None:
    async def played() -> None:
        async with asyncio.TaskGroup() as group:
            await story(Polls(group.create_task))

    asyncio.run(played())


async def rest() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_poll_looks_when_it_begins_and_when_its_account_hears_something() -> None:
    async def story(polls: Polls) -> None:
        anna, boris = Waiter(ANNA, 1), Waiter(BORIS, 2)
        polls.begin(anna)
        polls.begin(boris)
        await rest()
        polls.hear(posted(CLARA), [BORIS, CLARA])
        await rest()
        assert (anna.looks, boris.looks) == (1, 2)

    among_polls(story)


def test_ones_own_doing_stirs_only_who_asked_for_it() -> None:
    async def story(polls: Polls) -> None:
        plain, own = Waiter(ANNA, 1), Waiter(ANNA, 2, own=True)
        polls.begin(plain)
        polls.begin(own)
        await rest()
        polls.hear(posted(ANNA), [ANNA, BORIS])
        await rest()
        assert (plain.looks, own.looks) == (1, 2)

    among_polls(story)


def test_what_nobody_is_told_here_stirs_nobody() -> None:
    async def story(polls: Polls) -> None:
        anna = Waiter(ANNA, 1)
        polls.begin(anna)
        await rest()
        polls.hear(Typing(TEA, ChatKind.GROUP, BORIS, "", 0, 0), [ANNA, BORIS])
        polls.hear(posted(BORIS, Notice(NoticeKind.MEMBER_LEFT)), [ANNA, BORIS])
        await rest()
        assert anna.looks == 1

    among_polls(story)


def test_who_is_stirred_while_looking_looks_once_more() -> None:
    async def story(polls: Polls) -> None:
        anna = Waiter(ANNA, 1)
        anna.gate = asyncio.Event()
        polls.begin(anna)
        await rest()
        chat = Chat(TEA, ChatKind.GROUP, BORIS, 0, 0)
        polls.hear(MembersAdded(chat, (), BORIS, (ANNA,), None, 0, 0), [ANNA])
        polls.hear(posted(BORIS), [ANNA, BORIS])
        await rest()
        assert anna.looks == 1
        anna.gate.set()
        await rest()
        assert anna.looks == 2

    among_polls(story)


def test_a_second_poll_of_a_session_takes_the_place_of_the_first() -> None:
    async def story(polls: Polls) -> None:
        first, second = Waiter(ANNA, 1), Waiter(ANNA, 1)
        polls.begin(first)
        polls.begin(second)
        await rest()
        polls.hear(posted(BORIS), [ANNA])
        await rest()
        assert first.endings == [Ending.REPLACED]
        assert second.looks == 2
        polls.leave(first)
        assert len(polls) == 1

    among_polls(story)


def test_a_session_that_ends_takes_its_poll_along() -> None:
    async def story(polls: Polls) -> None:
        gone, stays = Waiter(ANNA, 1), Waiter(ANNA, 2)
        polls.begin(gone)
        polls.begin(stays)
        polls.hear(SessionsEnded((SessionId(1), SessionId(7)), ANNA), ())
        assert (gone.endings, stays.endings) == ([Ending.REVOKED], [])
        polls.leave(stays)
        assert len(polls) == 0

    among_polls(story)


def test_only_so_many_look_at_once() -> None:
    async def story(polls: Polls) -> None:
        gate = asyncio.Event()
        crowd = [Waiter(AccountId(number), number) for number in range(1, 3 * LOOKING_AT_ONCE)]
        for each in crowd:
            each.gate = gate
            polls.begin(each)
        await rest()
        assert sum(each.looks for each in crowd) == LOOKING_AT_ONCE
        gate.set()
        await rest()
        assert all(each.looks == 1 for each in crowd)

    among_polls(story)
