"""Text as people mean it: lengths, and the folded form that searches and comparisons use."""

import re
import unicodedata

_YO_TO_YE = str.maketrans("ё", "е")

MOST_MARKS = 256
"""Code points that are composed at once."""

DENSEST = 4
"""Code points at most of which NFC makes one."""

# Preferably the next piece begins with what composes with nothing before it.
_PIECES = re.compile(
    rf"(?s).{{1,{MOST_MARKS}}}(?=[\x00-\x7f]|(?![\u1160-\u11ff])\w|\Z)|.{{1,{MOST_MARKS}}}"
)


def length(text: str) -> int:
    """Code points after NFC, so that an accent counts the same however it was typed."""
    return len(text) if text.isascii() else len(nfc(text))


def is_longer(text: str, most: int) -> bool:
    """Whether the length is above *most*; what is far above is not looked at closely."""
    return len(text) > most and (len(text) > DENSEST * most or length(text) > most)


def nfc(text: str) -> str:
    """The composed form.

    Long text is composed piece by piece: to put accents in order costs the square of how many stand
    on one letter, and a whole frame of them would stop the server for minutes.
    """
    if len(text) <= MOST_MARKS:
        return unicodedata.normalize("NFC", text)
    return "".join(unicodedata.normalize("NFC", piece) for piece in _PIECES.findall(text))


def fold(text: str) -> str:
    """The form in which text is searched: NFC, case folded, Russian yo written as ye.

    Folding can undo a composition, so NFC is applied again at the end.
    """
    if text.isascii():
        return text.lower()
    return nfc(nfc(text).casefold().translate(_YO_TO_YE))


def key(text: str) -> str:
    """The form in which two names count as the same: without regard to case or composition."""
    if text.isascii():
        return text.lower()
    return nfc(nfc(text).casefold())


def digits(text: str) -> str:
    """The form in which two phone numbers count as the same: their digits alone, of any script, as 0 to 9."""
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


def containing(part: str) -> str:
    r"""A `LIKE … ESCAPE '\'` pattern for any text that contains *part*, folded and taken literally."""
    folded = fold(part).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{folded}%"
