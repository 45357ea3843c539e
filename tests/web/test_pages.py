"""The web client as it is served: what goes over the line, what caches may keep, what the page may do."""

import gzip
import json
from pathlib import Path

import pytest

from tertulia.web.pages import ABOUT, NOT_BUILT, page_routes
from tests.web.serving import Reply, asked

INDEX = b"<!doctype html><title>Tertulia</title>" + b" " * 500
SCRIPT = b"console.log('hello')\n" * 40


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """As the build leaves it, but small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "icons").mkdir()
    files = {"index.html": INDEX, "assets/main-Abc123.js": SCRIPT, "manifest.webmanifest": b"{}"}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    for name in ("index.html", "assets/main-Abc123.js"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(files[name]))
        (tmp_path / f"{name}.br").write_bytes(b"brotli of " + name.encode())
    (tmp_path / "icons" / "192.png").write_bytes(b"\x89PNG")
    (tmp_path / ".sources").write_text("digest")
    return tmp_path


async def facts() -> dict[str, object]:
    """What a server says of itself."""
    return {"version": "1", "push_key": "key"}


def ask(built: Path, path: str, *lines: str, method: str = "GET") -> Reply:
    return asked(page_routes(built, facts), path, *lines, method=method)


def test_the_page_may_do_only_what_it_needs(built: Path) -> None:
    status, headers, body = ask(built, "/")
    assert (status, body) == (200, INDEX)
    assert headers["content-type"] == "text/html; charset=utf-8"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br, gzip", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=0.5, br;q=0", "gzip"),
        ("*", "br"),
        ("identity", ""),
        ("", ""),
        ("br;q=nonsense", ""),
    ],
)
def test_a_page_goes_out_as_the_build_compressed_it(
    built: Path, accepted: str, coding: str
) -> None:
    _, headers, body = ask(built, "/assets/main-Abc123.js", f"Accept-Encoding: {accepted}")
    wanted = {"br": b"brotli of assets/main-Abc123.js", "gzip": gzip.compress(SCRIPT), "": SCRIPT}
    assert headers.get("content-encoding", "") == coding
    assert headers["vary"] == "accept-encoding"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert gzip.decompress(body) == SCRIPT if coding == "gzip" else body == wanted[coding]


def test_names_with_a_digest_are_kept_for_ever_and_others_are_asked_for(built: Path) -> None:
    _, asset, _ = ask(built, "/assets/main-Abc123.js")
    _, page, _ = ask(built, "/")
    assert "immutable" in asset["cache-control"]
    assert page["cache-control"] == "no-cache"
    status, again, body = ask(built, "/", f'If-None-Match: W/{page["etag"]}, "other"')
    assert (status, body, again["etag"]) == (304, b"", page["etag"])
    status, _, _ = ask(built, "/", "Accept-Encoding: br", f"If-None-Match: {page['etag']}")
    assert status == 200


def test_only_the_build_is_served(built: Path) -> None:
    (built.parent / "secret.txt").write_text("secret")
    wrong = ("/.sources", "/index.html.br", "/assets/../.sources", "/..%2fsecret.txt", "/assets/")
    assert [ask(built, path)[0] for path in wrong] == [404] * len(wrong)
    assert ask(built, "/", method="POST")[0] == 405
    assert ask(built, "/manifest.webmanifest")[1]["content-type"] == "application/manifest+json"
    assert ask(built, "/icons/192.png")[1]["content-type"] == "image/png"


def test_without_a_client_the_front_page_says_so(tmp_path: Path) -> None:
    status, headers, body = ask(tmp_path, "/")
    assert (status, body.decode()) == (200, NOT_BUILT)
    assert headers["content-type"].startswith("text/plain")
    assert ask(tmp_path / "nowhere", "/")[0] == 200


def test_the_client_learns_what_it_needs_before_anybody_is_signed_in(built: Path) -> None:
    status, headers, body = ask(built, ABOUT)
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"version": "1", "push_key": "key"}
