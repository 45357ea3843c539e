"""A bucket of an S3 service: what we ask of it, each within a deadline, and its refusals in our words."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tertulia.adapters.bucket_place import BucketPlace, Keys
from tertulia.core.errors import TooMuch, Unavailable

if TYPE_CHECKING:
    # Words of its types only.
    from obstore.store import S3Credential, S3CredentialProvider

LOG = logging.getLogger(__name__)

WITHIN_S = 30.0
"""For whatever is asked. The bounds below stay under it; this one holds whatever the library does."""

CONNECT_WITHIN_S = 3
REQUEST_WITHIN_S = 20
"""One request, from the connection to the last byte of the answer: 5 MiB at 2 Mbit/s."""

RETRIES = 3
RETRY_WITHIN_S = 8
"""Of requests that may be repeated, when the service says that it is busy or hangs up."""

THREAD_WITHIN_S = 4
"""One request of a thread. Nobody can interrupt it, and a stop of the server waits for it."""

PART_BYTES = 5 << 20
"""Of a long upload; no service takes smaller ones. What is not longer goes up in one request."""

PARTS_ON_THEIR_WAY = 2

NO_ROOM = frozenset(
    {"XMinioStorageFull", "InsufficientStorage", "InsufficientCapacity", "QuotaExceeded"}
)
"""What services say that have run full."""

NO_ENTRY = frozenset(
    {
        "AccessDenied",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "NotSignedUp",
        "SignatureDoesNotMatch",
    }
)

CODE = re.compile(r"<Code>(\w{1,60})</Code>")
STATUS = re.compile(r"status code: (\d{3}[ \w]*)")

PROBE = "probe"
"""The key of what is written at the start, to see whether one may."""

# What the library raises: its own errors, and those of Python for what is missing or cut off.
FAILURES = (BaseError, OSError)


class BadBucket(Exception):
    """Files cannot be kept in this bucket; the text says why."""


class Bucket:
    """One bucket. Keys are below its prefix.

    Everything raises `Unavailable` ("file store") when the service does not answer or refuses.
    """

    def __init__(self, place: BucketPlace, *, within_s: float = WITHIN_S) -> None:
        self.place = place
        self._store = _store(place, REQUEST_WITHIN_S, RETRY_WITHIN_S)
        self._store_of_threads = _store(place, THREAD_WITHIN_S, 1)
        self._within_s = within_s

    def _asked(self, what: str) -> contextlib.AbstractAsyncContextManager[None]:
        return _asked(what, self._within_s)

    async def open(self) -> None:
        """See whether one can list, write and delete there. Raises: BadBucket."""
        try:
            async with asyncio.timeout(self._within_s):
                await obstore.list(self._store, PROBE, chunk_size=1).collect_async()
                await obstore.put_async(self._store, PROBE, b"")
                await obstore.delete_async(self._store, PROBE)
        except FAILURES as error:
            raise BadBucket(self._why(error)) from error

    def _why(self, error: Exception) -> str:
        place, reason = self.place, reason_of(error)
        if reason == "NoSuchBucket":
            return f"there is no bucket {place.bucket} at {place.endpoint}: make it first"
        if reason in NO_ENTRY:
            return f"{place.endpoint} does not let us into {place.bucket} like this ({reason})"
        return f"{place.where} cannot be used: {reason}"

    async def check(self) -> None:
        """It is there and answers."""
        async with self._asked("list"):
            await obstore.list(self._store, PROBE, chunk_size=1).collect_async()

    async def size(self, key: str) -> int | None:
        """The length of what lies there; None: nothing does."""
        async with self._asked("head"):
            try:
                return (await obstore.head_async(self._store, key))["size"]
            except FileNotFoundError:
                return None

    async def get(self, key: str) -> bytes | None:
        """All of it: only for what is short."""
        async with self._asked("get"):
            try:
                found = await obstore.get_async(self._store, key)
                return (await found.bytes_async()).to_bytes()
            except FileNotFoundError:
                return None

    async def read(self, key: str, offset: int, count: int) -> bytes:
        """A part of what lies there, which begins before its end; nothing if it is gone."""
        async with self._asked("get"):
            try:
                found = await obstore.get_range_async(self._store, key, start=offset, length=count)
            except FileNotFoundError:
                return b""
            return found.to_bytes()

    async def delete(self, keys: Sequence[str]) -> None:
        """What lies there, if anything does."""
        async with self._asked("delete"):
            await obstore.delete_async(self._store, keys)

    async def keys(self, folder: str) -> list[str]:
        """All that lies in a folder: only for one with few."""
        async with self._asked("list"):
            return [
                each["path"] for each in await obstore.list(self._store, folder).collect_async()
            ]

    async def is_empty(self) -> bool:
        """Whether nothing lies there."""
        async with self._asked("list"):
            async for found in obstore.list(self._store, chunk_size=1):
                if found:
                    return False
        return True

    def writer(self, key: str) -> "BucketWriter":
        """Something new, whole or not at all."""
        return BucketWriter(
            obstore.open_writer_async(
                self._store, key, buffer_size=PART_BYTES, max_concurrency=PARTS_ON_THEIR_WAY
            ),
            self._within_s,
        )

    # For threads, which may wait.

    def size_now(self, key: str) -> int | None:
        """As `size`."""
        with _in_our_words("head"):
            try:
                return obstore.head(self._store_of_threads, key)["size"]
            except FileNotFoundError:
                return None

    def get_now(self, key: str) -> bytes | None:
        """As `get`."""
        with _in_our_words("get"):
            try:
                return obstore.get(self._store_of_threads, key).bytes().to_bytes()
            except FileNotFoundError:
                return None

    def read_now(self, key: str, offset: int, count: int) -> bytes:
        """As `read`."""
        with _in_our_words("get"):
            try:
                found = obstore.get_range(self._store_of_threads, key, start=offset, length=count)
            except FileNotFoundError:
                return b""
            return found.to_bytes()

    def put_now(self, key: str, content: bytes) -> None:
        """Lay something short there."""
        with _in_our_words("put"):
            obstore.put(self._store_of_threads, key, content, use_multipart=False)


class BucketWriter:
    """One upload into a bucket: in one request if it is short, otherwise in parts."""

    def __init__(self, writer: "obstore.AsyncWritableFile", within_s: float) -> None:
        self._writer = writer
        self._within_s = within_s

    def _asked(self, what: str) -> contextlib.AbstractAsyncContextManager[None]:
        return _asked(what, self._within_s)

    async def write(self, content: bytes) -> None:
        """The next part; waits while two of them are on their way."""
        async with self._asked("put"):
            await self._writer.write(content)

    async def end(self) -> None:
        """The bucket has it."""
        async with self._asked("put"):
            await self._writer.close()

    async def abort(self) -> None:
        """Parts that have arrived are thrown away. Not after `end`."""
        async with self._asked("abort"):
            await self._writer.__aexit__(Unavailable, Unavailable("the rest"), None)


def reason_of(error: BaseException) -> str:
    """What a service said, in one word of its own if it has one; never an address or a key."""
    text = str(error)
    if found := CODE.search(text) or STATUS.search(text):
        return found[1].strip()
    return "no answer"


@contextlib.asynccontextmanager
async def _asked(what: str, within_s: float) -> AsyncIterator[None]:
    with _in_our_words(what):
        async with asyncio.timeout(within_s):
            yield


@contextlib.contextmanager
def _in_our_words(what: str) -> Iterator[None]:
    """One line for the operator, and an error of ours for who asked."""
    try:
        yield
    except FAILURES as error:
        reason = reason_of(error)
        LOG.warning("The bucket failed", extra={"fields": {"asked": what, "reason": reason}})
        if reason in NO_ROOM:
            raise TooMuch("bytes") from error
        raise Unavailable("file store") from error


def _store(place: BucketPlace, request_within_s: float, retry_within_s: float) -> S3Store:
    keys = place.keys
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        config={
            # This name wins over every other, in the environment too.
            "aws_endpoint_url_s3": place.base_url if place.is_virtual else place.endpoint,
            "region": place.region,
            "virtual_hosted_style_request": place.is_virtual,
            # Not every service knows how to delete many at once, and we delete few.
            "disable_bulk_delete": True,
        },
        client_options={
            "allow_http": place.endpoint.startswith("http:"),
            "connect_timeout": timedelta(seconds=CONNECT_WITHIN_S),
            "timeout": timedelta(seconds=request_within_s),
            "user_agent": "Tertulia",
        },
        retry_config={
            "max_retries": RETRIES,
            "retry_timeout": timedelta(seconds=retry_within_s),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
        credential_provider=None if keys is None else _provider(keys),
    )


def _provider(keys: Keys) -> "S3CredentialProvider":
    """Whole, so that nothing of the environment is mixed into them."""

    def provide() -> "S3Credential":
        return {
            "access_key_id": keys.key_id,
            "secret_access_key": keys.secret,
            "token": keys.token or None,
            "expires_at": None,
        }

    return provide
