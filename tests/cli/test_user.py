"""`tertulia user`: accounts from the command line, whether the server runs or not."""

import asyncio
import contextlib
import io
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tertulia.adapters.clock import SystemClock
from tertulia.adapters.passwords import Argon2Passwords
from tertulia.assembly.commands import commands
from tertulia.assembly.control import SOCKET, Refused, ask, listening
from tertulia.cli import main
from tertulia.core.events import Event, SessionsEnded
from tertulia.core.ids import AccountId
from tertulia.core.signin_model import Opening, Secret
from tertulia.core.tally import Tally
from tertulia.store.accounts import SqlAccounts
from tertulia.store.sessions import SqlSessions
from tertulia.store.sqlite import SqliteEngine

FAR = 9_000_000_000_000
PHONE = "+79166660002"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder whose path is longer than the address of a socket may be."""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    return folder


@pytest.fixture
def user(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `tertulia user …`: status, output, complaint. `said` comes from standard input."""

    def run(*argv: str, said: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        status = main(["user", *argv, "--data", str(data)])
        heard = capsys.readouterr()
        return status, heard.out, heard.err

    return run


def made(user: Run, *argv: str, said: str = "") -> dict[str, Any]:
    status, out, err = user("create", *argv, "--json", said=said)
    assert (status, err) == (0, "")
    account = json.loads(out)
    assert isinstance(account, dict)
    return account


def listed(user: Run, *argv: str) -> list[str]:
    status, out, _ = user("list", *argv, "--json")
    assert status == 0
    return [each["login"] for each in json.loads(out)]


def while_serving(
    data: Path, story: Callable[[SqliteEngine, list[Event]], Awaitable[None]]
) -> None:
    """Play *story* while a store is open as a server has it, and commands are listened to."""

    async def play() -> None:
        heard: list[Event] = []
        engine = SqliteEngine(str(data / "tertulia.db"), heard.extend, Tally())
        passwords = Argon2Passwords(memory_kib=8, rounds=1)
        await engine.open()
        try:
            async with listening(data, commands(engine, passwords, SystemClock())):
                await story(engine, heard)
        finally:
            await engine.close()
            passwords.close()

    asyncio.run(play())


def test_an_account_is_made_listed_blocked_unblocked_and_deleted(user: Run) -> None:
    status, out, _ = user("create", "Anna", "--first-name", "Анна", said="secret\n")
    assert status == 0
    assert out.startswith("Anna (")
    assert out.endswith(") is made.\n")
    boris = made(user, "boris", "--no-password", "--phone", "8 916 666 00 02")
    assert (boris["phone"], boris["phone_proven"]) == (PHONE, True)
    assert listed(user) == ["Anna", "boris"]
    assert listed(user, "анн") == ["Anna"]
    assert user("block", "8 (916) 6660002")[1] == f"boris ({boris['id']}) is blocked.\n"
    assert listed(user, "--blocked") == ["boris"]
    assert user("unblock", str(boris["id"]))[0] == 0
    assert listed(user, "--blocked") == []
    assert user("delete", "anna")[1].endswith("is deleted.\n")
    assert listed(user) == ["boris"]


def test_a_list_is_a_table_for_a_person(user: Run) -> None:
    made(user, "anna", "--email", "anna@example.org", "--last-name", "A", said="secret")
    _, out, _ = user("list")
    head, row = out.splitlines()
    assert head.split() == [
        "number", "login", "name", "phone", "e-mail", "made", "last", "seen", "blocked",
    ]  # fmt: skip
    cells = row.split()
    assert cells[1:5] == ["anna", "A", "-", "anna@example.org"]
    assert cells[-1] == "-"


def test_a_long_list_comes_whole(user: Run, data: Path) -> None:
    async def story(engine: SqliteEngine, heard: list[Event]) -> None:
        del heard
        accounts = SqlAccounts(engine)
        new = commands(engine, Argon2Passwords(memory_kib=8, rounds=1), SystemClock())
        for number in range(401):
            arguments = {"login": f"u{number}", "password": "", "phone": f"+7916000{number:04}"}
            await new["user create"](arguments)
        assert await accounts.secret_of("u400") is not None

    while_serving(data, story)
    assert len(listed(user)) == 401


def test_the_password_is_the_first_line_of_standard_input(user: Run, data: Path) -> None:
    made(user, "anna", said="pass word\nnot this\n")
    made(user, "boris", "--password", "geheim")

    async def story(engine: SqliteEngine, heard: list[Event]) -> None:
        del heard
        passwords = Argon2Passwords(memory_kib=8, rounds=1)
        for login, password in (("anna", "pass word"), ("boris", "geheim")):
            found = await SqlAccounts(engine).secret_of(login)
            assert found is not None
            assert await passwords.matches(found[1], password)
        passwords.close()

    while_serving(data, story)


@pytest.mark.parametrize(
    ("argv", "said", "complaint"),
    [
        (("create", "anna"), "", "password is missing, and there is no phone to sign in with"),
        (("create", "anna", "--phone", "+7000"), "x", "phone is no phone number"),
        (("create", "anna", "--email", "anna"), "x", "email is no address"),
        (("create", " anna"), "x", "login must be 1 to 40 printable characters"),
        (("create", "Boris"), "x", "already taken: login"),
        (("create", "anna", "--phone", PHONE), "x", "already taken: phone"),
        (("create",), "x", "user create needs a name; see tertulia user --help"),
        (("block", "nobody"), "", "no such account"),
        (("block", "9" * 400), "", "no such account"),
        (("block", ""), "", "user block needs a name; see tertulia user --help"),
        (("delete", "bo\0ris"), "", "no such account"),
        (
            ("ban", "boris"),
            "",
            (
                "argument ACTION: invalid choice: 'ban' (choose from 'create', 'list', 'block',"
                " 'unblock', 'delete'); see tertulia user --help"
            ),
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    user: Run, data: Path, argv: tuple[str, ...], said: str, complaint: str
) -> None:
    made(user, "boris", "--phone", PHONE, "--no-password")
    expected = (2, "", f"tertulia: {complaint}\n")
    assert user(*argv, said=said) == expected

    async def story(engine: SqliteEngine, heard: list[Event]) -> None:
        del engine, heard
        assert await asyncio.to_thread(lambda: user(*argv, said=said)) == expected

    while_serving(data, story)
    assert listed(user) == ["boris"]


def test_a_folder_without_a_store_stays_without_one(user: Run, data: Path) -> None:
    status, out, err = user("list")
    assert (status, out) == (2, "")
    assert err.startswith("tertulia: there is no store at ")
    assert list(data.iterdir()) == []


def test_while_the_server_runs_it_does_the_work_and_signs_out_who_is_blocked(
    user: Run, data: Path
) -> None:
    async def story(engine: SqliteEngine, heard: list[Event]) -> None:
        anna = await asyncio.to_thread(lambda: made(user, "anna", said="secret"))
        account_id = AccountId(anna["id"])
        secrets = (Secret("hash", "access", FAR),)
        session = await SqlSessions(engine).open(
            Opening(account_id, "sama", "d", "", secrets), SystemClock().now_ms()
        )
        status, out, _ = await asyncio.to_thread(lambda: user("block", "anna", "--json"))
        assert status == 0
        assert json.loads(out)["blocked_at"] > 0
        assert [each for each in heard if isinstance(each, SessionsEnded)] == [
            SessionsEnded((session.id,), account_id)
        ]
        assert await SqlSessions(engine).find("hash", 0) is None
        (account,) = await SqlAccounts(engine).several([account_id])
        assert account.blocked_at is not None

    while_serving(data, story)


def test_nobody_but_the_servers_user_may_give_commands(data: Path) -> None:
    async def story(engine: SqliteEngine, heard: list[Event]) -> None:
        del engine, heard
        assert stat.S_IMODE((data / SOCKET).stat().st_mode) == 0o600

    while_serving(data, story)
    assert not (data / SOCKET).exists()


def test_a_socket_that_a_killed_server_left_behind_is_no_obstacle(user: Run, data: Path) -> None:
    made(user, "anna", said="secret")

    async def story(engine: SqliteEngine, heard: list[Event]) -> None:
        del engine, heard
        # As after `kill -9`: the file is there, and nobody listens.
        (data / SOCKET).rename(data / "left over")

    while_serving(data, story)
    (data / "left over").rename(data / SOCKET)
    assert listed(user) == ["anna"]
    while_serving(data, _nothing)


async def _nothing(engine: SqliteEngine, heard: list[Event]) -> None:
    del engine, heard


def test_a_server_that_does_not_listen_is_not_worked_around(user: Run, data: Path) -> None:
    async def story() -> None:
        engine = SqliteEngine(str(data / "tertulia.db"), lambda _: None, Tally())
        await engine.open()
        status, _, err = await asyncio.to_thread(lambda: user("list"))
        assert status == 2
        assert "another Tertulia uses it" in err
        assert "no server answers in" in err
        await engine.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "said", [b"", b"\n", b"nonsense\n", b"[]\n", b"{}\n", b"x" * 2_000_000, b'{"command": 1}\n']
)
def test_nonsense_at_the_socket_ends_nothing(user: Run, data: Path, said: bytes) -> None:
    async def story(engine: SqliteEngine, heard: list[Event]) -> None:
        del engine, heard
        short = data.parent / "short"
        short.symlink_to(data)
        reader, writer = await asyncio.open_unix_connection(str(short / SOCKET))
        writer.write(said)
        # Of what is far too long it does not read the end.
        with contextlib.suppress(ConnectionError):
            writer.write_eof()
            assert b"result" not in await reader.read()
        writer.close()
        assert await asyncio.to_thread(lambda: listed(user)) == []
        with pytest.raises(Refused):
            await ask(data, "no such command", {})
        with pytest.raises(Refused):
            await ask(data, "user block", {"nome": "anna"})

    while_serving(data, story)
