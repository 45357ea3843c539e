"""Pictures of teams, contacts and chats (Tada document, Команды: icons)."""

from msgspec import UNSET, Struct, UnsetType


class Sized(Struct):
    """A picture with its sides, in pixels."""

    height: int
    url: str
    width: int


class StubV3(Struct):
    """No picture was uploaded: the generated one."""

    stub: str


class PictureV3(Struct):
    """An uploaded one, in two sizes."""

    lg: Sized
    sm: Sized


class IconsV4(Struct):
    """Both sizes are always there; the rest for a generated picture only."""

    sm: Sized
    lg: Sized
    letters: str | UnsetType = UNSET
    color: str | UnsetType = UNSET
    stub: str | UnsetType = UNSET


Icons = StubV3 | PictureV3 | IconsV4
