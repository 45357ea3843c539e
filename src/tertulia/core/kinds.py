"""What a file is, by its first bytes: whatever it is called, and whatever its sender says it is."""

import re

HEAD_BYTES = 512
"""So many are looked at."""

UNKNOWN = "application/octet-stream"

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What every browser shows."""

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
)

_RIFFS = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}

# Of what begins like an MP4: by its brand.
_BRANDS = {
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"avif": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
}

_KIND = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}")
_TAKEN_FROM_CONTENT = ("image/", "video/", "audio/", "text/html")


def kind_of(head: bytes) -> str:
    """The content type that the first bytes tell; "" when they tell none."""
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF":
        return _RIFFS.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:4] == b"OggS":
        return "video/ogg" if b"theora" in head[:64] else "audio/ogg"
    return ""


def content_type(head: bytes, claimed: str) -> str:
    """What the content tells; else what was claimed, if that is nothing one could be shown."""
    found = kind_of(head)
    if found:
        return found
    claim = claimed.partition(";")[0].strip().lower()
    if _KIND.fullmatch(claim) and not claim.startswith(_TAKEN_FROM_CONTENT):
        return claim
    return UNKNOWN


def is_image(kind: str) -> bool:
    """Whether every browser shows it as a picture."""
    return kind in IMAGES
