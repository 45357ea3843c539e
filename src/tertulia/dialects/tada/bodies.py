"""Which paths take uploads, so that the port lets their bodies be large."""

import re

AROUND_FILE_BYTES = 256 << 10
"""What a multipart body has beside its file: other fields, boundaries, headers."""

_UPLOADS = re.compile(
    r"/api/v[34]/teams/[^/]+/"
    r"(?:icons|upload|messages/[^/]+|chats/[^/]+/messages|(?:contacts|groups)/[^/]+/icons)/?"
)


def body_bytes(path: str, most_upload: int) -> int | None:
    """The largest body for a path (as sent); None: as everywhere."""
    return most_upload + AROUND_FILE_BYTES if _UPLOADS.fullmatch(path) else None
