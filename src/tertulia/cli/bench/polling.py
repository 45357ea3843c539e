"""The work in which thousands of Astrak polls wait, and now and then one of them is answered."""

import asyncio
import itertools
import json
from array import array
from time import perf_counter
from typing import Any, TypeAlias, cast
from urllib.parse import urlencode, urlsplit

from typing_extensions import override

from tertulia.cli.bench import meter
from tertulia.cli.bench.client import PATIENCE_S
from tertulia.cli.bench.report import Complaints, costing, delays
from tertulia.cli.bench.roster import Account, each
from tertulia.cli.bench.stage import Stage

# Polls that wait before the first look at the memory: what is made once has been made.
_FIRST_POLLS = 10

# Seconds in which everything comes to rest before the memory is read.
_REST_S = 1.0

# How long a poll of ours waits: longer than the work.
_TIMEOUT_S = 50

# Tokens of one account that the server keeps.
_MOST_TOKENS = 100

_OK = 200
_HEAD_ENDS = b"\r\n\r\n"

# Status, body, and when it was there.
Answer: TypeAlias = "asyncio.Future[tuple[int, bytes, float]]"


class HttpLine(asyncio.Protocol):
    """One connection; one request at a time, with an answer of a known length or of none."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._heard = b""
        self._answer: Answer | None = None
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are what they should be without saying so.
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, path: str, **fields: object) -> Answer:
        """The answer to a form."""
        assert self._transport is not None, "it is connected"
        assert self._answer is None, "one at a time"
        body = urlencode(fields)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: tertulia-bench\r\n"
            f"Accept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(f"{head}{body}".encode())
        return self._answer

    def leave(self) -> None:
        """Hang up."""
        self._answer = None
        if self._transport is not None:
            self._transport.abort()

    @override
    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(_HEAD_ENDS)
        if not end or self._answer is None:
            return
        size = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        if len(body) >= size:
            self._heard, answer, self._answer = b"", self._answer, None
            answer.set_result((int(head[9:12]), body[:size], perf_counter()))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server has hung up"))


class Bot:
    """An account with a token of its own, and the poll that waits with it."""

    def __init__(self, account: Account, token: str) -> None:
        self.number = int(account.id[8:], 16)
        self._token = token
        self._line: HttpLine | None = None

    async def come(self, url: str) -> None:
        """Connect."""
        self._line = await _connected(url)

    def wait(self) -> Answer:
        """Poll."""
        assert self._line is not None, "it has come"
        return self._line.ask("/events/polling", token=self._token, timeout=_TIMEOUT_S)

    def say(self, number: int) -> Answer:
        """Write to that account."""
        assert self._line is not None, "it has come"
        return self._line.ask("/messages/send", token=self._token, to=number, text="hola")

    def leave(self) -> None:
        """Be gone."""
        if self._line is not None:
            self._line.leave()


async def polls(stage: Stage) -> dict[str, float]:
    """What a poll that waits costs in memory, and how long a message to one of them takes.

    Some accounts have one poll each, and are written to. The others share the rest of the polls.

    Raises:
        ValueError: the server's process is not known.
    """
    if stage.server_pid is None:
        raise ValueError("polls needs --server-pid: it reads the memory of that process")
    plan = stage.plan
    writer, *accounts = await stage.accounts(plan.accounts + 1)
    crowded = -(-max(plan.users - len(accounts), 0) // _MOST_TOKENS)
    alone, crowd = accounts[crowded:], accounts[:crowded]
    places = [*alone, *(crowd[number % crowded] for number in range(plan.users - len(alone)))]
    bots = await each([writer, *places], lambda account: _signed_in(stage.url, account))
    sender, first = bots[0], bots[1 : 1 + _FIRST_POLLS]
    for bot in (sender, *first):
        await bot.come(stage.url)
    waiting = {bot: bot.wait() for bot in first}
    await asyncio.sleep(_REST_S)
    before = meter.resident_kib(stage.server_pid)
    others = bots[1 + _FIRST_POLLS :]
    await each(others, lambda bot: bot.come(stage.url))
    waiting |= {bot: bot.wait() for bot in others}
    await asyncio.sleep(_REST_S)
    after = meter.resident_kib(stage.server_pid)
    heard = {bot: waiting[bot] for bot in bots[1 : 1 + len(alone)]}
    figures = await _wake(stage, sender, heard)
    for bot in bots:
        bot.leave()
    kib = (after - before) / len(others)
    return {"kib_per_poll": kib, **figures, "polls": len(waiting), "accounts": len(accounts)}


async def _connected(url: str) -> HttpLine:
    address = urlsplit(url)
    place = address.hostname or "", address.port or 80
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(lambda: HttpLine(address.netloc), *place)
    return line


async def _signed_in(url: str, account: Account) -> Bot:
    line = await _connected(url)
    async with asyncio.timeout(PATIENCE_S):
        said = await line.ask("/users/login", username=account.login, password=account.password)
    line.leave()
    return Bot(account, _read(said[1])["token"])


async def _wake(stage: Stage, sender: Bot, waiting: dict[Bot, Answer]) -> dict[str, float]:
    """Write to one account after the other; its poll must be answered with the message."""
    woken, stop_at = array("d"), perf_counter() + stage.plan.seconds
    with costing(stage.server_pid) as cost:
        for bot in itertools.cycle(tuple(waiting)):
            if perf_counter() >= stop_at:
                break
            woken.append(await _message(sender, bot, waiting[bot], stage.complaints))
            waiting[bot] = bot.wait()
    return {
        **delays("wake", woken),
        **cost.cpu_per("cpu_ms_per_message", len(woken), 1000.0),
        "messages": len(woken),
    }


async def _message(sender: Bot, bot: Bot, poll: Answer, complaints: Complaints) -> float:
    """How long it took to be heard, in seconds."""
    sent_at = perf_counter()
    async with asyncio.timeout(PATIENCE_S):
        message = _read((await sender.say(bot.number))[1])["response"]["message_id"]
        status, body, at = await poll
    event = _read(body)["event"] if status == _OK else {}
    if event.get("message_id") != message:
        complaints.add(f"a poll heard {status} {body[:80]!r} instead of {message}")
    return at - sent_at


def _read(body: bytes) -> Any:
    return json.loads(body)
