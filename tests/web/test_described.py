"""The addresses under which the APIs are described."""

from pathlib import Path

from tertulia.web.described import DESCRIBED, FILES, NOT_MADE, description_routes
from tests.web.serving import asked


def test_the_descriptions_are_served(tmp_path: Path) -> None:
    for name, _ in FILES.values():
        (tmp_path / name).write_text(f"this is {name}")
    for path, (name, kind) in FILES.items():
        status, headers, body = asked(description_routes(tmp_path), path)
        assert (status, body) == (200, f"this is {name}".encode())
        assert headers["content-type"] == kind
        assert "default-src 'none'" in headers["content-security-policy"]
        is_open = headers.get("access-control-allow-origin") == "*"
        assert is_open is (kind == "application/json")


def test_without_a_whole_build_that_is_said(tmp_path: Path) -> None:
    status, _, body = asked(description_routes(tmp_path), "/openapi.json")
    assert (status, body) == (404, NOT_MADE.encode())


def test_the_page_asks_for_nothing_but_what_is_served() -> None:
    page = (DESCRIBED / "docs.html").read_text("utf-8")
    script = (DESCRIBED / "docs.js").read_text("utf-8")
    for path in FILES:
        if path != "/docs":
            assert path in page + script, path
