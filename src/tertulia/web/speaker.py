"""What a dialect is to a WebSocket, and what a request to become one says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tertulia.web.socket import Socket


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A request to become a WebSocket.

    Attributes:
        path: decoded, without the query.
        query: as it was sent, without the question mark.
        headers: names in lower case; several of one name are joined with commas.
        peer: the address of whoever asks, proxies considered.
    """

    path: str
    query: str
    headers: Mapping[str, str]
    peer: str


class Speaker(Protocol):
    """A dialect's end of one socket. Everything is called on the event loop and must not raise."""

    def opened(self, socket: "Socket") -> None:
        """The socket can be spoken to. Called once, first."""
        ...

    def hear(self, message: bytes) -> None:
        """One whole message, text or binary alike, in the order of sending."""
        ...

    def drain(self, done: Callable[[], None]) -> None:
        """The server stops and nothing more will be heard: call *done* when all that was is answered.

        *done* may be called at once, and more than once. Not calling it in time costs the answers:
        the socket is closed all the same.
        """
        ...

    def parting(self) -> None:
        """The socket is being closed: what is offered from now on is not sent. Called once, if at all.

        Nobody may be taken out of the hub here: it may be a packet for him that went too far.
        """
        ...

    def closed(self) -> None:
        """The socket is gone. Called once, last, if `opened` was."""
        ...
