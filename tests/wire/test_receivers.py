"""What the player knows of Astrak's pages: who is called, and polls that go on."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.wire.astrak import Receiver
from tests.wire.lines import http
from tests.wire.pages import Answers, Called, parse
from tests.wire.shapes import MismatchError, Names

HEAD = "# call\n\nSource: nowhere.\n\nCast: anna, hook (receiver).\n\n"
PAGE = Path("astrak") / "page.md"
CALLED = '```http hook hears\nPOST /x\nX-A: b\n\n{"n": "{number}"}\n```\n'


def test_a_page_says_who_is_called_and_how_he_answers() -> None:
    page = parse(HEAD + "> hook answers 500.\n\n" + CALLED, PAGE)
    assert [(role.person, role.receiver) for role in page.cast] == [("anna", False), ("hook", True)]
    answers, called = page.steps
    assert answers == Answers(7, "hook", 500)
    assert called == Called(9, "hook", "POST /x", (("X-A", "b"),), '{"n": "{number}"}')


@pytest.mark.parametrize(
    ("path", "header", "body"),
    [("/y", "b", '{"n": 1}'), ("/x", "c", '{"n": 1}'), ("/x", "b", '{"n": "1"}')],
)
def test_a_call_that_is_told_otherwise_is_noticed(path: str, header: str, body: str) -> None:
    async def story() -> None:
        (called,) = parse(HEAD + CALLED, PAGE).steps
        assert isinstance(called, Called)
        async with AsyncExitStack() as closing:
            receiver = Receiver()
            host = (await receiver.open(closing)).removeprefix("http://")
            await http(host, "POST", "/x", (("X-A", "b"),), '{"n": 1}')
            await receiver.check(called, Names({}))
            await http(host, "POST", path, (("X-A", header),), body)
            with pytest.raises(MismatchError):
                await receiver.check(called, Names({}))

    asyncio.run(story())


def test_a_receiver_answers_as_he_is_told_and_keeps_what_was_not() -> None:
    async def story() -> None:
        async with AsyncExitStack() as closing:
            receiver = Receiver()
            host = (await receiver.open(closing)).removeprefix("http://")
            receiver.status = 503
            status, _, _ = await http(host, "POST", "/", (), "hello")
            assert status == 503
            assert receiver.untold() == ["hello"]
            assert receiver.untold() == []

    asyncio.run(story())
