"""Multipart bodies: what is read of them, and that nothing is left of those that are refused."""

import tempfile
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
import uvloop
from starlette.requests import Request

from tertulia.web.forms import BrokenForm, MultipartForm, TooMuchText, read_multipart

FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="C:\\dir\\a.txt"\r\n'
LARGE = b"x" * (3 << 20)
"""More than stays in memory."""


def field(name: str, value: bytes) -> bytes:
    return (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
    )


def file(content: bytes, kind: bytes = b"Content-Type: text/plain\r\n") -> bytes:
    return FILE + kind + b"\r\n" + content + b"\r\n"


def asked(*chunks: bytes, kind: str = "multipart/form-data; boundary=b") -> Request:
    """A request with that body, which comes in those pieces."""
    left = [*chunks, b""]

    async def receive() -> dict[str, Any]:
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    headers = [(b"content-type", kind.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def reading(request: Request) -> Coroutine[Any, Any, MultipartForm]:
    return read_multipart(request, most_files=2, most_fields=3, most_field_bytes=100)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tempfile.SpooledTemporaryFile[bytes]]]:
    """The temporary files of a test."""
    made: list[tempfile.SpooledTemporaryFile[bytes]] = []

    def make(max_size: int) -> tempfile.SpooledTemporaryFile[bytes]:
        made.append(tempfile.SpooledTemporaryFile(max_size))  # noqa: SIM115 - the parser closes it.
        return made[-1]

    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", make)
    yield made
    for each in made:
        each.close()


def test_fields_and_files_come_in_their_order() -> None:
    body = field("one", "чай".encode()) + file(LARGE) + field("one", b"") + b"--b--\r\n"
    pieces = [body[start : start + 70_001] for start in range(0, len(body), 70_001)]

    async def story() -> None:
        form = await reading(asked(*pieces))
        assert form.fields == [("one", "чай"), ("one", "")]
        ((name, sent),) = form.files
        assert (name, sent.name, sent.content_type) == ("file", "a.txt", "text/plain")
        assert sent.size_bytes == len(LARGE)
        assert await sent.head(3) == b"xxx"
        assert b"".join([chunk async for chunk in sent.chunks()]) == LARGE == await sent.read()
        await form.close()

    uvloop.run(story())


def test_what_a_client_leaves_out_is_empty() -> None:
    async def story() -> None:
        assert await reading(asked()) == MultipartForm()
        assert await reading(asked(b"--b--")) == MultipartForm()
        ((_, sent),) = (await reading(asked(file(b"", b""), b"--b--"))).files
        assert (sent.content_type, sent.size_bytes, await sent.read()) == ("", 0, b"")
        await sent.close()

    uvloop.run(story())


@pytest.mark.parametrize("charset", ["utf-7", "undefined", "punycode", "hex", "klingon"])
def test_a_text_is_one_whatever_the_client_calls_it(charset: str) -> None:
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    body = field("text", b"+2AA-") + field("text", b"\xff") + b"--b--"

    async def story() -> None:
        form = await reading(asked(body, kind=kind))
        assert form.fields == [("text", "+2AA-"), ("text", "\xff")]

    uvloop.run(story())


@pytest.mark.parametrize(
    ("body", "files"),
    [
        pytest.param(file(LARGE) + field("a", b"1"), 1, id="cut off between parts"),
        pytest.param(file(LARGE)[:-200_000], 1, id="cut off within a file"),
        pytest.param(file(b"") + file(LARGE)[:-1], 2, id="cut off before a boundary"),
        pytest.param(field("a", b"1")[:-1], 0, id="cut off within a field"),
        pytest.param(file(LARGE) + b"nonsense", 1, id="nonsense"),
        pytest.param(b"nonsense" + file(LARGE) + b"--b--", 0, id="nonsense first"),
        pytest.param(file(LARGE) * 3 + b"--b--", 2, id="too many files"),
        pytest.param(file(LARGE) + field("a", b"") * 4 + b"--b--", 1, id="too many fields"),
        pytest.param(file(LARGE) + field("a", b"1" * 101) + b"--b--", 1, id="a field too long"),
        pytest.param(file(LARGE) + b"--b\r\nX: y\r\n\r\n\r\n--b--", 1, id="a part without a name"),
    ],
)
def test_a_broken_body_is_refused_and_leaves_no_file(
    body: bytes, files: int, opened: list[tempfile.SpooledTemporaryFile[bytes]]
) -> None:
    async def story() -> None:
        pieces = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]
        with pytest.raises(BrokenForm):
            await reading(asked(*pieces))
        assert [each.closed for each in opened] == [True] * files

    uvloop.run(story())


def test_fields_have_a_bound_together(
    opened: list[tempfile.SpooledTemporaryFile[bytes]],
) -> None:
    def asking(last: bytes) -> Coroutine[Any, Any, MultipartForm]:
        body = file(LARGE) + field("a", b"1" * 60) + field("b", last) + b"--b--"
        return read_multipart(
            asked(body), most_files=1, most_fields=2, most_field_bytes=100, most_text_bytes=100
        )

    async def story() -> None:
        form = await asking(b"1" * 40)
        assert [len(text) for _, text in form.fields] == [60, 40]
        await form.close()
        with pytest.raises(TooMuchText):
            await asking(b"1" * 41)
        assert [each.closed for each in opened] == [True, True]

    uvloop.run(story())


def test_a_part_without_a_file_name_may_be_a_file() -> None:
    heads = (
        b'form-data; name="file"',
        b"form-data; name=file\r\nContent-Type: audio/mpeg",
        b"form-data; name=\"file\"; filename*=UTF-8''song.mp3",
    )

    async def story() -> None:
        for head in heads:
            part = b"--b\r\nContent-Disposition: " + head + b"\r\n\r\n" + LARGE + b"\r\n"
            form = await read_multipart(
                asked(field("q", b"{}") + part + b"--b--"),
                most_files=1,
                most_fields=1,
                most_field_bytes=100,
                most_text_bytes=100,
                texts=frozenset({"q"}),
            )
            assert form.fields == [("q", "{}")]
            ((name, sent),) = form.files
            assert (name, sent.name, sent.size_bytes) == ("file", "", len(LARGE))
            assert sent.content_type == ("audio/mpeg" if b"audio" in head else "")
            await form.close()

    uvloop.run(story())


def test_without_a_boundary_nothing_is_read() -> None:
    async def story() -> None:
        with pytest.raises(BrokenForm):
            await reading(asked(b"--b--", kind="multipart/form-data"))

    uvloop.run(story())
