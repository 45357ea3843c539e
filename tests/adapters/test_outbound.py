"""Where the server's own requests may go."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address, ip_network

import pytest

from tertulia.adapters.outbound import Outbound, Refused, Target, is_public
from tertulia.core.calls import Call
from tertulia.core.errors import Unavailable

HERE = ip_network("127.0.0.0/8")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "224.0.0.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1",
        "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "192.88.99.1", "fec0::1", "3fff::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_known(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "", "push", "ftp://push.example.org/", "file:///etc/passwd", "https://", "https:///path",
        "https://a@push.example.org/", "https://a:b@push.example.org/", "https://push.example.org:0/",
        "https://push.example.org:99999/", "https://push.example.org/ x", "https://push.example.org/\n",
        "https://bücher.example/", "https://[::1/", "https://x/" + "a" * 2_048,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        Target.of(url)
    assert not Outbound().is_allowed(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "https://127.0.0.1:8443/x", "http://127.1/", "http://2130706433/",
        "http://0x7f.0.0.1/", "http://017700000001/", "http://[::1]/", "http://[::ffff:7f00:1]/",
        "http://localhost/", "http://localhost./", "http://x.localhost/", "http://10.0.0.1/",
        "http://[fe80::1%25eth0]/",
    ],
)  # fmt: skip
def test_a_literal_address_inside_is_refused_at_once(url: str) -> None:
    assert not Outbound().is_allowed(url)


def test_what_the_operator_allows_is_allowed() -> None:
    outbound = Outbound([HERE, ip_network("10.0.0.0/8")])
    assert outbound.is_allowed("http://127.0.0.1/")
    assert outbound.is_allowed("http://localhost:9/")
    assert outbound.is_allowed("http://[::ffff:10.0.0.1]/")
    assert not outbound.is_allowed("http://192.168.0.1/")


def test_names_are_not_looked_up_before_they_are_needed() -> None:
    assert Outbound().is_allowed("https://push.example.org/send")


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def at_a_server(answer: Answer, story: Callable[[int], Awaitable[None]]) -> None:
    """Play a story at a server of one's own."""

    async def play() -> None:
        writers: list[asyncio.StreamWriter] = []

        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            await answer(reader, writer)
            writer.close()

        server = await asyncio.start_server(served, "127.0.0.1", 0)
        async with server:
            await story(server.sockets[0].getsockname()[1])
            for writer in writers:
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

    asyncio.run(play())


async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"hello")
    writer.write(
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    )


def test_a_redirect_is_an_answer_like_any_other() -> None:
    async def story(port: int) -> None:
        status = await Outbound([HERE]).post(f"http://127.0.0.1:{port}/", {}, b"hello")
        assert status == 302

    at_a_server(redirect, story)


def test_a_private_address_is_refused_when_it_is_called() -> None:
    async def story(port: int) -> None:
        with pytest.raises(Refused):
            await Outbound().post(f"http://127.0.0.1:{port}/", {}, b"hello")

    at_a_server(redirect, story)


def test_the_operators_own_address_may_lie_anywhere() -> None:
    async def story(port: int) -> None:
        url = f"http://127.0.0.1:{port}/"
        assert await Outbound().post(url, {}, b"hello", trusted=True) == 302

    at_a_server(redirect, story)


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"hello")
    writer.write(b"what?\r\n\r\n")


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"hello")


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"hello")
    for _ in range(10):
        writer.write(b"HTTP/1.1 100 Continue\r\nX: " + b"a" * 15_000 + b"\r\n\r\n")


@pytest.mark.parametrize("answer", [nonsense, silence, flood])
def test_who_does_not_answer_properly_is_not_available(answer: Answer) -> None:
    async def story(port: int) -> None:
        with pytest.raises(Unavailable):
            await Outbound([HERE]).post(f"http://127.0.0.1:{port}/", {}, b"hello")

    at_a_server(answer, story)


def test_nobody_at_home_is_not_available() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable):
            asyncio.run(Outbound([HERE]).post(f"http://127.0.0.1:{port}/", {}, b""))


