"""Where the content of files is kept: in a folder, or in a bucket."""

import os
from collections.abc import Callable
from typing import Protocol

from tertulia.adapters.bucket_place import BucketPlace
from tertulia.adapters.files_disk import DiskFiles
from tertulia.core.file_ports import FileStore
from tertulia.core.portraits import PortraitStore
from tertulia.core.ports import Clock
from tertulia.settings import Settings, SettingsError, local_path


class ServerFiles(FileStore, PortraitStore, Protocol):
    """All that a server and its commands want of it."""

    @property
    def where(self) -> str:
        """For the operator."""
        ...

    async def check(self) -> None:
        """It works. Raises: OSError, Unavailable."""
        ...

    async def is_empty(self) -> bool:
        """Whether no file is kept here yet. Raises: Unavailable."""
        ...

    async def close(self) -> None:
        """Finish what is under way."""
        ...


async def files_for(settings: Settings, clock: Clock) -> ServerFiles:
    """Where the settings want files to lie, looked at once.

    Raises:
        SettingsError: they cannot lie there.
    """

    def now_s() -> float:
        return clock.now_ms() / 1000

    if settings.files_url.startswith("s3:"):
        return await _in_bucket(settings.files_url, now_s)
    folder = local_path(settings.files_url)
    disk = DiskFiles(folder, now_s)
    try:
        disk.open_folder()
    except OSError as error:
        raise SettingsError(f"files_url: {folder} cannot be used: {error.strerror}") from error
    return disk


async def _in_bucket(url: str, now_s: Callable[[], float]) -> ServerFiles:
    _need_library()
    # Here, because the library is an extra, and a start without it is faster.
    from tertulia.adapters.bucket import BadBucket, Bucket  # noqa: PLC0415 - see above
    from tertulia.adapters.files_s3 import BucketFiles  # noqa: PLC0415 - as above

    try:
        files = BucketFiles(Bucket(BucketPlace.at(url, os.environ)), now_s)
        await files.open_bucket()
    except (ValueError, BadBucket) as error:
        raise SettingsError(f"files_url: {error}") from error
    return files


def _need_library() -> None:
    """That of buckets. Raises: SettingsError: it is not installed."""
    try:
        import obstore  # noqa: F401, PLC0415 - as in `_in_bucket`
    except ImportError as error:
        raise SettingsError(
            "files_url asks for a bucket, but the library for it is missing:"
            " install it with '.[s3]' instead of '.'"
        ) from error
