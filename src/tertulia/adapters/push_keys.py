"""The server's key of Web Push as text (RFC 8292). What is done with it is in `push_web`."""

import base64
import secrets

KEY_NAME = "web push"
"""Under which the private key lies in the store."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points the curve P-256 has; private keys are the numbers from 1 up to it (FIPS 186-5)."""

_KEY_BYTES = 32


def to_text(content: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """From base64, URL-safe or not, with padding or without. Raises: ValueError."""
    plain = text.replace("+", "-").replace("/", "_").rstrip("=")
    padded = plain + "=" * (-len(plain) % 4)
    return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)


def new_key() -> str:
    """A private key, as `number_of` reads it and operators may set it."""
    return to_text((1 + secrets.randbelow(_ORDER - 1)).to_bytes(_KEY_BYTES, "big"))


def number_of(key: str) -> int:
    """The private key as a number.

    Raises:
        ValueError: it is no private key.
    """
    content = from_text(key)
    if len(content) != _KEY_BYTES:
        raise ValueError("32 bytes in URL-safe base64 are expected")
    number = int.from_bytes(content, "big")
    if not 0 < number < _ORDER:
        raise ValueError("no private key has this value")
    return number