def test_the_address_that_was_checked_is_the_one_that_is_called() -> None:
    """A name that leads elsewhere when it is looked up again gains nothing."""
    asked: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        del port
        asked.append(host)
        return ["127.0.0.1"]

    async def story(port: int) -> None:
        url = f"http://push.example.org:{port}/"
        assert await Outbound([HERE], lookup).post(url, {}, b"hello") == 302
        with pytest.raises(Refused):
            await Outbound([], lookup).post(url, {}, b"hello")

    at_a_server(redirect, story)
    assert asked == ["push.example.org", "push.example.org"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (["127.0.0.1"], None),
        (["8.8.8.8", "127.0.0.1"], "it is not a public address"),
        (["127.0.0.1", "127.0.0.2"], None),
        (["127.0.0.1", "10.0.0.1"], "it is not a public address"),
        (["8.8.8.8", "1.1.1.1"], None),
        ([], "its host cannot be found"),
    ],
)
def test_all_addresses_of_a_name_are_public_or_all_are_allowed(
    found: list[str], why: str | None
) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        del host, port
        return found

    assert asyncio.run(Outbound([HERE], lookup).vet("http://push.example.org/")) == why


def test_where_one_address_does_not_answer_the_next_is_called() -> None:
    """A name often has two, and the machine or the one it calls knows only one of their kinds."""

    async def lookup(host: str, port: int) -> list[str]:
        del host, port
        return ["127.0.0.2", "127.0.0.1"]

    async def story(port: int) -> None:
        url = f"http://push.example.org:{port}/"
        assert await Outbound([HERE], lookup).post(url, {}, b"hello") == 302

    at_a_server(redirect, story)


def test_an_address_that_says_nothing_does_not_hold_up_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tertulia.adapters.outbound.NEXT_ADDRESS_S", 0.01)

    async def lookup(host: str, port: int) -> list[str]:
        del host, port
        return ["127.0.0.2", "127.0.0.1"]

    async def story(port: int) -> None:
        with socket.socket() as deaf:
            # It takes one connection, which nobody ever accepts, and no other.
            deaf.bind(("127.0.0.2", port))
            deaf.listen(0)
            with socket.create_connection(("127.0.0.2", port)):
                url = f"http://push.example.org:{port}/"
                assert await Outbound([HERE], lookup).post(url, {}, b"hello") == 302

    at_a_server(redirect, story)


def test_a_name_that_nobody_answers_for_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        del host, port
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr("tertulia.adapters.outbound.RESOLVE_WITHIN_S", 0.01)
    why = asyncio.run(Outbound([], lookup).vet("http://push.example.org/"))
    assert why == "its host cannot be found"


def test_who_may_be_found_later_is_not_refused_where_that_is_asked_for() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    async def inside(host: str, port: int) -> list[str]:
        del host, port
        return ["10.0.0.1"]

    url = "http://push.example.org/"
    assert asyncio.run(Outbound([], nowhere).vet(url, unfound=True)) is None
    assert asyncio.run(Outbound([], nowhere).vet(url)) == "its host cannot be found"
    why = asyncio.run(Outbound([], inside).vet(url, unfound=True))
    assert why == "it is not a public address"
    assert asyncio.run(Outbound([], nowhere).vet("nonsense", unfound=True)) is not None


def test_a_literal_address_is_not_looked_up() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        raise AssertionError(host, port)

    assert asyncio.run(Outbound([HERE], lookup).vet("http://0x7f.1:80/")) is None
    assert asyncio.run(Outbound([], lookup).vet("http://[::ffff:127.0.0.1]/")) is not None


def test_localhost_is_what_the_system_says_it_is() -> None:
    assert asyncio.run(Outbound().vet("http://localhost/")) == "it is not a public address"


async def long_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"hello")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 200_000)
    with suppress(ConnectionError):
        await writer.drain()
        await reader.read()


async def half_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"hello")
    writer.write(b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n1")
    await reader.read()


@pytest.mark.parametrize("answer", [long_answer, half_answer])
def test_only_the_status_of_an_answer_counts(answer: Answer) -> None:
    async def story(port: int) -> None:
        call = Call(1, f"http://127.0.0.1:{port}/", (("X-Number", "1"),), b"hello")
        assert await Outbound([HERE]).call(call, 5.0)

    at_a_server(answer, story)


@pytest.mark.parametrize("answer", [redirect, nonsense, silence])
def test_what_is_no_success_has_not_arrived(answer: Answer) -> None:
    async def story(port: int) -> None:
        call = Call(1, f"http://127.0.0.1:{port}/", (), b"hello")
        assert not await Outbound([HERE]).call(call, 0.5)
        assert not await Outbound().call(call, 0.5)

    at_a_server(answer, story)
