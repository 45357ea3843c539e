"""A request as a handler sees it: who calls, from which view, with which fields and files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from tertulia.core.errors import BadInput
from tertulia.core.model import Actor
from tertulia.core.services import Services
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.auth import Caller
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.errors import InvalidData, TooLarge
from tertulia.dialects.tada.fields import Fields
from tertulia.web.forms import MULTIPART, BrokenForm, Incoming, read_multipart
from tertulia.web.wire import read_json

FORM = "application/x-www-form-urlencoded"

MOST_FORM_FIELDS = 100
MOST_PART_BYTES = 64 << 10
"""Of a field of a multipart body that is no file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A result with headers of its own, `Set-Cookie` for one."""

    result: object
    headers: Mapping[str, str] = field(default_factory=dict)


class Call:
    """One request. A handler takes it and returns the result.

    Attributes:
        desk: what all requests share.
        request: Starlette's, for headers.
        view: v3 or v4.
        path: the parts of the path that the operation names, decoded.
        query: the fields behind the `?`.
        caller: who is signed in; None where nobody need be.
    """

    __slots__ = (
        "_files",
        "_form",
        "_raw",
        "caller",
        "desk",
        "path",
        "query",
        "request",
        "view",
    )

    def __init__(
        self,
        desk: TadaDesk,
        request: Request,
        view: View,
        path: Mapping[str, str],
        caller: Caller | None,
    ) -> None:
        self.desk = desk
        self.request = request
        self.view = view
        self.path = path
        self.query = Fields(_query(request), is_text=True)
        self.caller = caller
        self._raw: bytes | None = None
        self._form: Fields | None = None
        self._files: dict[str, Incoming] = {}

    @property
    def core(self) -> Services:
        """The messenger."""
        return self.desk.core

    @property
    def actor(self) -> Actor:
        """Who acts. Only in operations that ask for an account."""
        assert self.caller is not None, "the operation is open to everybody"
        return self.caller.actor

    @property
    def now_ms(self) -> int:
        """The time."""
        return self.core.clock.now_ms()

    async def raw(self) -> bytes:
        """The body as it came, at most `Desk.max_body` bytes of it. Raises: TooLarge."""
        if self._raw is None:
            chunks, size = [], 0
            async for chunk in self.request.stream():
                size += len(chunk)
                if size > self.desk.house.max_body:
                    raise TooLarge
                chunks.append(chunk)
            self._raw = b"".join(chunks)
        return self._raw

    async def fields(self) -> Fields:
        """The fields of the body: JSON, a form, or the fields of a multipart body beside its file.

        An empty body is `{}`.

        Raises:
            InvalidData: it cannot be read, or is no object.
            TooLarge: it is.
        """
        if self._form is None:
            kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == MULTIPART:
                await self._read_multipart()
            else:
                self._form = self._read(await self.raw(), kind)
        assert self._form is not None, "it was read one line above"
        return self._form

    async def file(self, key: str = "file") -> Incoming | None:
        """The file of that field in a multipart body; None when there is none.

        A body holds one file at most. It is gone once the request is answered.

        Raises:
            InvalidData: the body cannot be read.
        """
        await self.fields()
        return self._files.get(key)

    async def close(self) -> None:
        """Let go of what came with the request."""
        for each in self._files.values():
            await each.close()

    def _read(self, body: bytes, kind: str) -> Fields:
        if not body.strip():
            return Fields({})
        # curl and others call everything a form; an object is JSON whatever it is called.
        if kind == FORM and not body.lstrip().startswith(b"{"):
            return Fields(_pairs(body.decode("utf-8", "replace")), is_text=True)
        try:
            value = read_json(body, self.desk.house.json_limits)
        except BadInput:
            raise errors.invalid(errors.BODY, errors.WRONG_JSON) from None
        if not isinstance(value, dict):
            raise errors.invalid(errors.BODY, errors.NOT_AN_OBJECT)
        return Fields(value)

    async def _read_multipart(self) -> None:
        try:
            form = await read_multipart(
                self.request,
                most_files=1,
                most_fields=MOST_FORM_FIELDS,
                most_field_bytes=MOST_PART_BYTES,
            )
        except BrokenForm:
            raise InvalidData({errors.BODY: errors.WRONG_VALUE}) from None
        self._files.update(form.files)
        values = {key: value.replace("\0", "") for key, value in form.fields}
        self._form = Fields(values, is_text=True)


def _pairs(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS)
    except ValueError:
        raise errors.invalid(errors.BODY, errors.WRONG_VALUE) from None
    return {key: value.replace("\0", "") for key, value in pairs}


def _query(request: Request) -> dict[str, str]:
    """What is behind the `?`. Clients name all the filters they know; one without a value is no wish."""
    text = request.scope["query_string"].decode("latin-1")
    try:
        return {key: value for key, value in _pairs(text).items() if value} if text else {}
    except InvalidData:
        return {}
