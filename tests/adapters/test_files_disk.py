"""Files in a folder: what is so there only. The rest is in `test_file_stores`."""

import asyncio
import contextlib
import errno
import os
import resource
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tertulia.adapters.files_disk import ABANDONED_S, WRITE_BYTES, DiskFiles
from tertulia.core.errors import TooMuch, Unavailable
from tertulia.core.ids import FileId

FILE = FileId(123_456_789_012)
NOW_S = 1_790_000_000.0

Story = Callable[[DiskFiles], Awaitable[None]]


def in_folder(folder: Path, story: Story) -> None:
    async def play() -> None:
        disk = DiskFiles(folder, lambda: NOW_S)
        disk.open_folder()
        try:
            await story(disk)
        finally:
            await disk.close()

    asyncio.run(play())


def found(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


@contextlib.contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_without_room_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    async def story(disk: DiskFiles) -> None:
        upload = await disk.begin(FILE)
        with files_no_longer_than(WRITE_BYTES // 2):
            await upload.write(bytes(WRITE_BYTES))
            with pytest.raises(TooMuch) as refusal:
                await upload.keep()
        assert refusal.value.what == "bytes"
        upload.abandon()

    in_folder(tmp_path, story)
    assert found(tmp_path) == []


def test_a_folder_that_is_gone_is_missed_until_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, elsewhere = tmp_path / "files", tmp_path / "elsewhere"

    async def story(disk: DiskFiles) -> None:
        await disk.check()
        folder.rename(elsewhere)
        with pytest.raises(Unavailable, match="the folder of files"):
            await disk.check()
        with pytest.raises(Unavailable, match="the folder of files"):
            await disk.begin(FILE)
        assert "No such file or directory" in caplog.records[0].fields["why"]  # type: ignore[attr-defined]
        elsewhere.rename(folder)
        await disk.check()
        (await disk.begin(FILE)).abandon()

    in_folder(folder, story)


def test_a_folder_that_nobody_may_write_to_is_not_available(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(disk: DiskFiles) -> None:
        def refused(**_: object) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        # The tests may run as root, who may write everywhere.
        monkeypatch.setattr(tempfile, "TemporaryFile", refused)
        with pytest.raises(Unavailable, match="Permission denied"):
            await disk.check()

    in_folder(tmp_path, story)


def test_what_a_crash_left_behind_is_swept_away(tmp_path: Path) -> None:
    async def story(disk: DiskFiles) -> None:
        old, young = (tmp_path / "incoming" / name for name in ("1-a", "2-b"))
        for path, age_s in ((old, ABANDONED_S + 1), (young, ABANDONED_S - 1)):
            path.touch()
            os.utime(path, (NOW_S - age_s, NOW_S - age_s))
        await disk.tidy()
        assert found(tmp_path) == [young]

    in_folder(tmp_path, story)


def test_a_removed_file_takes_its_previews_along(tmp_path: Path) -> None:
    async def story(disk: DiskFiles) -> None:
        upload = await disk.begin(FILE)
        await upload.write(b"no picture")
        await upload.keep()
        (path,) = found(tmp_path)
        path.with_name(path.name + ".640").touch()
        path.with_name(path.name + "9").touch()
        await disk.remove(FILE)
        assert found(tmp_path) == [path.with_name(path.name + "9")]
        await disk.remove(FILE)

    in_folder(tmp_path, story)


def test_an_abandoned_upload_leaves_nothing(tmp_path: Path) -> None:
    async def story(disk: DiskFiles) -> None:
        upload = await disk.begin(FILE)
        for _ in range(5):
            await upload.write(bytes(WRITE_BYTES))
        upload.abandon()

    in_folder(tmp_path, story)
    assert found(tmp_path) == []


def test_of_two_uploads_one_file_is_left(tmp_path: Path) -> None:
    async def story(disk: DiskFiles) -> None:
        for _ in range(2):
            upload = await disk.begin(FILE)
            await upload.write(b"once")
            await upload.keep()

    in_folder(tmp_path, story)
    assert len(found(tmp_path)) == 1
