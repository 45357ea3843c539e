"""What Astrak's handlers work with: the house's desk, and what only this API has."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from tertulia.core.errors import NotSignedIn
from tertulia.core.ids import MAX_NUMBER, AccountId
from tertulia.core.model import Actor, Session
from tertulia.core.ports import Attempts
from tertulia.core.services import Services
from tertulia.core.signin import ACCESS, Grant, new_secret
from tertulia.delivery.polling import Polls
from tertulia.dialects.astrak.errors import DONE, Failure
from tertulia.dialects.astrak.names import usernames
from tertulia.dialects.astrak.pages import Pages
from tertulia.dialects.astrak.params import Params
from tertulia.dialects.astrak.wire import Links, encode
from tertulia.web.dialect import Desk

NAME = "astrak"

IDLE_MS = 180 * 24 * 3_600_000
"""A token that was not used for so long is void."""

MOST_TOKENS = 100
"""Of one account; the newest stay."""

NEVER = MAX_NUMBER
"""When a token expires by itself: its session ends otherwise."""

OPEN_TO_ALL = {"access-control-allow-origin": "*"}
"""No cookie signs anybody in here, so pages of every origin may call."""

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class AstrakDesk:
    """Shared by all requests.

    Attributes:
        house: what every dialect is given.
        polls: who waits.
        registrations: counts them by address.
        poll_timeout_s: how long a poll waits that does not say.
        pages: cuts lists of dialogs.
    """

    house: Desk
    polls: Polls
    registrations: Attempts
    poll_timeout_s: float
    pages: Pages

    @property
    def core(self) -> Services:
        """The messenger."""
        return self.house.core

    @property
    def links(self) -> Links:
        """From a file to an address for an hour."""
        return self.core.files.links.brief

    async def usernames(self, ids: Sequence[int]) -> dict[int, str]:
        """The usernames of those of these accounts that are there."""
        if not ids:
            return {}
        return usernames(await self.core.accounts.several([AccountId(each) for each in ids]))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, ready for its handler.

    Attributes:
        desk: what handlers work with.
        params: what was sent.
        bearer: the token of the `Authorization` header, "" for none.
        peer: the client's address.
    """

    desk: AstrakDesk
    params: Params
    bearer: str
    peer: str

    @property
    def core(self) -> Services:
        """The messenger."""
        return self.desk.core

    async def session(self) -> Session:
        """Whose token it is. Raises: NotSignedIn."""
        token = self.params.text("token") or self.bearer
        if not token:
            raise NotSignedIn("token")
        return await self.core.signin.by_secret(token, ACCESS, NAME, idle_ms=IDLE_MS)

    async def actor(self) -> Actor:
        """Who acts. Raises: NotSignedIn."""
        session = await self.session()
        return Actor(session.account_id, session.id)


def new_grant() -> Grant:
    """A token."""
    return Grant(new_secret(), ACCESS, NEVER)


def done(**said: Any) -> Response:
    """An answer that it was done, and what else there is to say."""
    return _said(HTTPStatus.OK, {"code": DONE, **said})


def failed(failure: Failure) -> Response:
    """An answer that it was not."""
    response = _said(failure.status, {"code": failure.code, "response": failure.sentence})
    if failure.retry_after_s:
        response.headers["retry-after"] = str(failure.retry_after_s)
        response.headers["access-control-expose-headers"] = "Retry-After"
    return response


def _said(status: HTTPStatus, said: dict[str, Any]) -> Response:
    return Response(encode(said), status, OPEN_TO_ALL, media_type=JSON)
