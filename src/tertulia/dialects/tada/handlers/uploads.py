"""Files: uploaded beside a message, and shown to whoever knows their address (later clients)."""

from typing import Any

from starlette.responses import Response

from tertulia.core.errors import NotFound
from tertulia.core.kinds import HEAD_BYTES, UNKNOWN, content_type
from tertulia.core.message_types import PICTURES
from tertulia.core.model import File, NewFile
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.addresses import file_in
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Access, Operation, Place
from tertulia.dialects.tada.uploads import PREVIEW, PREVIEW_2X, uploaded
from tertulia.web.forms import Incoming
from tertulia.web.transfer import UNKNOWN_BYTES, answer

YEAR_S = 365 * 86_400

ACTIVE = ("html", "xml", "svg", "script", "xsl")
"""In a content type: a browser might run it."""


async def upload(call: Call) -> dict[str, Any]:
    """`POST …/upload`: a file that a message will name."""
    membership = await need_team(call)
    incoming = await call.file()
    if incoming is None:
        raise errors.invalid("file", errors.REQUIRED)
    new = await announced(incoming)
    file = await call.core.team_uploads.take(call.actor, membership.team.id, new, incoming.chunks())
    return uploaded(call.desk, file)


async def announced(incoming: Incoming) -> NewFile:
    """What comes in. Where the client does not know what it is, as published ones never do, its first bytes tell."""
    kind = incoming.content_type.strip()
    if kind.lower() in {"", UNKNOWN}:
        kind = content_type(await incoming.head(HEAD_BYTES), kind)
    return NewFile(incoming.name, kind, incoming.size_bytes)


async def content(call: Call) -> Response:
    """`/u/{folder}/{name}`: the file; of its name nothing depends."""
    file = await _need(call)
    stored = await call.core.files.content(file)
    response = answer(call.request, file, stored, None, YEAR_S)
    return _made_safe(response, file)


async def small_preview(call: Call) -> Response:
    """`/u/{folder}/p/320.jpg`: a picture in at most so many pixels a side."""
    return await _preview(call, PREVIEW)


async def large_preview(call: Call) -> Response:
    """`/u/{folder}/p/640.jpg`."""
    return await _preview(call, PREVIEW_2X)


async def _preview(call: Call, side: int) -> Response:
    file = await _need(call)
    if file.content_type not in PICTURES:
        raise NotFound("preview")
    stored = await call.core.files.preview(file, side)
    return answer(call.request, file, stored, side, YEAR_S)


async def _need(call: Call) -> File:
    """The file behind the address. Raises: NotFound("file"): it is none of ours, or nothing holds it."""
    file_id = file_in(call.desk.key, call.path["folder"])
    if file_id is None:
        raise NotFound("file")
    return await call.core.team_uploads.shown(file_id)


def _made_safe(response: Response, file: File) -> Response:
    """Nothing that a browser might run; only pictures, films and sounds are shown in it."""
    kind = file.content_type.partition(";")[0].strip()
    is_sound = kind.startswith(("audio/", "video/")) and not any(each in kind for each in ACTIVE)
    if kind not in PICTURES and not is_sound and "content-disposition" in response.headers:
        _, _, named = response.headers["content-disposition"].partition(";")
        response.headers["content-disposition"] = f"attachment;{named}"
    if any(each in kind for each in ACTIVE) and "content-type" in response.headers:
        response.headers["content-type"] = UNKNOWN_BYTES
    return response


OPERATIONS = (
    Operation("POST", "/teams/{team}/upload", upload),
    Operation("GET", "/u/{folder}/{part}", content, Access.OPEN, Place.ROOT),
    Operation("GET", "/u/{folder}/p/320.jpg", small_preview, Access.OPEN, Place.ROOT),
    Operation("GET", "/u/{folder}/p/640.jpg", large_preview, Access.OPEN, Place.ROOT),
)
