"""`tertulia vapid` prints the public key that browsers subscribe with."""

import asyncio
from pathlib import Path

import pytest

from tertulia.adapters.push_keys import KEY_NAME, new_key
from tertulia.adapters.push_web import Vapid
from tertulia.cli import main
from tertulia.core.tally import Tally
from tertulia.store.sessions import SqlSessions
from tertulia.store.sqlite import SqliteEngine


def test_the_key_of_a_running_server_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = new_key()

    async def story() -> None:
        engine = SqliteEngine(str(tmp_path / "tertulia.db"), lambda _: None, Tally())
        await engine.open()
        await SqlSessions(engine).server_secret(KEY_NAME, key)
        # The store is open and locked, as a server has it.
        assert await asyncio.to_thread(main, ["vapid", "--data", str(tmp_path)]) == 0
        await engine.close()

    asyncio.run(story())
    assert capsys.readouterr().out == Vapid(key, "").public_key + "\n"


def test_the_operators_own_key_needs_no_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    monkeypatch.setenv("TERTULIA_VAPID_KEY", key)
    assert main(["vapid", "--data", str(tmp_path / "nowhere")]) == 0
    assert capsys.readouterr().out == Vapid(key, "").public_key + "\n"
    assert not (tmp_path / "nowhere").exists()


def test_before_the_first_start_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vapid", "--data", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.err == "tertulia: there is no key yet: the server makes it at its first start\n"
    assert said.out == ""


def test_what_is_no_key_is_not_repeated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERTULIA_VAPID_KEY", "hush")
    assert main(["vapid"]) == 2
    assert "hush" not in capsys.readouterr().err
