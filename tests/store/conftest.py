"""Every test of this folder that asks for `in_store` runs on both engines."""

from pathlib import Path

import pytest
import uvloop

from tests.store.world import InStore, OpenEngine, Story, in_file, in_memory, in_postgres, tell


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.integration)])
def open_engine(request: pytest.FixtureRequest, tmp_path: Path) -> OpenEngine:
    """An engine that is not open yet."""
    engines = {
        "memory": in_memory,
        "file": in_file(tmp_path / "tertulia.db"),
        "postgres": in_postgres,
    }
    return engines[request.param]


@pytest.fixture
def in_store(open_engine: OpenEngine) -> InStore:
    """Plays a story on a fresh store."""

    def play(story: Story) -> None:
        uvloop.run(tell(story, open_engine))

    return play
