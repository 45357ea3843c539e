"""`kill -9` under load, ten times: what was acknowledged is there afterwards, once and in order."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import uvloop

from tertulia.store.work import rows
from tests.integration.ledger import Acknowledged, Ledger, Stored
from tests.integration.sama_client import SamaClient
from tests.integration.writer import engine_at
from tests.store.postgres_server import new_database
from tests.store.world import tasks_of_engine

ROUNDS = 10
SENDERS = 12
ALL_MESSAGES = "SELECT chat_id, seq, id, text FROM messages"

pytestmark = [pytest.mark.integration, pytest.mark.slow]

Round = Callable[[Ledger, random.Random], None]
"""Starts a process, lets it acknowledge for a while, kills it; enters everything into the ledger."""


def play(one_round: Round, stored: Callable[[], list[Stored]], seed: int) -> None:
    """Ten rounds, after each of which the store must agree with the ledger."""
    chance, ledger = random.Random(seed), Ledger()  # noqa: S311 - seeded, to be repeated
    for _ in range(ROUNDS):
        before = len(ledger.entries)
        one_round(ledger, chance)
        assert len(ledger.entries) > before
        ledger.compare(stored())


def kill_a_writer(url: str) -> Round:
    """A round in which the process that writes is the one with the engine in it."""

    def one_round(ledger: Ledger, chance: random.Random) -> None:
        numbers = [str(ledger.next_number(sender)) for sender in range(SENDERS)]
        command = [sys.executable, "-m", "tests.integration.writer", url, *numbers]
        root = Path(__file__).parents[2]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
            assert process.stdout is not None
            wanted = chance.randrange(50, 800)
            for line in process.stdout:
                # What was in the pipe at the moment of the kill had been acknowledged too.
                if line.endswith(b"\n"):
                    ledger.entries.append(msgspec.json.decode(line, type=Acknowledged))
                wanted -= 1
                if wanted == 0:
                    process.kill()
        assert process.returncode == -9

    return one_round


def stored_at(url: str) -> list[Stored]:
    """Everything in the store, read after a restart of the engine."""

    async def read() -> list[Stored]:
        async with tasks_of_engine() as spawn:
            engine = engine_at(url, spawn)
            await engine.open()
            found = await engine.read(rows(ALL_MESSAGES))
            await engine.close()
        return [Stored(*each) for each in found]

    return uvloop.run(read())


@pytest.mark.parametrize("seed", [2026])
def test_nothing_acknowledged_is_lost_when_a_process_with_an_embedded_store_is_killed(
    tmp_path: Path, seed: int
) -> None:
    url = f"sqlite:///{tmp_path / 'tertulia.db'}"
    play(kill_a_writer(url), lambda: stored_at(url), seed)


@pytest.mark.parametrize("seed", [2027])
def test_nothing_acknowledged_is_lost_when_a_process_before_postgresql_is_killed(seed: int) -> None:
    url = uvloop.run(new_database())
    play(kill_a_writer(url), lambda: stored_at(url), seed)


def kill_a_server(folder: Path) -> Round:
    """A round in which a whole server is killed while a SAMA client writes."""

    def one_round(ledger: Ledger, chance: random.Random) -> None:
        options = ["serve", "--port", "0", "--data", str(folder)]
        command = [sys.executable, "-m", "tertulia", *options]
        with (
            (folder / "log").open("ab") as log,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,  # noqa: S603 - ours
        ):
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1].decode()
            wanted = len(ledger.entries) + chance.randrange(50, 800)
            client = SamaClient(address.replace("http", "ws", 1), ledger, SENDERS)
            uvloop.run(client.write_until(lambda: len(ledger.entries) >= wanted, process.kill))
        assert process.returncode == -9

    return one_round


@pytest.mark.parametrize("seed", [2028])
def test_nothing_acknowledged_is_lost_when_a_whole_server_is_killed(
    tmp_path: Path, seed: int
) -> None:
    url = f"sqlite:///{tmp_path / 'tertulia.db'}"
    play(kill_a_server(tmp_path), lambda: stored_at(url), seed)
