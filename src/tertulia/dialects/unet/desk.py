"""What this API's parts work with: the house's desk, and what only this API has."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tertulia.core.oauth import DIALECT
from tertulia.core.services import Services
from tertulia.dialects.unet.cursors import Cursors
from tertulia.dialects.unet.gates import Gate, Rate
from tertulia.web.dialect import Desk
from tertulia.web.limits import Attempts

NAME = DIALECT

API = "/unet/api/"

FileNamed = Callable[[str], int | None]
"""From a name of another API to the number of a file; None for what is no such name."""


@dataclass(frozen=True, slots=True)
class UnetDesk:
    """Shared by all requests.

    Attributes:
        house: what every dialect is given.
        key: the server's own secret for what our pages and cursors carry.
        cursors: makes and reads them.
        rate: how often a token was used lately.
        uploads: how many multipart bodies are read at once.
        tries: what went wrong at signing in, and codes by SMS, by the address they were asked for from.
        file_named: knows what other APIs call files.
    """

    house: Desk
    key: bytes
    cursors: Cursors
    rate: Rate
    uploads: Gate
    tries: Attempts
    file_named: FileNamed

    @property
    def core(self) -> Services:
        """The messenger."""
        return self.house.core

    @property
    def resource_uri(self) -> str:
        """RESOURCE_URI: under it lies everything that takes an access token."""
        return self.house.public_url + API

    @property
    def auth_path(self) -> str:
        """Where our pages send their forms: the public path of `/auth`."""
        return urlsplit(self.house.public_url).path + "/auth"

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach us over https."""
        return self.house.public_url.startswith("https:")
