"""Answers to signing in and out (Tada document, Авторизация, Выход)."""

from msgspec import Struct

from tertulia.dialects.tada.wire.account import AccountV3


class CodeSent(Struct):
    """A code is on its way; `phone` as `+` and digits."""

    code_length: int
    code_valid_until: str
    phone: str


class CodeSentV4(CodeSent):
    """`next_code_at`: when to offer another."""

    next_code_at: str


class SignedIn(Struct):
    """A device is signed in."""

    me: AccountV3
    token: str


class SignedInByCookie(Struct):
    """A browser is; its secret is in the cookie."""

    me: AccountV3


class SignedInV4(SignedIn):
    """Two-factor sign-in is not known here, but clients ask for its fields."""

    required2fa: bool = False
    recovery2fa: bool = False
    method2fa: str = ""


class Debug(Struct):
    """What stands in a QR code, and for how long it is good."""

    lifetime_sec: int
    url: str


class Location(Struct):
    """Where a browser should go."""

    location: str
