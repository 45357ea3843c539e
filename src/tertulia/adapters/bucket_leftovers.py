"""Parts of uploads that were cut off by the end of a server: nobody sees them, and they take up room.

The library that does everything else with a bucket has no way to ask for them, so the two requests it takes
are signed here (Amazon's "Signature Version 4"). In threads only.
"""

import hashlib
import hmac
import http.client
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from tertulia.adapters.bucket_place import BucketPlace, Keys

LOG = logging.getLogger(__name__)

ABANDONED_S = 86_400.0
"""An upload that began so long ago was cut off: none takes that long."""

WITHIN_S = 4.0
"""For one request. A stop of the server waits for it."""

MOST_BYTES = 4 << 20
"""Of an answer: it names at most 1,000 uploads. What it does not name is found an hour later."""

UPLOAD = re.compile(r"<Upload>(.*?)</Upload>", re.DOTALL)
OURS = re.compile(r"[0-9a-f]{2}/\d+")
FIELD = re.compile(r"<(Key|UploadId|Initiated)>([^<]*)</\1>")

EMPTY = hashlib.sha256(b"").hexdigest()


class Leftover(NamedTuple):
    """An upload that has not ended: what it was to become, its name, and when it began."""

    key: str
    upload_id: str
    began_s: float


class Leftovers:
    """Throws them away."""

    def __init__(
        self, place: BucketPlace, now_s: Callable[[], float], *, old_s: float = ABANDONED_S
    ) -> None:
        self._place = place
        self._now_s = now_s
        self._old_s = old_s
        self._prefix = f"{place.prefix}/" if place.prefix else ""

    def sweep(self) -> None:
        """Those that are old. Nothing, where the machine signs in by itself: the bucket has to do it then."""
        if self._place.keys is None:
            return
        try:
            before = self._now_s() - self._old_s
            for each in self._found(self._place.keys):
                if each.began_s < before:
                    self._throw_away(self._place.keys, each)
        except (OSError, http.client.HTTPException, LookupError, ValueError) as error:
            # The last two: it answered, but not as S3 does.
            fields = {"reason": str(error) or type(error).__name__}
            LOG.warning("Parts of cut off uploads cannot be swept away", extra={"fields": fields})

    def _found(self, keys: Keys) -> list[Leftover]:
        answer = self._asked(keys, "GET", "", {"uploads": "", "prefix": self._prefix})
        return [each for each in _listed(answer) if self._is_ours(each.key)]

    def _is_ours(self, key: str) -> bool:
        """A bucket may hold other things, too."""
        return OURS.fullmatch(key.removeprefix(self._prefix)) is not None

    def _throw_away(self, keys: Keys, leftover: Leftover) -> None:
        self._asked(keys, "DELETE", leftover.key, {"uploadId": leftover.upload_id})
        LOG.info("Parts of a cut off upload were swept away")

    def _asked(self, keys: Keys, method: str, key: str, query: dict[str, str]) -> str:
        """The answer. Raises: OSError, HTTPException: there is none, or it is a refusal."""
        base = urlsplit(self._place.base_url)
        path = f"{base.path}/{quote(key)}"
        line = "&".join(f"{name}={quote(query[name], safe='')}" for name in sorted(query))
        headers = self._signed(keys, method, base.netloc, path, line)
        make = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
        connection = make(base.netloc, timeout=WITHIN_S)
        try:
            connection.request(method, f"{path}?{line}", headers=headers)
            answer = connection.getresponse()
            text = answer.read(MOST_BYTES).decode(errors="replace")
        finally:
            connection.close()
        # It may be gone meanwhile.
        if not (200 <= answer.status < 300 or (method == "DELETE" and answer.status == 404)):
            raise OSError(f"the bucket answers {answer.status}")
        return text

    def _signed(self, keys: Keys, method: str, host: str, path: str, query: str) -> dict[str, str]:
        """Headers that say who asks."""
        stamp = datetime.fromtimestamp(self._now_s(), UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": host, "x-amz-content-sha256": EMPTY, "x-amz-date": stamp}
        if keys.token:
            headers["x-amz-security-token"] = keys.token
        names = ";".join(headers)
        request = "\n".join(
            [
                method,
                path,
                query,
                *(f"{name}:{headers[name]}" for name in headers),
                "",
                names,
                EMPTY,
            ]
        )
        scope = [stamp[:8], self._place.region, "s3", "aws4_request"]
        digest = hashlib.sha256(request.encode()).hexdigest()
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, "/".join(scope), digest])
        key = f"AWS4{keys.secret}".encode()
        for each in scope:
            key = hmac.digest(key, each.encode(), "sha256")
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={keys.key_id}/{'/'.join(scope)},"
            f" SignedHeaders={names}, Signature={signature}"
        )
        return headers


def _listed(answer: str) -> Iterator[Leftover]:
    for upload in UPLOAD.findall(answer):
        fields = {name: unescape(text) for name, text in FIELD.findall(upload)}
        began = datetime.fromisoformat(fields["Initiated"]).timestamp()
        yield Leftover(fields["Key"], fields["UploadId"], began)
