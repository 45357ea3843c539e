"""Applications that may ask people for their consent: what they are, and what may be registered."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from tertulia.core import text
from tertulia.core.errors import BadInput
from tertulia.core.signin import new_secret

MAX_NAME = 100
"""Code points of an application's name."""

MAX_URI = 2_000
MOST_URIS = 20

PLAIN_NAME = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?"
)
URI = re.compile(r"[!-~]+")
PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")


class Scope(StrEnum):
    """What an application may be allowed to do."""

    MESSAGES_READ = "messages_read"
    MESSAGES_WRITE = "messages_write"
    USER_DETAILS = "user_details"
    USER_EMAIL = "user_email"
    USER_BIRTHDAY = "user_birthday"
    USER_CONTACTS = "user_contacts"


Scopes = tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """Something that may ask people for their consent. `redirect_uris` count character for character."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    scopes: Scopes
    created_at: int


def drawn_up(
    name: str, redirect_uris: Sequence[str], scopes: Sequence[str], now: int
) -> tuple[Application, str]:
    """An application that is yet to be stored, and its secret.

    Raises:
        BadInput: "name", "redirect uri" or "scope".
    """
    if text.is_longer(name, MAX_NAME) or not PLAIN_NAME.fullmatch(name):
        raise BadInput("name", f"must be 1 to {MAX_NAME} characters on one line")
    if not 1 <= len(redirect_uris) <= MOST_URIS:
        raise BadInput("redirect uri", f"must be given, at most {MOST_URIS} of them")
    for each in redirect_uris:
        check_redirect_uri(each)
    uris = tuple(dict.fromkeys(redirect_uris))
    allowed = scopes_from(scopes) or tuple(Scope)
    return Application(secrets.token_hex(8), name, uris, allowed, now), new_secret()


def may_be_id(client_id: str) -> bool:
    """Whether an application could be called that: not every store can be asked for any text."""
    return client_id.isascii() and client_id.isalnum()


def scopes_from(names: Sequence[str]) -> Scopes:
    """The scopes of those names, each once, in that order. Raises: BadInput("scope")."""
    known = {each.value: each for each in Scope}
    for name in names:
        if name not in known:
            raise BadInput("scope", f"must be of {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names))


def check_redirect_uri(uri: str) -> None:
    """Raises: BadInput("redirect uri"): browsers cannot be sent there, or not safely."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError as error:
        raise BadInput("redirect uri", "is no address") from error
    if len(uri) > MAX_URI or not URI.fullmatch(uri) or "\\" in uri:
        raise BadInput("redirect uri", "is too long, or has spaces or other signs to be encoded")
    if "#" in uri:
        raise BadInput("redirect uri", "must have no fragment")
    scheme = uri.partition(":")[0]
    host = parts.hostname or ""
    if scheme in {"http", "https"}:
        is_fit = bool(host) and (scheme == "https" or _is_loopback(host))
    else:
        is_fit = PRIVATE_SCHEME.fullmatch(scheme) is not None and len(uri) > len(scheme) + 1
    if not is_fit:
        raise BadInput(
            "redirect uri",
            "must be https, http on a loopback host, or a scheme of the application's own with a dot",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
