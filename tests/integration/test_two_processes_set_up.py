"""How processes that shall act as one are set up, what they tell of themselves, and how they say what is wrong."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.cluster import Cluster, until
from tests.nats_server import nats_server
from tests.store.postgres_server import new_database
from tests.stories.process import refused
from tests.tada.office import signs_up
from tests.world.wires import Http

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def counted(base_url: str, name: str) -> float:
    """A number of `/metrics`."""
    lines = Http(base_url).ask("GET", "/metrics").text.splitlines()
    (line,) = [each for each in lines if each.startswith(f"tertulia_{name} ")]
    return float(line.split()[1])


def test_each_process_tells_how_it_is(pair: Cluster) -> None:
    for url in pair.urls:
        assert Http(url).ask("GET", "/healthz").json == {"status": "ok"}
        ready = Http(url).ask("GET", "/readyz")
        assert (ready.status, ready.json["failing"]) == (200, [])
        assert counted(url, "bus_connected") == 1
    before = [counted(url, "bus_received_total") for url in pair.urls]
    for url in pair.urls:
        signs_up(url, f"counted-{url.rpartition(':')[2]}")
    until(
        lambda: all(
            counted(url, "bus_received_total") > count
            for url, count in zip(pair.urls, before, strict=True)
        )
    )


def assert_refused(folder: Path, *options: str, naming: str) -> None:
    """It does not start, and says why in one sentence that holds no secret."""
    shared = ("--files-url", (folder / "shared").as_uri())
    status, words = refused(folder / "data", "--port", "0", *shared, *options)
    assert status == 2, words
    assert words.startswith("tertulia: "), words
    assert (words.count("\n"), words.endswith("\n")) == (1, True), words
    assert "bus" in words
    assert naming in words
    assert "secret" not in words


def test_an_embedded_store_has_room_for_one_process(tmp_path: Path) -> None:
    with nats_server() as bus:
        assert_refused(tmp_path, "--bus-url", bus.url, naming="PostgreSQL")


def test_an_address_where_nobody_answers_is_said(tmp_path: Path) -> None:
    url = asyncio.run(new_database())
    bus = "nats://tertulia:secret@127.0.0.1:1"
    options = ("--database-url", url, "--bus-url", bus)
    assert_refused(tmp_path, *options, naming="127.0.0.1:1")


@pytest.mark.parametrize("bus", ["nats://", "nats://127.0.0.1:none", "http://127.0.0.1:4222"])
def test_an_address_that_is_none_is_said(tmp_path: Path, bus: str) -> None:
    options = ("--database-url", asyncio.run(new_database()), "--bus-url", bus)
    assert_refused(tmp_path, *options, naming="bus")


def test_a_library_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nats.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    url = asyncio.run(new_database())
    with nats_server() as bus:
        options = ("--database-url", url, "--bus-url", bus.url)
        assert_refused(tmp_path, *options, naming="nats")
