"""What Tada's handlers work with: the house's desk, and what only this API has."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote, urlsplit

from tertulia.core.services import Services
from tertulia.dialects.tada.delays import Delays
from tertulia.web.dialect import Desk

NAME = "tada"


class View(StrEnum):
    """Which objects a client sees: the document's own, or those with the later additions."""

    V3 = "v3"
    V4 = "v4"


class Drawings(Protocol):
    """Draws pictures, off the event loop."""

    async def stub(self, color: str, letters: str, side: int) -> bytes:
        """A PNG of *side* pixels a side: the letters in white on the color (six hex digits).

        Raises:
            TooMuch: "drawings": too many are waiting already.
        """
        ...

    async def qr(self, text: str) -> bytes:
        """A PNG of the QR code of that text.

        Raises:
            TooMuch: "drawings": too many are waiting already.
        """
        ...


class SamaIds(Protocol):
    """What SAMA calls our accounts, chats and messages: for clients that speak both APIs."""

    def to_wire(self, number: int) -> str:
        """Its id."""
        ...

    def from_wire(self, text: str) -> int:
        """The number of such an id; one that nothing has for what is none."""
        ...


@dataclass(frozen=True, slots=True)
class TadaDesk:
    """Shared by all requests and sockets.

    Attributes:
        house: what every dialect is given.
        drawings: draws stub pictures and QR codes.
        key: the server's own secret for addresses under `/u/`.
        sama_ids: what SAMA calls things.
        delays: for pings that wish to be answered late.
    """

    house: Desk
    drawings: Drawings
    key: str
    sama_ids: SamaIds
    delays: Delays = field(default_factory=Delays)

    @property
    def core(self) -> Services:
        """The messenger."""
        return self.house.core

    @property
    def public_url(self) -> str:
        """Base of every absolute link, without a slash at its end."""
        return self.house.public_url

    @property
    def is_secure(self) -> bool:
        """Whether cookies are for HTTPS only."""
        return self.house.public_url.startswith("https:")

    @property
    def host(self) -> str:
        """Host and port of the public address, percent-encoded, as `otv://` links carry it."""
        return quote(urlsplit(self.house.public_url).netloc, safe="")
