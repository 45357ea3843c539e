"""Text as people mean it: lengths, and the folded form that searches and comparisons use."""

import unicodedata

_YO_TO_YE = str.maketrans("ё", "е")


def length(text: str) -> int:
    """Code points after NFC, so that an accent counts the same however it was typed."""
    return len(text) if text.isascii() else len(unicodedata.normalize("NFC", text))


def fold(text: str) -> str:
    """The form in which text is searched: NFC, case folded, Russian yo written as ye.

    Folding can undo a composition, so NFC is applied again at the end.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFC", text).casefold().translate(_YO_TO_YE)
    return unicodedata.normalize("NFC", folded)


def key(text: str) -> str:
    """The form in which two names count as the same: without regard to case or composition."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def containing(part: str) -> str:
    r"""A `LIKE … ESCAPE '\'` pattern for any text that contains *part*, folded and taken literally."""
    folded = fold(part).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{folded}%"
