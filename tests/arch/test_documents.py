"""What the documents promise about settings and places is so."""

import re
import subprocess
from pathlib import Path

import pytest

from tertulia.settings import SETTINGS, Setting

HOUSE = Path(__file__).parents[2]
CONFIGURATION = (HOUSE / "docs" / "configuration.md").read_text(encoding="utf-8")

# Folders that exist on somebody's machine only.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(home|root|Users|mnt|workspace|builds)/\w")


def tracked_texts() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - whichever git is there
        cwd=HOUSE,
        capture_output=True,
        check=True,
    )
    files = [HOUSE / name for name in listed.stdout.decode().split("\0") if name]
    return [file for file in files if file.is_file() and b"\0" not in file.read_bytes()]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented_with_its_default(setting: Setting) -> None:
    default = f"`{setting.default}`" if setting.default else "empty"
    assert f"\n| `{setting.name}` | {default} | " in CONFIGURATION


def test_no_setting_is_documented_that_is_not_there() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", CONFIGURATION, flags=re.MULTILINE)
    assert sorted(documented) == sorted(setting.name for setting in SETTINGS)


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = [
        f"{file.relative_to(HOUSE)}: {line.strip()}"
        for file in tracked_texts()
        for line in file.read_text(encoding="utf-8").splitlines()
        if MACHINE_PATH.search(line)
    ]
    assert found == []
