"""What a dialect is to the rest of the house."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute

from tertulia.core.services import Services
from tertulia.delivery.hub import Hub
from tertulia.web.socket import Speaker, Upgrade
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
    """One API: its HTTP routes, and who speaks on its WebSockets (None: it claims no upgrades)."""

    name: str
    routes: Sequence[BaseRoute]
    speaker: Callable[[Upgrade], Speaker] | None = None
