"""Whatever is asked over HTTP, the answer is one of the document's, and never a mistake of ours."""

import socket
from collections.abc import Iterator

import pytest

from tests.properties.town import PATIENCE_S, Town, town

JSON = b"Content-Type: application/json\r\n"
BODIES = [
    b"", b"{", b"null", b"[]", b"5", b'"x"', b"{}", b"\xff\xfe", b'{"login": "\xc3"}', b"\xef\xbb\xbf{}",
    b'{"login": 5, "password": [], "device_id": {}}', b'{"device_id": true}', b'{"device_id": 1e308}',
    b'{"device_id": 1.5}', b'{"device_id": 0}', b'{"device_id": ""}', b'{"device_id": "\\ud800"}',
    b'{"device_id": "\\u0000"}', b'{"device_id": "d", "organization_id": {"a": []}}',
    b'{"login": "x", "password": "y", "device_id": "d"}', b"[" * 60_000, b'{"a":' * 60_000,
    b'{"login": "' + b"x" * 300_000 + b'", "password": "y", "device_id": "d"}',
    b'{"login": "' + "\u0345".encode() * 200_000 + "\u0334".encode() * 200_000
    + b'", "password": "y", "device_id": "d"}',
]  # fmt: skip
HEADERS = [
    JSON,
    b"Content-Type: application/json; charset=utf-8\r\n",
    b"Content-Type: application/json; charset=\xff\r\n",
    b"Content-Type: APPLICATION/JSON\r\n",
    b"Content-Type: \r\n",
    b"",
    JSON + b"Cookie: refresh_token=\r\n",
    JSON + b"Cookie: refresh_token=x\r\n",
    JSON + b'Cookie: refresh_token="a\\"b;;=\xff; x=\x80\r\n',
    JSON + b"Cookie: =;;;=;refresh_token\r\n",
    JSON + b"Cookie: refresh_token=x\r\nCookie: refresh_token=y\r\n",
    JSON + b"Cookie: refresh_token=x\r\nOrigin: https://evil.example\r\n",
    JSON + b"Authorization: Bearer\r\n",
    JSON + b"Authorization: Bearer \xff\xfe\r\n",
    JSON + b"Authorization: bEaReR x.y.z\r\n",
    JSON + b"Authorization: Basic eDp5\r\n",
    JSON + b"access_token: \x80\r\n",
    JSON + b"Origin: null\r\n",
    JSON + b"Origin: http://[\r\n",
    JSON + b"Origin: http://h:99999\r\nHost: [::1\r\n",
    JSON + b"Origin: \xff\r\n",
]


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with town() as opened:
        yield opened


def answered(place: Town, request: bytes) -> tuple[int, bytes]:
    """Status and all that follows it, of one request on a connection of its own."""
    host, _, port = place.base_url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as visitor:
        visitor.sendall(request)
        answer = b""
        while piece := visitor.recv(65_536):
            answer += piece
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.slow
@pytest.mark.parametrize("path", [b"/login", b"/logout"])
@pytest.mark.parametrize("headers", HEADERS, ids=repr)
def test_every_body_under_every_header_is_refused_in_words(
    place: Town, path: bytes, headers: bytes
) -> None:
    for body in BODIES:
        length = b"Content-Length: %d\r\n" % len(body)
        host = b"" if b"Host:" in headers else b"Host: h\r\n"
        head = b"POST " + path + b" HTTP/1.1\r\n" + host + b"Connection: close\r\n" + headers
        status, answer = answered(place, head + length + b"\r\n" + body)
        assert status in {400, 401, 422, 429}, (body[:60], answer[:200])
        assert b"access-control-allow-origin: *" not in answer.lower()
        assert b"set-cookie" not in answer.lower()
    assert place.mistakes == []
    assert place.is_healthy()


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"PUT", b"DELETE", b"PATCH", b"TRACE"])
def test_other_methods_are_refused(place: Town, method: bytes) -> None:
    status, _ = answered(
        place, method + b" /login HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    )
    assert status in {404, 405}
    assert place.mistakes == []


@pytest.mark.parametrize(
    "path", [b"//", b"/assets/", b"/nothing", b"/login/", b"/%00", b"/%ff", b"/..%2f..%2fetc"]
)
def test_there_is_nothing_at_other_paths(place: Town, path: bytes) -> None:
    request = b"GET " + path + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    status, answer = answered(place, request)
    assert status in {307, 404, 405}
    assert status != 404 or answer.endswith(b"Route not found")
    assert place.mistakes == []
