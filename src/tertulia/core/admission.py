"""Who may sign up: anybody, whoever shows an invite from the operator, or nobody."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from tertulia.core.errors import BadInput, NotAllowed

MAX_TOKEN = 255
"""Code points; nothing longer is an invite of ours."""

CLOSED_DOOR = "registration"
"""What `NotAllowed` says when nobody may sign up."""

UNINVITED = "registration without an invite"
"""What `NotAllowed` says to who signs up without the invite that is asked for."""


class Registration(StrEnum):
    """Who may sign up."""

    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"

    def admission(self, invite: str) -> "Admission":
        """The terms for whoever shows that invite ("": none)."""
        if not invite or self is not Registration.INVITE:
            return Admission(self)
        return Admission(self, hash_of(invite))


@dataclass(frozen=True, slots=True)
class Admission:
    """On what terms one more account may come to be.

    Attributes:
        registration: who may sign up.
        invite_hash: of the invite that was shown; "" for none.
    """

    registration: Registration = Registration.OPEN
    invite_hash: str = ""

    def need_chance(self) -> None:
        """Raises: NotAllowed (`CLOSED_DOOR`, `UNINVITED`): whatever the store knows, this will not do."""
        if self.registration is Registration.CLOSED:
            raise NotAllowed(CLOSED_DOOR)
        if self.registration is Registration.INVITE and not self.invite_hash:
            raise NotAllowed(UNINVITED)


ANYBODY = Admission()
"""For whom the operator or the server itself lets in."""


def hash_of(token: str) -> str:
    """What the store knows of a token. A plain hash will do: tokens are long and random."""
    return sha256(token[:MAX_TOKEN].encode("utf-8", "surrogatepass")).hexdigest()


def no_such_invite() -> BadInput:
    """Of an invite by which nobody comes (any more)."""
    return BadInput("invite", "is unknown, used up or out of date")
