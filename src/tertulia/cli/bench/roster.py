"""The accounts a load runs with: signed up once, kept in a file, signed in by token."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from tertulia.cli.bench.client import AnyClient, Client, Refused, reach
from tertulia.cli.bench.report import Complaints

# The device all our sockets call their own; several sockets may share one.
DEVICE = "bench"

# How many sign-ups or sign-ins are under way at once.
_AT_ONCE = 16

_UNPROCESSABLE = 422


class Account(msgspec.Struct):
    """Somebody who has signed up; `token` is the last access token he was given."""

    id: str
    login: str
    password: str
    token: str = ""


One = TypeVar("One")
Other = TypeVar("Other")


async def each(
    ones: Iterable[One], act: Callable[[One], Awaitable[Other]], at_once: int = _AT_ONCE
) -> list[Other]:
    """What *act* gives for each of *ones*, in their order, *at_once* at a time."""
    gate = asyncio.Semaphore(at_once)

    async def in_turn(one: One) -> Other:
        async with gate:
            return await act(one)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(in_turn(one)) for one in ones]
    return [task.result() for task in tasks]


async def sign_up(url: str, count: int) -> list[Account]:
    """That many new accounts; nobody is signed in yet."""

    async def one(number: int) -> Account:
        login, password = f"b{batch}-{number}", secrets.token_urlsafe(12)
        async with a_client(url) as client:
            answer = await client.ask("user_create", login=login, password=password)
        assert answer.user is not None, "user_create answers with the user"
        return Account(answer.user.id_, login, password)

    batch = secrets.token_hex(5)
    return await each(range(count), one)


async def sign_in(url: str, accounts: Sequence[Account]) -> None:
    """Give every account a fresh token, by its password."""

    async def one(account: Account) -> None:
        async with a_client(url) as client:
            await by_password(client, account)

    await each(accounts, one)


async def by_password(client: Client, account: Account) -> None:
    """Sign the socket in the slow way and keep the token for the quick one.

    Raises:
        Refused: the server does not know this account.
    """
    answer = await client.ask(
        "user_login", login=account.login, password=account.password, device_id=DEVICE
    )
    account.token = answer.token


async def signed_in(url: str, account: Account, make: Callable[[], AnyClient]) -> AnyClient:
    """A socket of *account*: by token, or by password where the token has died.

    Raises:
        Refused: neither will do; a roster of another store, perhaps.
    """
    client = await reach(url, make)
    try:
        await client.ask("connect", token=account.token, device_id=DEVICE)
    except Refused as refusal:
        if refusal.status != _UNPROCESSABLE:
            raise
        await by_password(client, account)
    return client


@asynccontextmanager
async def a_client(url: str) -> AsyncIterator[Client]:
    """A socket for a few requests; what else is said on it does not matter."""
    client = await reach(url, lambda: Client(Complaints()))
    try:
        yield client
    finally:
        client.leave()


async def enrolled(url: str, count: int, file: Path | None) -> list[Account]:
    """*count* accounts with tokens: those of *file* first, the missing ones signed up and added."""
    accounts = known(file)
    if len(accounts) < count:
        new = await sign_up(url, count - len(accounts))
        await sign_in(url, new)
        accounts += new
        keep(accounts, file)
    return accounts[:count]


def known(file: Path | None) -> list[Account]:
    """The roster as it was kept."""
    if file is None or not file.exists():
        return []
    return msgspec.json.decode(file.read_bytes(), type=list[Account])


def keep(accounts: Sequence[Account], file: Path | None) -> None:
    """Write the roster for the next run against the same store; nobody else may read it."""
    if file is not None:
        file.touch(mode=0o600)
        file.write_bytes(msgspec.json.encode(accounts))
