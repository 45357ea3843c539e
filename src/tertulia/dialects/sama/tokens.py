"""SAMA's secrets: a signed JWT for access, a random text for refresh (document, Login)."""

import secrets
from typing import Final

import jwt

from tertulia.core.model import Account
from tertulia.core.signin import ACCESS, REFRESH, Grant, new_secret
from tertulia.dialects.sama.ids import to_wire

ACCESS_S: Final = 10_800
REFRESH_S: Final = 1_209_600

KEY_NAME: Final = "sama access tokens"
"""Under which the signing key lies in the store."""


def new_key() -> str:
    """A signing key of 256 bits."""
    return secrets.token_hex(32)


class Tokens:
    """Makes them. Whether one is alive is for the store to say, so that it can be revoked."""

    def __init__(self, key: str) -> None:
        self._key = key

    def access(self, account: Account, now: int) -> Grant:
        """A JWT; the web client takes `_id` from it for the current user."""
        issued = now // 1000
        name = to_wire(account.id)
        claims = {
            "_id": name,
            "native_id": name,
            "login": account.login,
            "type": ACCESS,
            "iat": issued,
            "exp": issued + ACCESS_S,
            "jti": secrets.token_urlsafe(16),
        }
        text = jwt.encode(claims, self._key, algorithm="HS256")
        return Grant(text, ACCESS, now + ACCESS_S * 1000)

    @staticmethod
    def refresh(now: int) -> Grant:
        """A random text; it travels in a cookie only."""
        return Grant(new_secret(), REFRESH, now + REFRESH_S * 1000)
