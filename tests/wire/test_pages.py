"""Every page of docs/wire is true."""

import asyncio
from pathlib import Path

import pytest

from tests.wire.conftest import OpenServer
from tests.wire.pages import DOCS, page_paths, read_page, read_shapes
from tests.wire.player import play
from tests.wire.proofreading import unknown_names


@pytest.mark.parametrize("path", page_paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_server_does_what_the_page_says(path: Path, open_server: OpenServer) -> None:
    page = read_page(path)

    async def story() -> None:
        async with open_server(**page.settings) as base_url:
            await play(page, base_url, read_shapes(path.parent.name))

    asyncio.run(story())


def test_every_operation_of_sama_has_a_page() -> None:
    from tertulia.dialects.sama.handlers import OPERATIONS  # noqa: PLC0415 - pages parse without it

    told = {name for path in page_paths() for name in read_page(path).operations}
    assert set(OPERATIONS) - told == set()


def test_every_page_is_in_its_readme() -> None:
    for path in page_paths():
        assert f"({path.name})" in (path.parent / "README.md").read_text("utf-8"), path.name


def test_no_page_is_without_a_step() -> None:
    assert [path.name for path in page_paths() if not read_page(path).steps] == []


def test_the_pages_are_where_they_are_expected() -> None:
    assert (DOCS / "sama" / "message.md").exists()


def test_no_page_uses_a_name_it_has_not_learned() -> None:
    for path in page_paths():
        assert unknown_names(read_page(path), read_shapes(path.parent.name)) == [], path.name
