"""What an application asks of a browser at `/auth`, checked (RFC 6749, 4.1.1; RFC 7636).

There are two kinds of mistakes. If the application or its redirect URI is not known for certain, a person
is told, and the browser is sent nowhere (`Unknown`). Every other mistake is the application's to hear.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_from_bytes

from tertulia.core.applications import Application, Scope, Scopes
from tertulia.core.oauth import OAuth
from tertulia.dialects.unet.request import Pairs

MAX_STATE = 2_048
"""Code points; a byte that belongs to none counts as one."""

CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
SCOPE_LIST = re.compile(r"[!#-\[\]-~]+(?: [!#-\[\]-~]+)*")

# What a request is made of; other parameters are of no interest.
NAMES = (
    "response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge",
    "code_challenge_method", "prompt",
)  # fmt: skip


class Unknown(Exception):
    """Nobody can be told but the person in front of the browser."""


class Mistake(Exception):
    """The application has asked for what it cannot have; `address` is where its browser goes back to."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be put before a person.

    Attributes:
        application: who asks.
        redirect_uri: one of its own, to the letter.
        scopes: what it would like to do, in its order.
        state: goes back as it came; None: none came.
        challenge: of PKCE; "" without.
        forces_sign_in: whoever is signed in already shall sign in again.
        text: the whole request, as a query; forms carry it along. It has a prompt only if that forces.
    """

    application: Application
    redirect_uri: str
    scopes: Scopes
    state: bytes | None
    challenge: str
    forces_sign_in: bool
    text: str

    def back(self, **told: str) -> str:
        """Where the browser goes back to, with what the application is told."""
        return back(self.redirect_uri, self.state, told)


def back(redirect_uri: str, state: bytes | None, told: dict[str, str]) -> str:
    """The redirect URI with further parameters; `state` is the very bytes that came."""
    parts = [f"{name}={quote(value, safe='')}" for name, value in told.items()]
    if state is not None:
        parts.append(f"state={quote_from_bytes(state, safe='')}")
    separator = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{separator}{'&'.join(parts)}"


async def read(oauth: OAuth, given: Pairs) -> Asked:
    """The request behind these parameters.

    Raises:
        Unknown: the application, or where to go back to.
        Mistake: anything else is wrong.
    """
    values = {name: [value for own, value in given if own == name] for name in NAMES}
    application, redirect_uri = await _known(oauth, values)
    state = values["state"][0] if len(values["state"]) == 1 else None

    def mistake(error: str, description: str) -> Mistake:
        told = {"error": error, "error_description": description}
        return Mistake(back(redirect_uri, state, told))

    if state is not None and len(state.decode("utf-8", "replace")) > MAX_STATE:
        state = None
        raise mistake("invalid_request", f"state must be at most {MAX_STATE} characters")
    for name, found in values.items():
        if len(found) > 1:
            raise mistake("invalid_request", f"{name} is given more than once")
    words = {name: found[0].decode("utf-8", "replace") for name, found in values.items() if found}
    kind = words.get("response_type", "")
    if not kind:
        raise mistake("invalid_request", "response_type is missing")
    if kind != "code":
        raise mistake("unsupported_response_type", "response_type must be code")
    challenge, method = words.get("code_challenge", ""), words.get("code_challenge_method", "")
    if (challenge or method) and (method != "S256" or not CHALLENGE.fullmatch(challenge)):
        raise mistake(
            "invalid_request", "code_challenge must have 43 to 128 characters and the method S256"
        )
    scopes = _scopes(application, words.get("scope", ""))
    if scopes is None:
        raise mistake("invalid_scope", "scope has something that this application may not ask for")
    forces_sign_in = words.get("prompt") == "login"
    if not forces_sign_in:
        values["prompt"] = []
    return Asked(
        application,
        redirect_uri,
        scopes,
        state,
        challenge,
        forces_sign_in,
        as_query([(name, value) for name, found in values.items() for value in found]),
    )


async def _known(oauth: OAuth, values: dict[str, list[bytes]]) -> tuple[Application, str]:
    ids, uris = values["client_id"], values["redirect_uri"]
    if len(ids) != 1 or len(uris) != 1:
        raise Unknown
    application = await oauth.find(ids[0].decode("utf-8", "replace"))
    if application is None:
        raise Unknown
    # To the letter: whatever is more tolerant can be led astray.
    uri = next((each for each in application.redirect_uris if each.encode() == uris[0]), None)
    if uri is None:
        raise Unknown
    return application, uri


def _scopes(application: Application, asked: str) -> Scopes | None:
    """What is asked for, or all; None: not all of it is there to be had."""
    if not asked:
        return application.scopes
    if not SCOPE_LIST.fullmatch(asked):
        return None
    allowed = {each.value: each for each in application.scopes}
    names = list(dict.fromkeys(asked.split(" ")))
    return _all_of(allowed, names)


def _all_of(allowed: dict[str, Scope], names: Sequence[str]) -> Scopes | None:
    return tuple(allowed[name] for name in names) if set(names) <= set(allowed) else None


def as_query(given: Pairs) -> str:
    """The parameters as one text without anything that a form could change on its way."""
    return "&".join(f"{name}={quote_from_bytes(value, safe='')}" for name, value in given)
