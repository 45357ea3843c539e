"""The file of a backup: a tar archive, read and written in one go (docs/decisions/0124).

    tertulia-backup.json    what it is a backup of (`Manifest`)
    store/TABLE/N           rows of a table: MessagePack of {"columns": […], "rows": [[…], …]}, zlib around it
    files/NUMBER            the content of a file
    end.json                how much there was, and the SHA-256 of it all (`End`)

Without its end it is not whole. Every program that knows tar opens it.
"""

import hashlib
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from typing import IO, Any, BinaryIO, NamedTuple

import msgspec

from tertulia.core.errors import TertuliaError

FORMAT = 1
MANIFEST, END = "tertulia-backup.json", "end.json"
STORE, FILES = "store", "files"

BLOCK = tarfile.BLOCKSIZE
CHUNK_BYTES = 1 << 20
COMPRESSION = 3
"""Texts come to a fourth; more effort saves little."""

MOST_PART_BYTES = 256 << 20
"""Of a part of a table. Ours have some MiB."""

# What the libraries raise for bytes that make no sense; names that are no Unicode are ValueErrors.
UNREADABLE = (tarfile.TarError, msgspec.MsgspecError, zlib.error, EOFError, ValueError)


class NoBackup(TertuliaError):
    """It is no backup of ours, or not whole; the text says which."""


class Manifest(msgspec.Struct, frozen=True):
    """What stands first. Times: milliseconds since 1970 UTC; *tables*: how many rows each has."""

    format: int
    version: str
    made_at: int
    step: int
    engine: str
    tables: dict[str, int]
    files: int
    file_bytes: int


class End(msgspec.Struct, frozen=True):
    """What stands last."""

    rows: int
    files: int
    sha256: str


class Part(msgspec.Struct):
    """Some rows of a table."""

    columns: list[str]
    rows: list[list[int | str | None]]


class Rows(NamedTuple):
    """Read from a backup: rows of a table."""

    table: str
    part: Part


class Content(NamedTuple):
    """Read from a backup: a file, to be read before the next entry is asked for."""

    number: int
    size_bytes: int
    chunks: Iterator[bytes]


class BackupWriter:
    """Writes one, entry by entry. Attributes: rows, files: how much it holds so far."""

    def __init__(self, stream: BinaryIO, manifest: Manifest) -> None:
        self._stream = stream
        self._made_at = manifest.made_at
        self._digest = hashlib.sha256()
        self._parts = 0
        self.rows = self.files = 0
        self._entry(MANIFEST, msgspec.json.encode(manifest))

    def add_rows(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Rows of a table; those of one table follow each other."""
        self._parts += 1
        packed = msgspec.msgpack.encode({"columns": columns, "rows": rows})
        self._entry(f"{STORE}/{table}/{self._parts}", zlib.compress(packed, COMPRESSION))
        self.rows += len(rows)

    def begin_file(self, number: int, size_bytes: int) -> None:
        """So many bytes follow through `add_content`, then `end_file`."""
        self._begin(f"{FILES}/{number}", size_bytes)
        self.files += 1

    def add_content(self, chunk: bytes | bytearray) -> None:
        """The next bytes of the file."""
        self._digest.update(chunk)
        self._stream.write(chunk)

    def end_file(self, size_bytes: int) -> None:
        """All of it is there."""
        self._stream.write(bytes(-size_bytes % BLOCK))

    def end(self) -> None:
        """It is whole."""
        end = End(self.rows, self.files, self._digest.hexdigest())
        self._entry(END, msgspec.json.encode(end))
        self._stream.write(bytes(2 * BLOCK))

    def _entry(self, name: str, content: bytes) -> None:
        self._begin(name, len(content))
        self.add_content(content)
        self.end_file(len(content))

    def _begin(self, name: str, size_bytes: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size_bytes, self._made_at / 1_000, 0o600
        self._digest.update(name.encode())
        self._stream.write(info.tobuf(tarfile.PAX_FORMAT))


class BackupReader:
    """Reads one, entry by entry.

    Attributes:
        manifest: what it is a backup of.
    """

    def __init__(self, stream: BinaryIO) -> None:
        """Reads as far as the manifest. Raises: NoBackup."""
        self._digest = hashlib.sha256()
        self._rows = self._files = 0
        try:
            self._tar = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115 - the stream is the caller's
            first = self._tar.next()
            if first is None or first.name != MANIFEST:
                raise NoBackup("it is no backup of Tertulia")
            known = msgspec.json.decode(self._content(first))
            if not isinstance(known, dict) or known.get("format") != FORMAT:
                raise NoBackup(
                    "a later version of Tertulia made this backup: restore it with that one"
                )
            self.manifest = msgspec.convert(known, Manifest)
        except UNREADABLE as error:
            raise NoBackup("it is no backup of Tertulia") from error

    def entries(self) -> Iterator[Rows | Content]:
        """All of them. Raises: NoBackup: it is not whole, or was changed."""
        try:
            while (info := self._tar.next()) is not None:
                room, _, name = info.name.partition("/")
                if info.name == END:
                    self._check_end(info)
                    return
                if room == STORE:
                    yield self._part(info, name.partition("/")[0])
                elif room == FILES and name.isascii() and name.isdigit():
                    self._files += 1
                    yield Content(int(name), info.size, self._chunks(info))
                else:
                    raise NoBackup(f"the backup holds {info.name!r}, which is none of ours")
        except UNREADABLE as error:
            raise NoBackup(f"the backup is damaged: {error}") from error
        raise NoBackup("the backup is cut off: its end is missing")

    def _part(self, info: tarfile.TarInfo, table: str) -> Rows:
        unpacking = zlib.decompressobj()
        packed = unpacking.decompress(self._content(info), MOST_PART_BYTES)
        if not unpacking.eof:
            raise NoBackup(f"the backup is damaged: {info.name} does not end")
        part = msgspec.msgpack.decode(packed, type=Part)
        self._rows += len(part.rows)
        return Rows(table, part)

    def _check_end(self, info: tarfile.TarInfo) -> None:
        digest = self._digest.hexdigest()
        end = msgspec.json.decode(self._content(info), type=End)
        if end != End(self._rows, self._files, digest):
            raise NoBackup("the backup is damaged: it does not hold what its end says")

    def _content(self, info: tarfile.TarInfo) -> bytes:
        if info.size > MOST_PART_BYTES:
            raise NoBackup(f"the backup is damaged: {info.name} is too large")
        return b"".join(self._chunks(info))

    def _chunks(self, info: tarfile.TarInfo) -> Iterator[bytes]:
        handle = self._open(info)
        self._digest.update(info.name.encode())
        left = info.size
        while left:
            try:
                chunk = handle.read(min(left, CHUNK_BYTES))
            except tarfile.TarError as error:
                raise NoBackup(f"the backup is cut off in the middle of {info.name}") from error
            left -= len(chunk)
            self._digest.update(chunk)
            yield chunk

    def _open(self, info: tarfile.TarInfo) -> IO[bytes]:
        handle = self._tar.extractfile(info) if info.isfile() and info.size >= 0 else None
        if handle is None:
            raise NoBackup(f"the backup holds {info.name!r}, which is no file")
        return handle
