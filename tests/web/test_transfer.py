"""Files over HTTP, as a client meets them: lengths, links, ranges, and what browsers must not run."""

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvloop
from PIL import Image
from starlette.requests import Request

from tertulia.adapters.clock import SystemClock
from tertulia.assembly import Server, files_for
from tertulia.core.errors import Unavailable
from tertulia.core.ids import AccountId, FileId, SessionId
from tertulia.core.links import DOWNLOAD_S, UPLOAD_S, FileLinks
from tertulia.core.model import Actor, File, NewAccount, NewFile
from tertulia.settings import Settings, SettingsError
from tertulia.web.transfer import answer
from tests.house import running_house
from tests.web.serving import until

PATIENCE_S = 5


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Depot:
    """A server, somebody's account on it, and where it keeps files."""

    server: Server
    actor: Actor
    folder: Path
    links: FileLinks

    async def announce(self, size: int, kind: str = "image/png", name: str = "a.png") -> File:
        (file,) = await self.server.core.files.create(self.actor, [NewFile(name, kind, size)])
        return file

    async def stored(self, content: bytes, kind: str = "image/png", name: str = "a.png") -> File:
        file = await self.announce(len(content), kind, name)
        assert (await ask("PUT", self.links.upload(file.id), body=content)).status == 200
        return file

    def left_behind(self) -> list[Path]:
        return [each for each in self.folder.rglob("*") if each.is_file()]


Story = Callable[[Depot], Awaitable[None]]


def in_depot(tmp_path: Path, story: Story, **settings: Any) -> None:
    async def play() -> None:
        folder = tmp_path / "files"
        async with running_house(data=tmp_path, **settings) as (server, _):
            account = await server.core.accounts.register(NewAccount("anna", "anna-secret"))
            links = server.core.files.links
            async with asyncio.timeout(4 * PATIENCE_S):
                await story(Depot(server, Actor(account.id, SessionId(0)), folder, links))

    uvloop.run(play())


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield reader, writer
    finally:
        writer.close()


