"""`tertulia invite`: invites from the command line, whether the server runs or not."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tertulia.adapters.clock import SystemClock
from tertulia.adapters.passwords import Argon2Passwords
from tertulia.assembly.commands import commands
from tertulia.assembly.control import listening
from tertulia.cli import main
from tertulia.core.admission import Registration
from tertulia.core.model import NewAccount
from tertulia.core.tally import Tally
from tertulia.store.accounts import SqlAccounts
from tertulia.store.sqlite import SqliteEngine

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def invite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `tertulia invite …`: status, output, complaint."""

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["invite", *argv, "--data", str(tmp_path)])
        heard = capsys.readouterr()
        return status, heard.out, heard.err

    return run


def listed(invite: Run) -> list[dict[str, Any]]:
    status, out, _ = invite("list", "--json")
    assert status == 0
    found = json.loads(out)
    assert isinstance(found, list)
    return found


def test_an_invite_is_made_listed_and_deleted(invite: Run) -> None:
    status, out, err = invite("create", "--public-url", "https://chat.example.org/")
    assert (status, err) == (0, "")
    link, words = out.splitlines()
    assert link.startswith("https://chat.example.org/#/invite/")
    token = link.rpartition("/")[2]
    assert words.startswith("Good once until ")
    assert words.endswith(token)
    (made,) = listed(invite)
    assert (made["uses"], made["used"]) == (1, 0)
    assert made["expires_at"] - made["created_at"] == 7 * 86_400_000
    assert token not in json.dumps(made)
    head, row = invite("list")[1].splitlines()
    assert head.split() == ["number", "used", "of", "made", "good", "until"]
    assert row.split()[:3] == [str(made["id"]), "0", "1"]
    assert invite("delete", str(made["id"]))[1] == "The invite is deleted.\n"
    assert listed(invite) == []
    assert invite("delete", str(made["id"]))[2] == "tertulia: no such invite\n"


def test_uses_and_days_are_as_asked(invite: Run) -> None:
    _, out, _ = invite("create", "--uses", "3", "--days", "2", "--json")
    made = json.loads(out)
    assert made["url"].endswith(f"/#/invite/{made['token']}")
    assert made["expires_at"] - made["created_at"] == 2 * 86_400_000
    assert [each["uses"] for each in listed(invite)] == [3]


@pytest.mark.parametrize(
    "argv",
    [
        ["create", "--uses", "0"],
        ["create", "--uses", "1000000000000"],
        ["create", "--days", "-1"],
        ["create", "--uses", "many"],
        ["create", "7"],
        ["list", "--days", "1"],
        ["delete"],
        ["delete", "x"],
        ["delete", "9" * 40],
        ["delete", "²"],
        ["forget"],
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(invite: Run, argv: list[str]) -> None:
    status, out, err = invite(*argv)
    assert status != 0
    assert out == ""
    assert err.startswith("tertulia: ")
    assert err.count("\n") == 1


def test_a_running_server_does_the_work_and_knows_where_it_is(invite: Run, tmp_path: Path) -> None:
    async def play() -> None:
        engine = SqliteEngine(str(tmp_path / "tertulia.db"), lambda _: None, Tally())
        passwords = Argon2Passwords(memory_kib=8, rounds=1)
        await engine.open()
        try:
            office = commands(engine, passwords, SystemClock(), base_url="http://127.0.0.1:4711")
            async with listening(tmp_path, office):
                _, out, err = await asyncio.to_thread(invite, "create", "--json")
                assert err == ""
                made = json.loads(out)
                assert made["url"] == f"http://127.0.0.1:4711/#/invite/{made['token']}"
                admission = Registration.INVITE.admission(made["token"])
                accounts = SqlAccounts(engine)
                now = SystemClock().now_ms()
                await accounts.add(NewAccount("anna", "x"), "h", now, admission)
                (left,) = await asyncio.to_thread(listed, invite)
                assert left["used"] == 1
        finally:
            await engine.close()
            passwords.close()

    asyncio.run(play())
