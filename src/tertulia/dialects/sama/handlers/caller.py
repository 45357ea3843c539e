"""Who asks: the part of a connection that handlers need which also serve operators over HTTP."""

from typing import Protocol

from tertulia.core.model import Actor
from tertulia.dialects.sama.desk import SamaDesk


class Caller(Protocol):
    """A signed-in socket, or an operator who acts in somebody's name."""

    @property
    def desk(self) -> SamaDesk:
        """What is shared."""
        ...

    @property
    def actor(self) -> Actor:
        """In whose name. Raises: NotSignedIn."""
        ...

    def was_acknowledged(self, ref: str | None) -> bool:
        """Whether this very caller has had an acknowledgement for a message of that id."""
        ...

    def note_acknowledged(self, ref: str | None) -> None:
        """It has now."""
        ...
