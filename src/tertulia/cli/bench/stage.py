"""Sets the stage: accounts, their chats, a socket for everybody, quiet."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tertulia.cli.bench import roster, tada
from tertulia.cli.bench.client import AnyClient, Client, reach
from tertulia.cli.bench.crowd import Chat, Member, Sender
from tertulia.cli.bench.packets import Numbered, Repeated
from tertulia.cli.bench.plans import Plan
from tertulia.cli.bench.report import Complaints
from tertulia.cli.bench.roster import Account, each

# A stock server takes chats of 50 with their owner; larger ones grow by as many at a time.
_AT_MOST_NEW = 49

# Nothing heard for this long, in seconds: all that setting up caused has arrived.
_QUIET_S = 0.5


@dataclass(frozen=True, slots=True)
class Stage:
    """What a work is played on.

    Attributes:
        url: the server.
        plan: how large.
        complaints: where everybody says what went wrong.
        server_pid: whose CPU and memory to read, if it is on this machine.
        roster: the file that keeps accounts from run to run.
        bare: the server is the baseline, which knows no accounts and makes no ids.
    """

    url: str
    plan: Plan
    complaints: Complaints
    server_pid: int | None = None
    roster: Path | None = None
    bare: bool = False

    async def accounts(self, count: int) -> list[Account]:
        """That many accounts; the baseline takes everybody at his word."""
        if self.bare:
            return [Account(f"{number:024x}", f"bare-{number}", "") for number in range(count)]
        return await roster.enrolled(self.url, count, self.roster)

    async def chat(self, party: Sequence[Account]) -> str:
        """The id of a chat of *party* that nobody has written in yet, owned by the first."""
        if self.bare:
            return party[0].login
        return await _open_chat(self.url, party)

    async def online(self, account: Account, cid: str, make: Callable[[], AnyClient]) -> AnyClient:
        """A socket of *account*; to the baseline the address says in which chat."""
        if self.bare:
            return await reach(f"{self.url}/{cid}/{account.id}", make)
        return await roster.signed_in(self.url, account, make)


@asynccontextmanager
async def seated(stage: Stage) -> AsyncIterator[list[Chat]]:
    """The plan's users, online, in chats of its size, the writers chosen, and all is quiet."""
    accounts = await stage.accounts(stage.plan.users)
    size = stage.plan.members
    parties = [accounts[start : start + size] for start in range(0, len(accounts), size)]
    chats = await each(parties, lambda party: _seat(stage, party))
    try:
        for chat in chats:
            _choose_writers(chat, stage.plan)
        await _quiet(chats)
        yield chats
    finally:
        for chat in chats:
            for member in chat.members:
                member.leave()


def writers(chats: Sequence[Chat]) -> list[Sender]:
    """All who write, chats in turn, so that neighbours in the list are in different chats."""
    rows = [list(chat.senders.values()) for chat in chats]
    most = max(map(len, rows))
    return [row[place] for place in range(most) for row in rows if place < len(row)]


async def _open_chat(url: str, party: Sequence[Account]) -> str:
    clerk = await roster.signed_in(url, party[0], lambda: Client(Complaints()))
    first, rest = party[1 : _AT_MOST_NEW + 1], party[_AT_MOST_NEW + 1 :]
    answer = await clerk.ask(
        "conversation_create",
        type="u" if len(party) == 2 else "g",
        name="bench",
        participants=[account.id for account in first],
    )
    assert answer.conversation is not None, "conversation_create answers with the chat"
    cid = answer.conversation.id_
    for start in range(0, len(rest), _AT_MOST_NEW):
        more = [account.id for account in rest[start : start + _AT_MOST_NEW]]
        await clerk.ask("conversation_update", id=cid, participants={"add": more})
    clerk.leave()
    return cid


async def _seat(stage: Stage, party: Sequence[Account]) -> Chat:
    if stage.plan.dialect == "tada":
        return await tada.seat(stage.url, party, stage.complaints, confirms=stage.plan.confirms)
    chat = Chat(await stage.chat(party), stage.complaints, checked=not stage.bare)

    async def sit(account: Account) -> Member:
        return await stage.online(account, chat.cid, lambda: Member(account.id, chat))

    chat.members = await each(party, sit)
    return chat


def _choose_writers(chat: Chat, plan: Plan) -> None:
    for member in chat.members if plan.everyone else chat.members[:1]:
        if plan.dialect == "tada":
            member.write(tada.Worded(chat.cid, plan.body))
        elif plan.repeated:
            member.write(Repeated(chat.cid))
        else:
            member.write(Numbered(chat.cid, member.account_id, plan.body))


async def _quiet(chats: Sequence[Chat]) -> None:
    noise_at = perf_counter()
    while (left := noise_at + _QUIET_S - perf_counter()) > 0:
        await asyncio.sleep(left)
        noise_at = max(noise_at, *(chat.noise_at for chat in chats))
