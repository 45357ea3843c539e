"""What delivery needs of a dialect: a voice for events, and connections that take its packets."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from tertulia.core.events import Event
from tertulia.core.ids import AccountId, SessionId


@dataclass(frozen=True, slots=True)
class Reader:
    """Who listens on a connection: all that a packet may depend on besides the event.

    `flavour` is the dialect's own remark about the client.
    """

    connection: int
    account_id: AccountId
    session_id: SessionId
    flavour: str

    @property
    def is_mobile(self) -> bool:
        """Whether it is on a device that people carry about, as far as the dialect knows."""
        return False


class Encoder(Protocol):
    """Says events in a dialect's words."""

    def view(self, event: Event, reader: Reader) -> Hashable | None:
        """What the packet depends on besides the event; None: this reader is not told."""
        ...

    def encode(self, event: Event, view: Hashable) -> bytes:
        """The finished packet, the same for every reader with that view."""
        ...


class Connection(Protocol):
    """A signed-in connection of this process."""

    @property
    def reader(self) -> Reader:
        """Who listens."""
        ...

    @property
    def is_inactive(self) -> bool:
        """Whether nobody looks at it: packets come, and a push comes too."""
        ...

    @property
    def encoder(self) -> Encoder:
        """In whose words."""
        ...

    @property
    def offer(self) -> Callable[[bytes], None]:
        """Takes a packet; never waits."""
        ...

    def offer_after_answer(self, packet: bytes) -> None:
        """Take a packet that a request of this very connection caused: its answer goes first."""
        ...

    def signed_out(self) -> None:
        """The session has ended: nobody is signed in here any more."""
        ...


def nowhere(packet: bytes) -> None:
    """Where packets go when there is no socket: a `Connection.offer`."""
    del packet
