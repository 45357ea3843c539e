"""The `icons` of whatever has none of its own: a stub picture, drawn from its id and its name."""

from functools import lru_cache

from tertulia.core.team_model import Portrait
from tertulia.dialects.tada.addresses import folder_of
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.names import color_of, letters, stub_at
from tertulia.dialects.tada.wire.icons import Icons, IconsV4, PictureV3, Sized, StubV3

SMALL, LARGE = 256, 512
"""Sides of stub pictures, in pixels."""

SHORTER_SIDE = 1_024
"""Of the larger copy of an uploaded picture, at most."""


def stub_icons(desk: TadaDesk, view: View, uuid: str, name: str) -> Icons:
    """`icons` of what has no picture."""
    return _stub_icons(desk.public_url, view, color_of(uuid), letters(name))


@lru_cache(maxsize=8_192)
def _stub_icons(public_url: str, view: View, color: str, signs: str) -> Icons:
    """One object for all that look the same: a list of thousands has some hundred."""
    small = public_url + stub_at(color, signs, SMALL)
    if view is View.V3:
        return StubV3(small)
    return IconsV4(
        sm=Sized(SMALL, small, SMALL),
        lg=Sized(LARGE, public_url + stub_at(color, signs, LARGE), LARGE),
        letters=signs,
        color=f"#{color}",
        stub=small,
    )


def portrait_icons(desk: TadaDesk, view: View, portrait: Portrait) -> Icons:
    """`icons` of what has a picture: a square copy and a larger one, each with its sides."""
    folder = f"{desk.public_url}/u/{folder_of(desk.key, portrait.file_id)}/p"
    width, height = large_sides(portrait.width, portrait.height)
    large = Sized(height, f"{folder}/1x.jpg", width)
    small = Sized(SMALL, f"{folder}/256.jpg", SMALL)
    if view is View.V3:
        return PictureV3(large, small)
    return IconsV4(sm=small, lg=large)


def large_sides(width: int, height: int) -> tuple[int, int]:
    """Width and height of the larger copy: the same proportions, never enlarged."""
    shorter = min(width, height)
    if shorter <= SHORTER_SIDE:
        return width, height
    scale = SHORTER_SIDE / shorter
    return max(round(width * scale), 1), max(round(height * scale), 1)
