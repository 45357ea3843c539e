"""What a dialect is to the rest of the house."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.routing import BaseRoute

from tertulia.core.calls import Errands
from tertulia.core.services import Services
from tertulia.delivery.fanout import Hearer
from tertulia.delivery.hub import Hub
from tertulia.web.door import Extra, OpenSpeaker, Refusal, Verdict, in_plain_words
from tertulia.web.speaker import Upgrade
from tertulia.web.wire import JsonLimits


@dataclass(frozen=True, slots=True)
class Desk:
    """What every dialect is given to work with.

    Attributes:
        core: the messenger.
        hub: where signed-in connections are kept.
        spawn: starts a task that the server owns; what it raises is logged.
        json_limits: how deep and wide JSON may be.
        public_url: base of every absolute link, without a slash at its end.
        max_body: the largest JSON body, in bytes.
    """

    core: Services
    hub: Hub
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    json_limits: JsonLimits
    public_url: str
    max_body: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API: its HTTP routes, and what is its own on the one port.

    Attributes:
        name: as in sessions and logs.
        routes: its HTTP routes; what it claims and does not route, it refuses itself.
        speaker: who speaks on its WebSockets; None: it has none.
        claims: whether a path (as sent, without the query) is this API's.
        refusal: its form of a refusal that is given before a request reaches it.
        also: further headers of such a refusal.
        body_bytes: the largest body for a path it claims; None: as everywhere.
        hears: is told of every event before anybody is offered a packet of it; None: it need not be.
        errands: what it tells addresses outside.
    """

    name: str
    routes: Sequence[BaseRoute]
    speaker: OpenSpeaker | None = None
    claims: Callable[[str], bool] = lambda _: False
    refusal: Refusal = in_plain_words
    also: Extra = lambda _: ()
    body_bytes: Callable[[str], int | None] = lambda _: None
    hears: Hearer | None = None
    errands: Sequence[Errands] = ()


class Claims:
    """Which dialect a path belongs to. Whatever nobody claims is the `rest`'s."""

    def __init__(self, dialects: Iterable[Dialect], rest: Dialect) -> None:
        self._dialects = tuple(dialects)
        self._rest = rest

    def owner(self, path: str) -> Dialect:
        """Whose path that is."""
        return next((each for each in self._dialects if each.claims(path)), self._rest)

    def speaker(self, upgrade: Upgrade) -> Verdict | Coroutine[Any, Any, Verdict]:
        """Who speaks on a WebSocket (`web.door.OpenSpeaker`)."""
        speaker = self.owner(upgrade.path).speaker
        return HTTPStatus.NOT_FOUND if speaker is None else speaker(upgrade)

    def refusal(self, path: str, status: HTTPStatus) -> tuple[bytes, bytes]:
        """The words of a refusal (`web.door.Refusal`)."""
        return self.owner(path).refusal(path, status)

    def also(self, path: str) -> tuple[tuple[bytes, bytes], ...]:
        """Further headers of a refusal (`web.door.Extra`)."""
        return self.owner(path).also(path)

    def body_bytes(self, path: str, otherwise: int) -> int:
        """The largest body for a path."""
        own = self.owner(path).body_bytes(path)
        return otherwise if own is None else own
