"""SAMA: JSON over a WebSocket, and sign-in over HTTP."""

from tertulia.dialects.sama.desk import NAME, SamaDesk
from tertulia.dialects.sama.events import SamaEncoder
from tertulia.dialects.sama.operator import OperatorRoutes
from tertulia.dialects.sama.origins import Origins
from tertulia.dialects.sama.push import push_words
from tertulia.dialects.sama.routes import Routes
from tertulia.dialects.sama.socket import Talk
from tertulia.dialects.sama.tokens import KEY_NAME, Tokens, new_key
from tertulia.web.dialect import Desk, Dialect

__all__ = ["KEY_NAME", "new_key", "push_words", "sama"]


def sama(
    house: Desk,
    key: str,
    *,
    organizations: frozenset[str],
    origins: frozenset[str],
    most_members: int,
    admin_key: str,
) -> Dialect:
    """The dialect.

    Args:
        house: what every dialect is given.
        key: signs access tokens; the store keeps it under KEY_NAME.
        organizations: ids accepted beside `default`.
        origins: foreign origins whose pages may use the HTTP routes.
        most_members: of a group, its owner included.
        admin_key: opens the routes for operators; "": there are none.
    """
    encoder = SamaEncoder(house.core.files.links.download)
    pages = Origins(house.public_url, origins)
    desk = SamaDesk(house, Tokens(key), organizations, pages, most_members, encoder)
    return Dialect(
        NAME, [*Routes(desk).all(), *OperatorRoutes(desk, admin_key).all()], lambda _: Talk(desk)
    )