def head_of(method: str, url: str, headers: dict[str, str]) -> bytes:
    address = urlsplit(url)
    lines = [f"{method} {address.path}?{address.query} HTTP/1.1", "Host: here"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


async def hear(reader: asyncio.StreamReader, method: str) -> Reply:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    status = int(first.split()[1])
    length = 0 if method == "HEAD" or status in {204, 304} else int(headers["content-length"])
    return Reply(status, headers, await reader.readexactly(length))


async def ask(
    method: str, url: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> Reply:
    headers = dict(headers or {})
    if body is not None:
        headers.setdefault("Content-Length", str(len(body)))
    async with line_to(url) as (reader, writer):
        writer.write(head_of(method, url, headers) + (body or b""))
        return await hear(reader, method)


def test_a_body_of_chunks_is_counted_as_it_comes(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        chunked = {"Transfer-Encoding": "chunked"}
        for body in (b"3\r\nabc\r\n0\r\n\r\n", b"6\r\nabcdef\r\n0\r\n\r\n"):
            file = await depot.announce(5)
            url = depot.links.upload(file.id)
            async with line_to(url) as (reader, writer):
                writer.write(head_of("PUT", url, chunked) + body)
                assert (await hear(reader, "PUT")).status == 400
        await until(lambda: not depot.left_behind())
        file = await depot.announce(5)
        url = depot.links.upload(file.id)
        async with line_to(url) as (reader, writer):
            writer.write(head_of("PUT", url, chunked) + b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
            assert (await hear(reader, "PUT")).status == 200
        assert (await ask("GET", depot.links.download(file.id))).body == b"abcde"

    in_depot(tmp_path, story)


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.stored(b"", "text/plain", "empty")
        reply = await ask("GET", depot.links.download(file.id))
        assert (reply.status, reply.body) == (200, b"")
        ranged = await ask("GET", depot.links.download(file.id), {"Range": "bytes=0-"})
        assert ranged.status == 416

    in_depot(tmp_path, story)


def test_zero_bytes_instead_of_some_are_refused(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.announce(240)
        assert (await ask("PUT", depot.links.upload(file.id), body=b"")).status == 400
        assert (await ask("GET", depot.links.download(file.id))).status == 404

    in_depot(tmp_path, story)


def test_who_asks_before_sending_a_wrong_length_need_not_send_it(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.announce(5)
        headers = {"Content-Length": "7", "Expect": "100-continue"}
        reply = await ask("PUT", depot.links.upload(file.id), headers)
        assert (reply.status, reply.headers["connection"]) == (400, "close")

    in_depot(tmp_path, story)


def test_beyond_the_limit_it_is_413_that_pages_may_read(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.announce(1_000)
        url = depot.links.upload(file.id)
        reply = await ask("PUT", url, {"Content-Length": "1001"})
        assert reply.status == 413
        assert reply.headers["access-control-allow-origin"] == "*"

    in_depot(tmp_path, story, max_upload=1_000)


def test_more_than_a_json_body_may_be_uploaded(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        content = bytes(range(256)) * 10_000
        file = await depot.stored(content)
        assert (await ask("GET", depot.links.download(file.id))).body == content

    in_depot(tmp_path, story)


def test_an_interrupted_upload_leaves_nothing_and_can_be_had_again(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.announce(3_000_000)
        url = depot.links.upload(file.id)
        async with line_to(url) as (_, writer):
            writer.write(head_of("PUT", url, {"Content-Length": "3000000"}) + bytes(2_000_000))
            await writer.drain()
            await until(depot.left_behind)
        await until(lambda: not depot.left_behind())
        assert (await ask("GET", depot.links.download(file.id))).status == 404
        assert (await ask("PUT", url, body=bytes(3_000_000))).status == 200

    in_depot(tmp_path, story)


def test_an_upload_that_falls_silent_is_hung_up_on(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.announce(10)
        url = depot.links.upload(file.id)
        async with line_to(url) as (reader, writer):
            writer.write(head_of("PUT", url, {"Content-Length": "10"}) + b"abc")
            assert (await hear(reader, "PUT")).status == 408
        await until(lambda: not depot.left_behind())

    in_depot(tmp_path, story, body_timeout=0.1)


def test_of_two_uploads_at_once_the_first_that_is_complete_counts(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.announce(4)
        url = depot.links.upload(file.id)
        async with line_to(url) as (reader, writer):
            writer.write(head_of("PUT", url, {"Content-Length": "4"}) + b"sl")
            await until(depot.left_behind)
            assert (await ask("PUT", url, body=b"fast")).status == 200
            writer.write(b"ow")
            assert (await hear(reader, "PUT")).status == 200
        assert (await ask("GET", depot.links.download(file.id))).body == b"fast"
        assert len(depot.left_behind()) == 1

    in_depot(tmp_path, story)


class Earlier:
    """The clock of links that were made a while ago."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms


def test_an_expired_link_says_so(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.stored(b"abc")
        now_ms = depot.server.core.clock.now_ms()
        base = depot.links.upload(file.id).rpartition("/")[0]
        for method, age_s in (("PUT", UPLOAD_S + 1), ("GET", DOWNLOAD_S + 2 * 86_400)):
            # SAFE: a private part of the thing under test; its key is known to nobody else.
            old = FileLinks(depot.links._key.decode(), base, Earlier(now_ms - age_s * 1000))
            url = old.upload(file.id) if method == "PUT" else old.download(file.id)
            reply = await ask(method, url, body=b"abc" if method == "PUT" else None)
            assert (reply.status, reply.body) == (403, b"This link has expired.")
            assert reply.headers["access-control-allow-origin"] == "*"

    in_depot(tmp_path, story)


@pytest.mark.parametrize(
    ("asked", "status", "heard"),
    [
        ("bytes=0-0", 206, b"0"),
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=7-100", 206, b"789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=-100", 206, b"0123456789"),
        ("bytes=4-2", 200, b"0123456789"),
        ("bytes=-", 200, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("lines=0-1", 200, b"0123456789"),
        ("bytes=99999999999999999999-", 200, b"0123456789"),
    ],
)
def test_a_range_gives_its_part_and_what_is_none_the_whole(
    tmp_path: Path, asked: str, status: int, heard: bytes
) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.stored(b"0123456789")
        reply = await ask("GET", depot.links.download(file.id), {"Range": asked})
        assert (reply.status, reply.body) == (status, heard)

    in_depot(tmp_path, story)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=-0"])
def test_a_range_outside_of_the_file_is_416_with_its_size(tmp_path: Path, asked: str) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.stored(b"0123456789")
        reply = await ask("GET", depot.links.download(file.id), {"Range": asked})
        assert (reply.status, reply.headers["content-range"]) == (416, "bytes */10")

    in_depot(tmp_path, story)


def test_a_range_of_another_version_is_the_whole(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.stored(b"0123456789")
        url = depot.links.download(file.id)
        known = (await ask("HEAD", url)).headers
        for mark, status in (
            (known["etag"], 206),
            (known["last-modified"], 206),
            ('"other"', 200),
        ):
            reply = await ask("GET", url, {"Range": "bytes=0-1", "If-Range": mark})
            assert reply.status == status
        for mark in (known["etag"], f"W/{known['etag']}", f'"x", {known["etag"]}', "*"):
            assert (await ask("GET", url, {"If-None-Match": mark})).status == 304
        assert (await ask("GET", url, {"If-None-Match": '"x"'})).status == 200

    in_depot(tmp_path, story)


@pytest.mark.parametrize(
    ("kind", "how", "said"),
    [
        ("image/png", "inline", "image/png"),
        ("video/mp4", "inline", "video/mp4"),
        ("audio/ogg; codecs=opus", "inline", "audio/ogg; codecs=opus"),
        ("image/svg+xml", "attachment", "image/svg+xml"),
        ("Image/SVG+XML", "attachment", "Image/SVG+XML"),
        ("text/html", "attachment", "text/html"),
        ("image/png, text/html", "attachment", "application/octet-stream"),
        ("image/png;text/html", "attachment", "application/octet-stream"),
        ("type", "attachment", "application/octet-stream"),
    ],
)
def test_nothing_that_could_run_is_shown(tmp_path: Path, kind: str, how: str, said: str) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.stored(b"<script>", kind, 'a"; x="чай.html')
        headers = (await ask("GET", depot.links.download(file.id))).headers
        assert headers["content-type"] == said
        assert headers["content-disposition"] == (
            f"{how}; filename=\"a__ x=____.html\"; filename*=UTF-8''"
            "a%22%3B%20x%3D%22%D1%87%D0%B0%D0%B9.html"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")

    in_depot(tmp_path, story)


def test_a_picture_is_measured_and_has_previews(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        whole = io.BytesIO()
        Image.new("RGB", (900, 300)).save(whole, "JPEG")
        file = await depot.stored(whole.getvalue(), "image/jpeg", "a.jpg")
        known = await depot.server.core.files.need(file.id)
        assert (known.width, known.height) == (900, 300)
        url = depot.links.download(file.id)
        for size, width in (("1", 160), ("161", 320), ("640", 640), ("9000", 640)):
            reply = await ask("GET", f"{url}&size={size}")
            assert reply.status == 200
            assert reply.headers["content-type"] == "image/jpeg"
            assert Image.open(io.BytesIO(reply.body)).width == width
        assert (await ask("GET", f"{url}&size=x")).status == 400
        assert (await ask("GET", url)).body == whole.getvalue()

    in_depot(tmp_path, story)


def test_what_only_says_it_is_a_picture_has_no_preview(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.stored(b"<html>", "image/png")
        url = depot.links.download(file.id)
        assert (await ask("GET", f"{url}&size=160")).status == 404
        assert (await ask("GET", url)).status == 200

    in_depot(tmp_path, story)


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "0", "-1", "1e3", "9" * 400, "%00"])
def test_a_path_that_is_no_number_leads_nowhere(tmp_path: Path, name: str) -> None:
    async def story(depot: Depot) -> None:
        base, _, rest = depot.links.download((await depot.stored(b"abc")).id).rpartition("/")
        for method, body in (("GET", None), ("PUT", b"abc")):
            reply = await ask(method, f"{base}/{name}?{rest.partition('?')[2]}", body=body)
            assert reply.status in {403, 404}

    in_depot(tmp_path, story)


def test_what_was_announced_just_now_is_waited_for(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        file = await depot.announce(3)
        await depot.server.core.files.tidy()
        assert (await depot.server.core.files.need(file.id)) == file

    in_depot(tmp_path, story)


def test_while_the_folder_is_gone_the_server_says_so(tmp_path: Path) -> None:
    async def story(depot: Depot) -> None:
        url = depot.links.upload((await depot.announce(3)).id)
        depot.folder.rename(tmp_path / "elsewhere")
        assert (await ask("PUT", url, body=b"abc")).status == 503
        ready = await ask("GET", url.replace(urlsplit(url).path, "/readyz"))
        assert ready.status == 503
        assert json.loads(ready.body)["failing"] == ["files"]
        (tmp_path / "elsewhere").rename(depot.folder)
        assert (await ask("PUT", url, body=b"abc")).status == 200

    in_depot(tmp_path, story)


class Vanishing:
    """A stored file in a place that goes away after the first bytes of it."""

    size_bytes, content_type, is_closed = 10, "", False

    async def read(self, offset: int, count: int) -> bytes:
        if offset:
            raise Unavailable("file store")
        return b"abc"

    def close(self) -> None:
        self.is_closed = True


def test_when_the_place_of_a_file_goes_away_the_download_breaks_off() -> None:
    stored, sent = Vanishing(), list[MutableMapping[str, Any]]()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def story() -> None:
        file = File(FileId(1), AccountId(1), "a", "a/b", 10, 0, 1, None, None)
        request = Request({"type": "http", "method": "GET", "headers": []})
        await answer(request, file, stored, None, 60)(request.scope, receive, send)

    asyncio.run(story())
    # The server hangs up on an answer that has no end.
    assert [each.get("more_body") for each in sent] == [None, True]
    assert stored.is_closed


def test_without_the_library_of_buckets_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As if it were not installed.
    monkeypatch.setitem(sys.modules, "obstore", None)
    settings = Settings(files_url="s3://bucket?endpoint_url=http://s3:9000")
    with pytest.raises(SettingsError, match=r"is missing: install it with '\.\[s3\]'"):
        asyncio.run(files_for(settings, SystemClock()))


def test_an_unknown_word_about_a_bucket_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match=r"^files_url: nothing is known of 'region'; did you"):
        asyncio.run(files_for(Settings(files_url="s3://bucket?region=x"), SystemClock()))


def test_a_folder_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "files").touch()
    with pytest.raises(SettingsError, match="cannot be used"):
        asyncio.run(files_for(Settings(data=tmp_path), SystemClock()))
