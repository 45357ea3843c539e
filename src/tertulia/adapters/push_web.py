"""Web Push to browsers (RFC 8030, 8188, 8291, 8292).

It costs 8 MiB to load, and most servers never push: only `adapters.pushes` loads it, when it must.
"""

import os
from collections import OrderedDict

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tertulia.adapters.outbound import Target
from tertulia.adapters.push_keys import from_text, number_of, to_text
from tertulia.core.push import NewSubscription

KEPT_FOR_S = 86_400
"""How long a push service keeps a push for a device that is off."""

RECORD_BYTES = 4_096
SALT_BYTES, SECRET_BYTES = 16, 16

TOKEN_S = 12 * 3_600
"""How long one of our tokens is good; half of that time it is used."""

MOST_TOKENS = 1_000
"""Push services whose tokens are remembered."""


def _point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class Vapid:
    """Says to push services who we are (RFC 8292)."""

    def __init__(self, key: str, contact: str) -> None:
        """The server's key and whom a push service may write to (`mailto:` or `https:`).

        Raises:
            ValueError: it is no private key.
        """
        self._key = derive_private_key(number_of(key), SECP256R1())
        self._contact = contact
        self._tokens: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self.public_key = to_text(_point(self._key.public_key()))

    def authorization(self, origin: str, now_s: int) -> str:
        """The header for a push service."""
        until, token = self._tokens.get(origin, (-1, ""))
        if until < now_s:
            claims = {"aud": origin, "exp": now_s + TOKEN_S, "sub": self._contact}
            token = jwt.encode(claims, self._key, algorithm="ES256")
            self._tokens[origin] = now_s + TOKEN_S // 2, token
            if len(self._tokens) > MOST_TOKENS:
                self._tokens.popitem(last=False)
        return f"vapid t={token}, k={self.public_key}"


def encrypted(
    content: bytes,
    to_key: bytes,
    to_secret: bytes,
    *,
    salt: bytes | None = None,
    own_key: EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push that only the holder of the subscription can read (RFC 8291).

    Args:
        content: at most 3,993 bytes.
        to_key: the subscription's public key, an uncompressed point.
        to_secret: its authentication secret.
        salt: 16 bytes, for tests; otherwise random.
        own_key: for tests; otherwise made for this push alone.

    Raises:
        ValueError: a key is none.
    """
    if len(to_secret) != SECRET_BYTES:
        raise ValueError("the secret has 16 bytes")
    salt = salt or os.urandom(SALT_BYTES)
    own_key = own_key or generate_private_key(SECP256R1())
    theirs = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), to_key)
    own_point = _point(own_key.public_key())
    about = b"WebPush: info\0" + to_key + own_point
    shared = _derived(own_key.exchange(ECDH(), theirs), to_secret, about, 32)
    key = _derived(shared, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(shared, salt, b"Content-Encoding: nonce\0", 12)
    # 2 says that this is the last record; there is one.
    sealed = AESGCM(key).encrypt(nonce, content + b"\x02", None)
    size = RECORD_BYTES.to_bytes(4, "big")
    return salt + size + bytes([len(own_point)]) + own_point + sealed


def _derived(secret: bytes, salt: bytes, about: bytes, size: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=about).derive(secret)


def request(
    vapid: Vapid, to: NewSubscription, payload: str, now_s: int
) -> tuple[dict[str, str], bytes]:
    """The header and body of the request that pushes *payload* to a browser.

    Raises:
        ValueError: a key of the subscription is none.
    """
    body = encrypted(payload.encode(), from_text(to.key_p256dh), from_text(to.key_auth))
    headers = {
        "Authorization": vapid.authorization(Target.of(to.endpoint).origin, now_s),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEPT_FOR_S),
        "Urgency": "high",
    }
    return headers, body
