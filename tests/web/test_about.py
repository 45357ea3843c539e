"""What the web client may know before anybody is signed in."""

import asyncio
from typing import Any

import pytest

from tertulia.core.admission import Registration
from tertulia.core.model import NewAccount
from tests.house import running_house
from tests.world.wires import Http


async def told(base_url: str) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        http = Http(base_url)
        try:
            answer = http.ask("GET", "/web.json")
            assert answer.status == 200
            about: dict[str, Any] = answer.json
            return about
        finally:
            http.close()

    return await asyncio.to_thread(ask)


@pytest.mark.parametrize("registration", list(Registration))
def test_it_knows_who_may_sign_up(registration: Registration) -> None:
    async def story() -> None:
        async with running_house(registration=registration, max_upload=4_096) as (_, base_url):
            about = await told(base_url)
            assert (about["registration"], about["max_upload"]) == (registration.value, 4_096)
            assert set(about) >= {"version", "push_key", "is_new"}
            assert (about["sms"], about["mail"]) == (True, True)

    asyncio.run(story())


def test_it_knows_when_nobody_is_there_yet() -> None:
    async def story() -> None:
        async with running_house() as (server, base_url):
            assert (await told(base_url))["is_new"] is True
            await server.core.accounts.register(NewAccount("anna", "secret"))
            assert (await told(base_url))["is_new"] is False

    asyncio.run(story())
