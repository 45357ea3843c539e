"""Signed addresses of files: whoever holds one may use it until it expires, with no other key.

A link says which file, what for and until when; the signature covers all three.
"""

import base64
import hashlib
import hmac
from enum import StrEnum
from functools import lru_cache

from tertulia.core.ids import FileId
from tertulia.core.ports import Clock

UPLOAD_S = 3_600
DOWNLOAD_S = 7 * 86_400
BRIEF_S = 3_600
DAY_S = 86_400

SIGNATURE_BYTES = 16
"""Of the 32 that HMAC-SHA256 gives: more than anybody can try."""


class LinkPurpose(StrEnum):
    """What a link is good for."""

    UPLOAD = "upload"
    DOWNLOAD = "download"


class FileLinks:
    """Makes links and tells whether one is ours."""

    def __init__(self, key: str, base: str, clock: Clock) -> None:
        """The links of one server, or of several that share a store.

        Args:
            key: signs them; whoever knows it can read every file.
            base: the address under which the files lie, without a slash at its end.
            clock: the time.
        """
        self._key = key.encode()
        self._base = base
        self._clock = clock
        self._made = lru_cache(maxsize=8_192)(self._make)

    def upload(self, file_id: FileId) -> str:
        """Where to put the content, for an hour."""
        return self._make(file_id, LinkPurpose.UPLOAD, self._now_s() + UPLOAD_S)

    def download(self, file_id: FileId) -> str:
        """Where to get the content, for seven to eight days.

        All links of one day (UTC) are the same, so that what fetches files can keep them.
        """
        day = self._now_s() // DAY_S
        return self._made(file_id, LinkPurpose.DOWNLOAD, (day + 1) * DAY_S + DOWNLOAD_S)

    def brief(self, file_id: FileId) -> str:
        """Where to get the content, for an hour."""
        return self._make(file_id, LinkPurpose.DOWNLOAD, self._now_s() + BRIEF_S)

    def is_ours(
        self, file_id: FileId, purpose: LinkPurpose, expires_s: int, signature: str
    ) -> bool:
        """Whether we made a link like this, expired or not."""
        expected = self._signature(file_id, purpose, expires_s)
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))

    def seconds_left(self, expires_s: int) -> int:
        """How long a link is good from now on; 0: it is not."""
        return max(expires_s - self._now_s(), 0)

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000

    def _make(self, file_id: FileId, purpose: LinkPurpose, expires_s: int) -> str:
        signature = self._signature(file_id, purpose, expires_s)
        return f"{self._base}/{file_id}?expires={expires_s}&signature={signature}"

    def _signature(self, file_id: FileId, purpose: LinkPurpose, expires_s: int) -> str:
        words = f"{purpose}:{file_id}:{expires_s}".encode()
        whole = hmac.digest(self._key, words, hashlib.sha256)
        return base64.urlsafe_b64encode(whole[:SIGNATURE_BYTES]).rstrip(b"=").decode()
