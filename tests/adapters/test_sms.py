"""Text messages: to the log, to a file, to a gateway that may misbehave."""

import asyncio
import base64
import json
import logging
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from tertulia.adapters.outbound import Outbound
from tertulia.adapters.sms import ConsoleSms, FileSms, GatewaySms, NoSms, sms_sender_at
from tertulia.core.errors import Unavailable
from tertulia.core.phone_codes import Sms

SMS = Sms("+79166660002", "0482", "Код 0482")
PATIENCE_S = 5.0


class Gateway:
    """An HTTP server of one answer, which keeps what it was asked."""

    def __init__(self, status: str = "202 Accepted") -> None:
        self.status = status
        self.requests: list[tuple[list[str], bytes]] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.strip().split("\r\n")
        length = next(int(each[15:]) for each in lines if each.lower().startswith("content-length"))
        self.requests.append((lines, await reader.readexactly(length)))
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def hosted(gateway: Gateway) -> AsyncIterator[str]:
    """Its authority."""
    server = await asyncio.start_server(gateway.answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("console:", ConsoleSms),
        ("file:///tmp/sms", FileSms),
        ("http://sms.example/send", GatewaySms),
        ("https://u:p@sms.example/send?x=1", GatewaySms),
        ("", NoSms),
    ],
)
def test_the_address_says_how(url: str, kind: type) -> None:
    assert type(sms_sender_at(url, Outbound())) is kind


def test_at_the_console_the_code_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asyncio.run(ConsoleSms().send(SMS))
    (record,) = caplog.records
    assert record.__dict__["fields"] == {"phone": SMS.phone, "code": SMS.code}


def test_in_a_file_each_message_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "sms.jsonl"
    path.parent.mkdir()
    sender = sms_sender_at(f"file://{tmp_path}/a%20folder/sms.jsonl", Outbound())

    async def story() -> None:
        await asyncio.gather(*(sender.send(SMS) for _ in range(20)))

    asyncio.run(story())
    lines = path.read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [asdict(SMS)] * 20
    assert lines[0] == '{"phone": "+79166660002", "code": "0482", "text": "Код 0482"}'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(FileSms(tmp_path / "nowhere" / "sms").send(SMS))


def test_nothing_is_sent_where_the_operator_wants_nothing() -> None:
    with pytest.raises(Unavailable):
        asyncio.run(NoSms().send(SMS))


def test_a_gateway_is_posted_the_same_wherever_the_operator_has_it() -> None:
    async def story() -> None:
        gateway = Gateway()
        async with asyncio.timeout(PATIENCE_S), hosted(gateway) as place:
            # Loopback, which nobody but the operator may have called.
            await sms_sender_at(f"http://us%40er:pa:ss@{place}/send?k=v", Outbound()).send(SMS)
        ((head, body),) = gateway.requests
        assert head[0] == "POST /send?k=v HTTP/1.1"
        assert f"Host: {place}" in head
        assert "Content-Type: application/json; charset=utf-8" in head
        pair = base64.b64encode(b"us@er:pa:ss").decode()
        assert f"Authorization: Basic {pair}" in head
        assert json.loads(body) == asdict(SMS)

    asyncio.run(story())


@pytest.mark.parametrize("status", ["302 Found", "400 Bad", "500 Oops", "nonsense"])
def test_what_the_gateway_did_not_take_was_not_sent(
    status: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with asyncio.timeout(PATIENCE_S), hosted(Gateway(status)) as place:
            sender = sms_sender_at(f"http://u:hush@{place}/", Outbound())
            with pytest.raises(Unavailable) as refusal:
                await sender.send(SMS)
            assert refusal.value.what == "sms"

    asyncio.run(story())
    logged = "".join(str(record.__dict__) for record in caplog.records)
    assert "…02" in logged
    assert not any(secret in logged for secret in (SMS.phone, SMS.code, "hush"))


def test_a_gateway_that_is_not_there_is_unavailable() -> None:
    async def story() -> None:
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(Unavailable):
                await sms_sender_at("http://127.0.0.1:1/", Outbound()).send(SMS)

    asyncio.run(story())
