"""SAMA: JSON over a WebSocket, and sign-in over HTTP."""

from tertulia.dialects.sama.desk import NAME, SamaDesk
from tertulia.dialects.sama.routes import Routes
from tertulia.dialects.sama.socket import Talk
from tertulia.dialects.sama.tokens import KEY_NAME, Tokens, new_key
from tertulia.web.dialect import Desk, Dialect

__all__ = ["KEY_NAME", "new_key", "sama"]


def sama(
    house: Desk,
    key: str,
    *,
    organizations: frozenset[str],
    origins: frozenset[str],
    most_members: int,
) -> Dialect:
    """The dialect.

    Args:
        house: what every dialect is given.
        key: signs access tokens; the store keeps it under KEY_NAME.
        organizations: ids accepted beside `default`.
        origins: foreign origins whose pages may use the HTTP routes.
        most_members: of a group, its owner included.
    """
    desk = SamaDesk(house, Tokens(key), organizations, origins, most_members)
    return Dialect(NAME, Routes(desk).all(), lambda _: Talk(desk))
