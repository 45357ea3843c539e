"""What the core says about signing in: secrets, proofs and the sessions they open."""

from dataclasses import dataclass

from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Account, Session


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a session, known only by its hash. `kind` is "access" or "refresh"."""

    hash: str
    kind: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Proven:
    """An account, and what proved that it is the client's: the password of that hash, a session, or the phone.

    The proof is looked at again when the session opens: meanwhile the password may have changed.
    """

    account: Account
    password_hash: str | None = None
    session_id: SessionId | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a sign-in opens: the session of this account on this device, with these secrets.

    `password_hash`, `session_id`, `phone`: what must still hold of the proof (see `Proven`).
    `keep_newest`: of the account's sessions in this dialect, the others end; None: none does.
    """

    account_id: AccountId
    dialect: str
    device: str
    flavour: str
    secrets: tuple[Secret, ...]
    password_hash: str | None = None
    session_id: SessionId | None = None
    phone: str | None = None
    keep_newest: int | None = None


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """A live secret, and the session it opens. `replaced_at`: a newer one took its place then.

    `used_at`: when a secret of the session was last shown, to the hour.
    """

    session: Session
    kind: str
    replaced_at: int | None
    used_at: int = 0


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its account sees it in a list. `used_at`: as in `FoundSecret`.

    `name`: of the device it is on, or of the application that has it; `kind`: of the device. "": unknown.
    """

    session: Session
    created_at: int
    used_at: int
    name: str = ""
    kind: str = ""
