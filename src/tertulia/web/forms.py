"""Bodies of `multipart/form-data`: read to their end, or refused with nothing left behind.

Files wait in temporary ones of the server's: in memory while they are small, else on disk.
"""

import logging
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from typing_extensions import override

# It would write a line for every body a client has made wrong.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

MULTIPART = "multipart/form-data"
"""The content type, without its boundary."""

CHUNK_BYTES = 256 << 10


class BrokenForm(Exception):
    """The body cannot be read, has more in it than may be, or ends before its end."""


class TooMuchText(BrokenForm):
    """Its fields, apart from files, are longer than they may be."""


class Incoming:
    """An uploaded file, in a temporary one of the server's until the request is answered."""

    __slots__ = ("_upload",)

    def __init__(self, upload: UploadFile) -> None:
        self._upload = upload

    @property
    def name(self) -> str:
        """As the client gave it, without folders; it may be empty, or no name for a file."""
        return (self._upload.filename or "").replace("\\", "/").rpartition("/")[2]

    @property
    def content_type(self) -> str:
        """As the client gave it; "" when it did not."""
        return self._upload.content_type or ""

    @property
    def size_bytes(self) -> int:
        """Its length."""
        return self._upload.size or 0

    async def head(self, most: int) -> bytes:
        """Its first bytes, at most so many."""
        await self._upload.seek(0)
        return await self._upload.read(most)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content from its beginning, as often as it is asked for."""
        await self._upload.seek(0)
        while chunk := await self._upload.read(CHUNK_BYTES):
            yield chunk

    async def read(self) -> bytes:
        """All of it: only after a look at `size_bytes`."""
        return await self.head(-1)

    async def close(self) -> None:
        """The temporary file is gone."""
        await self._upload.close()


@dataclass(frozen=True, slots=True)
class MultipartForm:
    """What a body held, in its order. Who reads it closes it.

    Attributes:
        fields: names and texts.
        files: names of fields, and what was uploaded in them.
    """

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, Incoming]] = field(default_factory=list)

    async def close(self) -> None:
        """Let go of the files."""
        for _, each in self.files:
            await each.close()


async def read_multipart(
    request: Request,
    *,
    most_files: int,
    most_fields: int,
    most_field_bytes: int,
    most_text_bytes: int | None = None,
    texts: Collection[str] | None = None,
) -> MultipartForm:
    """Fields and files of a body; nothing of an empty one.

    Args:
        request: its body is read to the end.
        most_files: how many files may be in it.
        most_fields: how many fields beside them.
        most_field_bytes: how long a field may be. The port limits the body, and with it its files.
        most_text_bytes: how long all fields together may be; None: as long as each of them may.
        texts: the names of fields; every other part is a file, whether or not the client names one.
            None: what the client names no file for is a field.

    Raises:
        TooMuchText: they are longer.
        BrokenForm: see there. Nothing is left of its files.
    """
    parser = _Parser(
        request.headers,
        request.stream(),
        max_files=most_files,
        max_fields=most_fields,
        max_part_size=most_field_bytes,
    )
    parser.text_left = most_text_bytes
    parser.texts = texts
    try:
        read = await parser.parse()
    except MultiPartException as error:
        raise BrokenForm from error
    if parser.is_cut_off:
        parser.close()
        raise BrokenForm
    form = MultipartForm()
    for name, value in read.multi_items():
        if isinstance(value, UploadFile):
            form.files.append((name, Incoming(value)))
        else:
            form.fields.append((name, value))
    return form


class _Parser(MultiPartParser):
    """Starlette's parser, which takes a body that was cut off for a whole one."""

    has_begun = False
    is_whole = False
    text_left: int | None = None
    texts: Collection[str] | None = None

    @property
    def is_cut_off(self) -> bool:
        """Whether the last boundary did not come."""
        return self.has_begun and not self.is_whole

    @override
    def on_part_begin(self) -> None:
        super().on_part_begin()
        self.has_begun = True
        # The client's word names a codec of Python's: some fail, some make halves of characters.
        self._charset = "utf-8"

    @override
    def on_headers_finished(self) -> None:
        part = self._current_part
        if self.texts is not None and part.content_disposition is not None:
            _, told = parse_options_header(part.content_disposition)
            is_text = told.get(b"name", b"").decode("utf-8", "replace") in self.texts
            if not is_text and b"filename" not in told:
                part.content_disposition += b'; filename=""'
        super().on_headers_finished()

    @override
    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self.text_left is not None and self._current_part.file is None:
            self.text_left -= end - start
            if self.text_left < 0:
                raise TooMuchText
        super().on_part_data(data, start, end)

    @override
    def on_end(self) -> None:
        self.is_whole = True

    def close(self) -> None:
        """Of all files, also of those that were never complete."""
        for file in self._files_to_close_on_error:
            file.close()
