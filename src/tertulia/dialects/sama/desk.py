"""What SAMA's handlers work with: the house's desk, and what only this API has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tertulia.core.ids import AccountId
from tertulia.core.model import Account, Actor, Session
from tertulia.core.services import Services
from tertulia.core.signin_model import Proven
from tertulia.delivery.encoder import Reader
from tertulia.dialects.sama.origins import Origins
from tertulia.dialects.sama.params import Params
from tertulia.dialects.sama.tokens import Tokens, flavour_in
from tertulia.dialects.sama.wire import ORGANIZATION, Links, User
from tertulia.web.dialect import Desk

if TYPE_CHECKING:
    from tertulia.dialects.sama.events import SamaEncoder

NAME = "sama"

CHAT_SETTINGS = "chat_settings"
"""Name of our extension: the socket is told how its owner keeps chats."""

EXTENSIONS = frozenset({CHAT_SETTINGS})
"""Packets that no document knows; only who asks for them is sent any."""

STOCK = "stock"
SEED = "seed"


@dataclass(frozen=True, slots=True)
class SamaReader(Reader):
    """Who listens on a socket that has asked for extensions."""

    extensions: frozenset[str]


@dataclass(frozen=True, slots=True)
class SamaDesk:
    """Shared by all connections and routes.

    Attributes:
        house: what every dialect is given.
        tokens: makes secrets.
        organizations: ids that clients may give beside `default`.
        origins: whose pages may use the HTTP routes.
        most_members: of a group, its owner included.
        encoder: says events.
    """

    house: Desk
    tokens: Tokens
    organizations: frozenset[str]
    origins: Origins
    most_members: int
    encoder: "SamaEncoder"

    @property
    def core(self) -> Services:
        """The messenger."""
        return self.house.core

    @property
    def links(self) -> Links:
        """From a file to the address it can be got from."""
        return self.core.files.links.download

    def knows_organization(self, params: Params) -> bool:
        """Whether `organization_id` is absent, the server's own, or one the operator named."""
        given = params.values.get("organization_id")
        return given in (None, "", ORGANIZATION) or (
            isinstance(given, str) and given in self.organizations
        )

    @staticmethod
    def flavour(params: Params) -> str | None:
        """STOCK when the client gave an `organization_id`: both stock clients always do."""
        return STOCK if params.values.get("organization_id") not in (None, "") else None

    def user(self, account: Account) -> User:
        """The user object for oneself, with the time now for who is online."""
        core = self.core
        online_at = core.clock.now_ms() if core.connections.is_online(account.id) else None
        return User.of(account, self.links, online_at, is_own=True)

    async def users(self, reader: Actor, ids: Sequence[AccountId]) -> list[User]:
        """The user objects of those that exist, newest first, as *reader* may see them."""
        return await self.seen_by(reader, await self.core.accounts.several(ids))

    async def seen_by(self, reader: Actor, accounts: Sequence[Account]) -> list[User]:
        """Their user objects: who blocks *reader* was last there when the block began."""
        presences = await self.core.presence.of(reader, accounts)
        return [
            User.of(
                account,
                self.links,
                presences[account.id].seen_at,
                is_own=account.id == reader.account_id,
            )
            for account in accounts
        ]

    async def session_of(self, secret: str, kind: str) -> Session:
        """The session a secret opens, in the flavour of the sign-in that the secret came of.

        Raises:
            NotSignedIn: "token".
        """
        session = await self.core.signin.by_secret(secret, kind, NAME)
        flavour = flavour_in(secret)
        return replace(session, flavour=flavour) if flavour in {SEED, STOCK} else session

    async def open(
        self, proven: Proven, device: str, flavour: str, *, with_refresh: bool
    ) -> tuple[Session, str, str, int]:
        """A new session: it, its access token, its refresh token ("" without), the former's end."""
        now = self.core.clock.now_ms()
        access = self.tokens.access(proven.account, flavour, now)
        grants = (access, self.tokens.refresh(flavour, now)) if with_refresh else (access,)
        session = await self.core.signin.open(proven, NAME, device, flavour, grants)
        return session, access.text, grants[-1].text if with_refresh else "", access.expires_at
