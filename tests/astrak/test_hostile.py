"""Every number of others, tokens of other APIs, and nonsense: a code, and nothing happens."""

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.model import NewGroup
from tertulia.core.signin import ACCESS, Grant, new_secret
from tertulia.dialects.astrak.routes import OPERATIONS
from tests.astrak.bots import PASSWORD, Person, Town, town

LIMIT = 50
NEVER = 2**53 - 1


def test_nothing_of_others_can_be_reached_by_any_number() -> None:
    async def story() -> None:
        async with town() as here:
            anna, boris, eve = await here.people("anna", "boris", "eve")
            chats = here.server.core.chats
            tea = (await chats.open_group(anna.actor, NewGroup("tea", (boris.id,)), LIMIT)).id
            private, public = await anna.say(boris, "for Boris"), await anna.say(tea, "for tea")
            hall = (await chats.open_direct(anna.actor, boris.id, NewGroup("", ()))).id
            session = (await here.server.core.signin.sessions(anna.actor))[0].session.id
            for number in (private, public, hall, tea, session, 0, 1, 2**53 - 1, 2**53, 10**30):
                for path in ("/messages/delete", "/messages/edit"):
                    answer = await eve.ask(path, message_id=number, text="mine")
                    assert answer.code == -12, (path, number)
                for path in ("/messages/dialog", "/messages/read"):
                    assert (await eve.ask(path, id=number)).code == -11, (path, number)
                    answer = await eve.ask(path, id="anna", before_id=number, message_id=number)
                    assert answer.code in {10, -12}, (path, number)
                    assert not answer.json.get("response") or answer.code < 0
                assert (await eve.ask("/messages/send", to=number, text="me")).code == -11
                assert await eve.events(offset=min(number, NEVER)) == []
            assert (await eve.done("/messages/dialogs"))["response"] == []
            page = await boris.done("/messages/dialog", id="anna", mark_read=0)
            assert [each["text"] for each in page["response"]] == ["for Boris"]

    asyncio.run(story())


def test_a_token_of_another_api_opens_nothing_here() -> None:
    async def story() -> None:
        async with town() as here:
            await here.people("anna")
            signin = here.server.core.signin
            for dialect in ("sama", "tada", "unet"):
                proven = await signin.by_password("anna", PASSWORD)
                grant = Grant(new_secret(), ACCESS, NEVER)
                await signin.open(proven, dialect, "phone", "", (grant,))
                for path in ("/users/check", "/messages/dialogs", "/events/polling"):
                    assert (await here.ask(path, token=grant.text)).code == -2

    asyncio.run(story())


def test_every_call_but_those_before_sign_in_needs_a_token() -> None:
    async def story() -> None:
        async with town() as here:
            open_to_all = {"/users/register", "/users/confirm", "/users/login"}
            fields = {"to": "1", "text": "x", "id": "1", "message_id": "1", "callback": "x"}
            for path in OPERATIONS.keys() - open_to_all:
                for token in ("", "x", "x" * 10_000, "\0", "ключ"):
                    assert (await here.ask(path, token=token, **fields)).code == -2, path

    asyncio.run(story())


NAMES = st.sampled_from([
    "token", "to", "text", "id", "message_id", "limit", "before", "before_id", "after_id", "own",
    "mark_read", "offset", "timeout", "callback", "random_id", "username", "password", "phone", "code",
])  # fmt: skip
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["anna", "1", "0", "-1", "9" * 40, "\0", "%", "💡", "http://127.0.0.1/"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@settings(max_examples=150)
@given(
    asked=st.lists(
        st.tuples(st.sampled_from(sorted(OPERATIONS)), st.dictionaries(NAMES, VALUES, max_size=8)),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_asked_is_answered_with_a_code(
    asked: list[tuple[str, dict[str, Any]]],
) -> None:
    HOUSE.run(asked)


class House:
    """One server for all examples: to open one for each would take most of the time."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None
        self._anna: Person | None = None
        self._closing: Any = None

    def open(self) -> None:
        """Open it."""
        self._runner = asyncio.Runner()
        self._closing = town(callback_changes=1_000_000, poll_timeout=0.0)
        here: Town = self._runner.run(self._closing.__aenter__())
        self._anna = self._runner.run(here.person("anna"))

    def close(self) -> None:
        """Close it."""
        if self._runner is not None:
            self._runner.run(self._closing.__aexit__(None, None, None))
            self._runner.close()

    def run(self, asked: list[tuple[str, dict[str, Any]]]) -> None:
        """Ask all of it, signed in unless it says otherwise."""
        assert self._runner is not None
        self._runner.run(self._ask(asked))

    async def _ask(self, asked: list[tuple[str, dict[str, Any]]]) -> None:
        assert self._anna is not None
        for path, fields in asked:
            if path == "/users/logout":
                continue
            body = _json({"token": self._anna.token} | fields | _short(fields))
            answer = await self._anna.town.request("POST", path, body, "application/json")
            if answer.status == 204:
                assert path == "/events/polling"
                continue
            assert answer.code == 10 or -16 <= answer.code < 0, (path, fields, answer)


def _short(fields: dict[str, Any]) -> dict[str, Any]:
    """Nobody waits for long here."""
    timeout = str(fields.get("timeout"))
    return {"timeout": 0} if timeout.isdecimal() and int(timeout) <= 50 else {}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


HOUSE = House()


def setup_module() -> None:
    HOUSE.open()


def teardown_module() -> None:
    HOUSE.close()
