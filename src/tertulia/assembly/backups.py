"""Backing a server up, restoring it elsewhere, and looking whether all fits together.

None of it needs the server to stand still: what is read is the store as it was at one moment.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, NamedTuple

from tertulia import __version__
from tertulia.adapters.backup_file import (
    CHUNK_BYTES,
    FORMAT,
    BackupReader,
    BackupWriter,
    Content,
    Manifest,
)
from tertulia.adapters.clock import SystemClock
from tertulia.assembly.files import ServerFiles, files_for
from tertulia.assembly.server import need_driver
from tertulia.core.errors import TooMuch, Unavailable
from tertulia.core.ids import FileId
from tertulia.settings import Settings, SettingsError, local_path
from tertulia.store.copies import soundness
from tertulia.store.copies.sqlite import into_file, of_file
from tertulia.store.copies.tables import Filling, NotEmpty, Row, Snapshot, Table
from tertulia.store.migrate import NewerStore, newest_step

Tell = Callable[[str, int, int], None]
"""How far it is: what is being done, how much of it, of how much."""

LOOKED_AT_ONCE = 16
"""Files: in a bucket each look is a journey."""

UPLOADED = "SELECT id, size_bytes FROM files WHERE uploaded_at IS NOT NULL ORDER BY id"


class Done(NamedTuple):
    """What a backup holds. *missing*: files whose content was not there (any more)."""

    rows: int
    files: int
    size_bytes: int
    missing: int


class Finding(NamedTuple):
    """What `check` has to say of one thing, and what is wrong with it; "" when nothing is."""

    says: str
    wrong: str


def back_up(settings: Settings, path: Path, tell: Tell) -> Done:
    """Write a backup to *path*, which is there when it is whole.

    Raises:
        SettingsError: something is in the way.
        NoStore, Unavailable: there is none to read, or it cannot be read.
        OSError: it cannot be written.
    """
    if path.exists():
        raise SettingsError(f"{path} is there already: name a file that is not")
    growing = path.with_name(f"{path.name}.part")
    with contextlib.ExitStack() as ending:
        # Whoever reads a backup reads everything.
        handle = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        ending.callback(growing.unlink, missing_ok=True)
        with os.fdopen(handle, "wb", CHUNK_BYTES) as stream:
            done = asyncio.run(_written(settings, stream, tell))
            stream.flush()
            os.fsync(stream.fileno())
        growing.rename(path)
    return done._replace(size_bytes=path.stat().st_size)


async def _written(settings: Settings, stream: BinaryIO, tell: Tell) -> Done:
    async with _snapshot(settings) as snapshot:
        tables = await snapshot.tables()
        names = {each.name for each in tables}
        files = await snapshot.ask(UPLOADED) if "files" in names else []
        sizes = {FileId(int(number or 0)): int(size or 0) for number, size in files}
        writer = BackupWriter(stream, _manifest(settings, snapshot, tables, sizes))
        await _write_tables(snapshot, tables, writer, tell)
    # Behind the snapshot: files do not change, and copying them may take long.
    async with _files(settings) as place:
        await _write_files(place, sizes, writer, tell)
    writer.end()
    return Done(writer.rows, writer.files, 0, len(sizes) - writer.files)


def _manifest(
    settings: Settings, snapshot: Snapshot, tables: list[Table], sizes: dict[FileId, int]
) -> Manifest:
    return Manifest(
        format=FORMAT,
        version=__version__,
        made_at=SystemClock().now_ms(),
        step=snapshot.step,
        engine=settings.database_url.partition(":")[0],
        tables={each.name: each.rows for each in tables},
        files=len(sizes),
        file_bytes=sum(sizes.values()),
    )


async def _write_tables(
    snapshot: Snapshot, tables: list[Table], writer: BackupWriter, tell: Tell
) -> None:
    total = sum(each.rows for each in tables)
    for table in tables:
        async for rows in snapshot.rows(table):
            writer.add_rows(table.name, table.columns, rows)
            tell("rows", writer.rows, total)


async def _write_files(
    place: ServerFiles, sizes: dict[FileId, int], writer: BackupWriter, tell: Tell
) -> None:
    total, written = sum(sizes.values()), 0
    for number in sizes:
        file = await place.open(number)
        if file is None:
            # Deleted since the snapshot, or lost before.
            continue
        try:
            writer.begin_file(number, file.size_bytes)
            offset = 0
            while offset < file.size_bytes:
                chunk = await file.read(offset, min(CHUNK_BYTES, file.size_bytes - offset))
                if not chunk:
                    raise OSError(f"the file {number} became shorter while it was read")
                writer.add_content(chunk)
                offset += len(chunk)
                tell("bytes of files", written + offset, total)
            writer.end_file(offset)
            written += offset
        finally:
            file.close()


def restore(settings: Settings, path: Path, tell: Tell) -> Manifest:
    """Make the store of a backup, and its files, where the settings say; nothing may be there yet.

    Raises:
        NoBackup, BadBackup: it is none, not whole, or does not fit together.
        NotEmpty: there is a store already.
        SettingsError: it was made by a later version, or files cannot be put where they belong.
        Unavailable: a server holds the place, or the database does not answer.
    """
    with path.open("rb", CHUNK_BYTES) as stream:
        reader = BackupReader(stream)
        if reader.manifest.step > newest_step():
            raise SettingsError(
                f"Tertulia {reader.manifest.version} made this backup, and this one is older:"
                " restore it with that version or a later one"
            )
        asyncio.run(_restored(settings, reader, tell))
    return reader.manifest


async def _restored(settings: Settings, reader: BackupReader, tell: Tell) -> None:
    await _need_no_files(settings)
    async with _filling(settings, reader.manifest.step) as filling, _files(settings) as place:
        await _take(reader, filling, place, tell)


async def _need_no_files(settings: Settings) -> None:
    """Of another store they would be taken for those of this one. Raises: NotEmpty."""
    is_folder = settings.files_url.startswith("file:")
    if is_folder and not local_path(settings.files_url).exists():
        # It need not be made to know that.
        return
    async with _files(settings) as place:
        if not await place.is_empty():
            raise NotEmpty(
                f"there are files already: {place.where}. Move them away, or name another place"
            )


async def _take(reader: BackupReader, filling: Filling, place: ServerFiles, tell: Tell) -> None:
    rows = taken = 0
    total = sum(reader.manifest.tables.values())
    kept: list[FileId] = []
    try:
        for entry in reader.entries():
            if isinstance(entry, Content):
                kept.append(FileId(entry.number))
                await _keep(place, entry)
                taken += entry.size_bytes
                tell("bytes of files", taken, reader.manifest.file_bytes)
            else:
                await filling.add(entry.table, entry.part.columns, entry.part.rows)
                rows += len(entry.part.rows)
                tell("rows", rows, total)
    except BaseException:
        # Else the next attempt would find a folder that is not empty.
        for number in kept:
            await place.remove(number)
        raise


async def _keep(place: ServerFiles, content: Content) -> None:
    upload = await place.begin(FileId(content.number))
    try:
        for chunk in content.chunks:
            await upload.write(chunk)
        await upload.keep()
    except TooMuch as error:
        raise Unavailable("room for the files") from error
    finally:
        upload.abandon()


async def check(settings: Settings) -> AsyncIterator[Finding]:
    """What is found, one thing after the other.

    Raises:
        SettingsError: it is none of this version.
        NoStore, Unavailable: there is none to read, or it cannot be read.
    """
    async with _snapshot(settings) as snapshot:
        _need_this_version(snapshot.step)
        yield Finding("the file is not damaged", "; ".join(await snapshot.damages()))
        async for verdict in soundness.verdicts(snapshot.ask):
            wrong = f"broken {verdict.broken} times, first by number {verdict.first}"
            yield Finding(verdict.says, wrong if verdict.broken else "")
        files = await snapshot.ask(UPLOADED)
    async with _files(settings) as place:
        yield Finding("every uploaded file is there, and whole", await _amiss(place, files))


def _need_this_version(step: int) -> None:
    """The rules speak of tables as they are now. Raises: SettingsError."""
    known = newest_step()
    if step > known:
        raise SettingsError(str(NewerStore(step, known)))
    if step < known:
        raise SettingsError(
            f"the store is at schema step {step}, this version of Tertulia needs {known}:"
            " start the server once, which brings it there, and check then"
        )


async def _amiss(place: ServerFiles, files: Sequence[Row]) -> str:
    """Which files are not as the store says; "" when all are."""
    missing, other = [], []
    for start in range(0, len(files), LOOKED_AT_ONCE):
        some = files[start : start + LOOKED_AT_ONCE]
        lengths = await asyncio.gather(*(_length(place, number) for number, _ in some))
        for (number, size), length in zip(some, lengths, strict=True):
            if length is None:
                missing.append(number)
            elif length != size:
                other.append(number)
    found = []
    if missing:
        found.append(f"{len(missing)} missing, the first is {missing[0]}")
    if other:
        found.append(f"{len(other)} of another length, the first is {other[0]}")
    return "; ".join(found)


async def _length(place: ServerFiles, number: object) -> int | None:
    """None: it is not there."""
    file = await place.open(FileId(int(str(number))))
    if file is None:
        return None
    file.close()
    return file.size_bytes


@contextlib.asynccontextmanager
async def _files(settings: Settings) -> AsyncIterator[ServerFiles]:
    place = await files_for(settings, SystemClock())
    try:
        yield place
    finally:
        await place.close()


def _snapshot(settings: Settings) -> AbstractAsyncContextManager[Snapshot]:
    """The store as it is now."""
    if settings.database_url.startswith("sqlite:"):
        return of_file(local_path(settings.database_url))
    found: AbstractAsyncContextManager[Snapshot] = _postgres().of_database(settings.database_url)
    return found


@contextlib.asynccontextmanager
async def _filling(settings: Settings, step: int) -> AsyncIterator[Filling]:
    """A new store, which comes to be when the block has ended well."""
    if settings.database_url.startswith("sqlite:"):
        store: AbstractAsyncContextManager[Filling] = into_file(
            local_path(settings.database_url), step
        )
    else:
        store = _postgres().into_database(settings.database_url, step)
    async with store as filling:
        yield filling


def _postgres() -> ModuleType:
    need_driver()
    return import_module("tertulia.store.copies.postgres")
