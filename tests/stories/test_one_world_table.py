"""docs/one-world.md says what every API shows of what is done in another: here it is done."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.receiver import receiving
from tests.world.scenes import SCENES
from tests.world.stage import Stage, observed, set_up
from tests.world.town import town

PAGE = Path(__file__).parents[2] / "docs" / "one-world.md"

HEAD = ("| Boris … | in | SAMA | Tada | Unet | Astrak |", "|---|---|---|---|---|---|")


@pytest.mark.slow
def test_the_table_of_one_world_is_what_happens() -> None:
    with receiving() as callback, town(callback_allow=(ip_network("127.0.0.1/32"),)) as place:
        stage = set_up(place, callback)
        expected = table(stage)
        for person in (stage.anna, stage.boris, stage.clara):
            person.close()
        assert place.mistakes == []
    assert expected in PAGE.read_text(), f"the table should be\n{expected}"


def table(stage: Stage) -> str:
    """Every scene; those that come to the same in several APIs share a line."""
    lines: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for scene in SCENES:
        lines.setdefault((scene.name, observed(stage, scene)), []).append(scene.by)
    rows = [
        f"| {name} | {', '.join(by)} | {' | '.join(cells)} |" for (name, cells), by in lines.items()
    ]
    return "\n".join((*HEAD, *rows))
