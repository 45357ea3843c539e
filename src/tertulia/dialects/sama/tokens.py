"""SAMA's secrets: a signed JWT for access, a random text for refresh (document, Login)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

import msgspec

from tertulia.core.model import Account
from tertulia.core.signin import ACCESS, REFRESH, Grant, new_secret
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.wire import encode

ACCESS_S: Final = 10_800
REFRESH_S: Final = 1_209_600

KEY_NAME: Final = "sama access tokens"
"""Under which the signing key lies in the store."""


def new_key() -> str:
    """A signing key of 256 bits."""
    return secrets.token_hex(32)


def _unpadded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def flavour_in(secret: str) -> str:
    """The flavour of the sign-in that a living secret came of; "" in one from before they said so."""
    if "." in secret:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(secret.split(".")[1] + "=="))
        secret = claims["jti"]
    flavour, dash, _ = secret.partition("-")
    return flavour if dash else ""


_HEADER = _unpadded(b'{"alg":"HS256","typ":"JWT"}')


class Tokens:
    """Makes them. Whether one is alive is for the store to say, so that it can be revoked."""

    def __init__(self, key: str) -> None:
        self._key = key

    def access(self, account: Account, flavour: str, now: int) -> Grant:
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
            "jti": f"{flavour}-{secrets.token_urlsafe(16)}",
        }
        return Grant(self._signed(claims), ACCESS, now + ACCESS_S * 1000)

    def _signed(self, claims: Mapping[str, object]) -> str:
        """A JWT (RFC 7519) with HMAC and SHA-256."""
        said = b"%b.%b" % (_HEADER, _unpadded(encode(claims)))
        signature = hmac.digest(self._key.encode(), said, hashlib.sha256)
        return (said + b"." + _unpadded(signature)).decode()

    @staticmethod
    def refresh(flavour: str, now: int) -> Grant:
        """A random text; it travels in a cookie only."""
        return Grant(f"{flavour}-{new_secret()}", REFRESH, now + REFRESH_S * 1000)
