"""One request of the API on its way to a handler."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tertulia.core.applications import Scope
from tertulia.core.model import Actor
from tertulia.core.oauth import Access
from tertulia.core.services import Services
from tertulia.dialects.unet.desk import UnetDesk
from tertulia.dialects.unet.errors import missing_scope
from tertulia.dialects.unet.members import Members
from tertulia.dialects.unet.wire import Links, Said
from tertulia.web.forms import Incoming


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, and with which files.

    Attributes:
        desk: what all requests share.
        access: what the token allows.
        files: parts of the body, by name.
    """

    desk: UnetDesk
    access: Access
    files: Mapping[str, Incoming] = field(default_factory=dict)

    @property
    def core(self) -> Services:
        """The messenger."""
        return self.desk.core

    @property
    def actor(self) -> Actor:
        """Whose token it is."""
        return self.access.actor

    @property
    def links(self) -> Links:
        """From a file to an address that is good for an hour."""
        return self.core.files.links.brief

    def need(self, scope: Scope) -> None:
        """Raises: Refused: the token does not allow it."""
        if scope not in self.access.scopes:
            raise missing_scope(scope)


Handler = Callable[[Call, Members], Awaitable[Said]]
