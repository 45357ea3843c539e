"""An operator and his people: what `tertulia user` does to a server that runs, and to its store later."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tertulia.adapters.clock import SystemClock
from tertulia.adapters.passwords import Argon2Passwords
from tertulia.assembly.commands import commands
from tertulia.core.ids import AccountId
from tertulia.dialects.sama import ids
from tests.house import running_house
from tests.stories.people import Client, Refused, Town, town_at
from tests.stories.process import PATIENCE_S, serving, surroundings


def tertulia(data: Path, *argv: str) -> Any:
    """What a `tertulia user` command says, as JSON."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tertulia", "user", *argv, "--json", "--data", str(data)],
        capture_output=True, timeout=PATIENCE_S, check=True, env=surroundings(),
        input=b"anna-secret\n",
    )  # fmt: skip
    return json.loads(done.stdout)


async def status_of_sign_in(town: Town, login: str) -> int:
    client = await town.client()
    try:
        await town.signs_in(client, login, device="another")
    except Refused as refusal:
        return refusal.status
    return 200


@pytest.mark.slow
def test_who_is_blocked_is_out_at_once_and_stays_out(tmp_path: Path) -> None:
    async def story(base_url: str) -> None:
        async with asyncio.timeout(60), town_at(base_url, "boris") as town:
            number = (await asyncio.to_thread(tertulia, tmp_path, "create", "anna"))["id"]
            town.ids["anna"] = ids.to_wire(AccountId(number))
            anna, boris = await town.comes("anna"), await town.comes("boris")
            tea = await town.group(boris, "anna")
            await boris.say(tea, "hello")
            blocked = await asyncio.to_thread(tertulia, tmp_path, "block", "ANNA")
            assert blocked["id"] == number
            with pytest.raises(Refused) as refusal:
                await anna.ask("conversation_list", {})
            assert refusal.value.status == 401
            assert await status_of_sign_in(town, "anna") == 403
            assert await status_of_sign_in(town, "boris") == 200
            listed = await asyncio.to_thread(tertulia, tmp_path, "list", "--blocked")
            assert [each["login"] for each in listed] == ["anna"]

    async def later(base_url: str) -> None:
        async with asyncio.timeout(60), town_at(base_url) as town:
            assert await status_of_sign_in(town, "anna") == 200
            boris = await town.comes("boris")
            (tea,) = (await boris.ask("conversation_list", {}))["conversations"]
            assert await boris.bodies(tea["_id"]) == ["hello"]
            await asyncio.to_thread(tertulia, tmp_path, "delete", "anna")
            assert await status_of_sign_in(town, "anna") == 401

    with serving(tmp_path) as server:
        asyncio.run(story(server.base_url))
        server.signal()
        assert server.status() == 0
    # Now no server runs, and the command opens the store itself.
    tertulia(tmp_path, "unblock", "anna")
    with serving(tmp_path) as server:
        asyncio.run(later(server.base_url))


def test_a_phone_that_was_proven_in_another_api_is_shown_to_its_owner_alone() -> None:
    async def phone_of(client: Client, user_id: str) -> object:
        (user,) = (await client.ask("get_users_by_ids", {"ids": [user_id]}))["users"]
        return user.get("phone")

    async def story() -> None:
        async with (
            asyncio.timeout(60),
            running_house() as (server, base_url),
            town_at(base_url, "boris") as town,
        ):
            passwords = Argon2Passwords(memory_kib=8, rounds=1)
            make = commands(server.engine, passwords, SystemClock())["user create"]
            anna = {"login": "anna", "password": "anna-secret", "phone": "+79166660002"}
            proven = ids.to_wire(AccountId((await make(anna))["id"]))
            claim = {"login": "clara", "password": "clara-secret", "phone": "+79166660003"}
            clerk = await town.client()
            clara = (await clerk.ask("user_create", claim))["user"]["_id"]
            boris = await town.comes("boris")
            assert await phone_of(boris, proven) is None
            assert await phone_of(await town.comes("anna"), proven) == "+79166660002"
            assert await phone_of(boris, clara) == "+79166660003"
            passwords.close()

    asyncio.run(story())
