"""Public addresses of files, `/u/{folder}/…`: whoever knows one may read the file.

The folder carries the file's number and is signed by the server, so nothing need be stored and nothing
can be guessed.
"""

import hashlib
import hmac
import re
from functools import lru_cache

from tertulia.core.ids import MAX_NUMBER, FileId

NUMBER_DIGITS = 14
SIGNATURE_DIGITS = 18
"""Hexadecimal: 72 bits that only the server can make."""

_FOLDER = re.compile(r"[0-9a-f]{32}", re.ASCII)


@lru_cache(maxsize=16_384)
def folder_of(key: str, file_id: FileId) -> str:
    """The 32 hexadecimal digits under which that file lies; *key* is `TadaDesk.key`."""
    digits = f"{file_id:0{NUMBER_DIGITS}x}"
    signature = hmac.digest(key.encode(), digits.encode(), hashlib.sha256).hex()
    return digits + signature[:SIGNATURE_DIGITS]


def file_in(key: str, folder: str) -> FileId | None:
    """The file that lies there; None: we never gave out such an address."""
    if _FOLDER.fullmatch(folder) is None:
        return None
    number = int(folder[:NUMBER_DIGITS], 16)
    if number > MAX_NUMBER:
        return None
    expected = folder_of(key, FileId(number))
    return FileId(number) if hmac.compare_digest(expected, folder) else None
