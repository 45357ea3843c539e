"""What the documents promise about settings, places and one another is so."""

import re
import subprocess
from pathlib import Path

import pytest

from tertulia.settings import SETTINGS, Setting

HOUSE = Path(__file__).parents[2]
DECISIONS = HOUSE / "docs" / "decisions"
CONFIGURATION = (HOUSE / "docs" / "configuration.md").read_text(encoding="utf-8")

# A link's address without its anchor; blocks and spans of code, in which there are none.
LINK = re.compile(r"\]\(([^)\s#]+)[^)\s]*\)")
WORDS_AS_THEY_STAND = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)

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


def test_every_decision_stands_in_the_index_once_with_its_title() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(\d{4})\]\((\1-[\w-]+\.md)\): (.+)$", index, flags=re.MULTILINE)
    titles = {
        page.name: page.read_text(encoding="utf-8").split("\n")[0]
        for page in DECISIONS.glob("0*.md")
    }
    assert sorted(name for _, name, _ in listed) == sorted(titles)
    assert {name: f"# {number}: {title}" for number, name, title in listed} == titles


@pytest.mark.parametrize("dialect", ["sama", "tada", "unet", "astrak"])
def test_the_readme_of_a_dialect_names_every_module_and_no_other(dialect: str) -> None:
    folder = HOUSE / "src" / "tertulia" / "dialects" / dialect
    named = set(re.findall(r"`(\w+\.py)`", (folder / "README.md").read_text(encoding="utf-8")))
    assert named == {module.name for module in folder.glob("*.py")} - {"__init__.py"}


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(HOUSE)}: {link}"
        for page in tracked_texts()
        if page.suffix == ".md"
        for link in LINK.findall(WORDS_AS_THEY_STAND.sub("", page.read_text(encoding="utf-8")))
        if not link.startswith(("http:", "https:", "#")) and not (page.parent / link).exists()
    ]
    assert broken == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = [
        f"{file.relative_to(HOUSE)}: {line.strip()}"
        for file in tracked_texts()
        for line in file.read_text(encoding="utf-8").splitlines()
        if MACHINE_PATH.search(line)
    ]
    assert found == []
