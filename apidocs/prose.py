"""What pages say to people: their names and first paragraphs."""

import re
from pathlib import Path

from tests.wire.pages import page_paths

LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
FOR_THE_PLAYER = ("Source:", "Settings:", "Cast:", "Stage:")


def names_of_pages(folder: Path) -> dict[str, str]:
    """What a dialect's first page calls the others, by file name."""
    links = LINK.findall((folder / "README.md").read_text("utf-8"))
    return {target: text for text, target in links if target.endswith(".md")}


def introduction(path: Path) -> str:
    """What a page says before the first thing that is played."""
    paragraphs = path.read_text("utf-8").split("\n\n")[1:]
    found = []
    for each in paragraphs:
        if each.startswith(("```", "> ", "#")):
            break
        if not each.startswith(FOR_THE_PLAYER):
            found.append(_plain(each))
    return "\n\n".join(found)


def _plain(paragraph: str) -> str:
    """Without links, which lead nowhere outside the pages."""
    return LINK.sub(r"\1", paragraph)


def folders() -> list[Path]:
    """One for each dialect."""
    return sorted({path.parent for path in page_paths()})
