"""Of how many parts a JPEG is made: of very many, reading it would take hours.

A progressive JPEG comes in scans, each a pass over the whole picture, and a hundred bytes can be one. Before its
first scan are segments, which say something of it. What several of them say is put together by Pillow, copied
anew for each.
"""

import re
from typing import BinaryIO

MOST_SCANS = 50
"""Programs write ten of them, the most thrifty ones twenty."""

MOST_SEGMENTS = 1_000
"""The largest have 64 KiB, and all that cameras add has some MiB."""

START = b"\xff\xd8"
START_OF_SCAN, END = 0xDA, 0xD9

MARKER = re.compile(rb"\xff+([^\x00\x01\xff\xd0-\xd7])", re.DOTALL)
"""What begins or ends something: neither a byte of a scan that looks like one, nor a place to restart from."""


def has_many_segments(stream: BinaryIO) -> bool:
    """Whether there are more than `MOST_SEGMENTS` before the first scan, as Pillow reads them.

    *stream*: a JPEG from behind its START. No more of it is read than its head.
    """
    # Here, so that a server that never sees a picture does without.
    from PIL.JpegImagePlugin import MARKER as KNOWN  # noqa: PLC0415 - see above

    for _ in range(MOST_SEGMENTS):
        sign = stream.read(2)
        if len(sign) < 2 or sign[0] != 0xFF or sign[1] == START_OF_SCAN:
            return False
        if sign[1] == 0xFF:
            stream.seek(-1, 1)
        elif 0xFF00 | sign[1] in KNOWN and KNOWN[0xFF00 | sign[1]][2] is not None:
            # The length counts its own two bytes.
            stream.seek(max(int.from_bytes(stream.read(2), "big") - 2, 0), 1)
    return True


def has_many_scans(stream: BinaryIO) -> bool:
    """Whether there are more than `MOST_SCANS`, as far as decoders read. *stream*: as above, all of it is read."""
    rest = stream.read()
    scans, place = 0, 0
    while scans <= MOST_SCANS:
        found = MARKER.search(rest, place)
        if found is None or found[1][0] == END:
            return False
        scans += found[1][0] == START_OF_SCAN
        place = found.end() + max(int.from_bytes(rest[found.end() : found.end() + 2], "big"), 2)
    return True
