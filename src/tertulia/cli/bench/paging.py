"""The work in which a long chat is read: its newest page, and one from its middle."""

import asyncio
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from picows import WSFrame, WSMsgType, WSTransport
from typing_extensions import override

from tertulia.cli.bench.client import Client
from tertulia.cli.bench.crowd import Chat, Member
from tertulia.cli.bench.pacing import DEADLINE_S, for_messages
from tertulia.cli.bench.packets import Numbered, read_packet, request
from tertulia.cli.bench.report import Complaints, costing, delays
from tertulia.cli.bench.roster import Account, each
from tertulia.cli.bench.stage import Stage

# Messages on a page.
_PAGE = 50

# The one id of all requests for pages: so equal pages are equal bytes.
_REF = "page"


@dataclass(frozen=True, slots=True)
class _Page:
    """A page everybody reads: the request, and the ids it has to bring, oldest first."""

    name: str
    asking: bytes
    wanted: Sequence[str]


async def pages(stage: Stage) -> dict[str, float]:
    """Fill a chat, then let all its members read one page over and over: the last, the middle."""
    accounts = await stage.accounts(stage.plan.users)
    if stage.bare:
        return await _read(stage, accounts, _Page("last", request("page", {}, _REF), ()))
    cid = await stage.chat(accounts)
    written = await _fill(stage, accounts[0], cid)
    middle = len(written) // 2
    last = {"cid": cid, "limit": _PAGE}
    before = {"updated_at": {"lt": await _created_at(stage, accounts[0], cid, written[middle])}}
    return {
        **await _read(stage, accounts, _page("last", last, written)),
        **await _read(stage, accounts, _page("middle", last | before, written[:middle])),
    }


class _Reader(Client):
    """Asks for the same page again as soon as it has it."""

    def __init__(self, complaints: Complaints) -> None:
        super().__init__(complaints)
        self.first = b""
        self.delays = array("d")
        self.asking = b""
        self.stop_at = 0.0
        self.asked_at = 0.0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def begin(self, asking: bytes, seconds: float) -> None:
        """Read for so long."""
        self.asking = asking
        self.asked_at = perf_counter()
        self.stop_at = self.asked_at + seconds
        self.send(asking)

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if not self.asking or frame.msg_type is not WSMsgType.TEXT:
            super().on_ws_frame(transport, frame)
            return
        now = perf_counter()
        self.delays.append(now - self.asked_at)
        page = frame.get_payload_as_bytes()
        self.first = self.first or page
        if page != self.first:
            self.complaints.add(f"the page changed while it was read: {page[:80]!r}")
        if now < self.stop_at:
            self.asked_at = now
            self.send(self.asking)
        elif not self.over.done():
            self.over.set_result(None)

    @override
    def lost(self, why: str) -> None:
        """Do not let anybody wait for more pages."""
        super().lost(why)
        if not self.over.done():
            self.over.set_result(None)


async def _fill(stage: Stage, author: Account, cid: str) -> list[str]:
    """The ids of all messages, oldest first, as they were acknowledged."""
    chat = Chat(cid, stage.complaints, checked=True)
    member = await stage.online(author, cid, lambda: Member(author.id, chat))
    chat.members = [member]
    sender = member.write(Numbered(cid, author.id, stage.plan.body))
    await for_messages([chat], stage.plan.window, stage.plan.messages)
    member.leave()
    return sender.mids


async def _created_at(stage: Stage, reader: Account, cid: str, mid: str) -> str:
    client = await stage.online(reader, cid, lambda: Client(stage.complaints))
    answer = await client.ask("message_list", cid=cid, ids=[mid])
    client.leave()
    return answer.messages[0].created_at


def _page(name: str, params: dict[str, object], written: Sequence[str]) -> _Page:
    return _Page(name, request("message_list", params, _REF), written[-_PAGE:])


async def _read(stage: Stage, accounts: Sequence[Account], page: _Page) -> dict[str, float]:
    async def sit(account: Account) -> _Reader:
        return await stage.online(account, account.login, lambda: _Reader(stage.complaints))

    readers = await each(accounts, sit)
    with costing(stage.server_pid) as cost:
        for reader in readers:
            reader.begin(page.asking, stage.plan.seconds)
        async with asyncio.timeout(stage.plan.seconds + DEADLINE_S):
            await asyncio.gather(*(reader.over for reader in readers))
    for reader in readers:
        reader.leave()
        if page.wanted:
            _check(reader, page.wanted)
    every = array("d", (delay for reader in readers for delay in reader.delays))
    return {
        f"{page.name}_pages_per_s": len(every) / cost.seconds,
        **cost.cpu_per(f"{page.name}_cpu_ms_per_page", len(every), 1000.0),
        **delays(page.name, every),
        f"{page.name}_page_bytes": len(readers[0].first),
    }


def _check(reader: _Reader, wanted: Sequence[str]) -> None:
    """Complain if the page is not *wanted*, newest first."""
    response = read_packet(reader.first).response if reader.first else None
    found = [message.id_ for message in response.messages] if response is not None else []
    if found != list(reversed(wanted)):
        reader.complaints.add(f"a page has {len(found)} messages, not the {len(wanted)} it should")
