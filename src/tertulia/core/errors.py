"""Everything that can go wrong on purpose. Facts only: each dialect finds its own words and codes."""


class TertuliaError(Exception):
    """Something a caller is told about; anything else that is raised is a mistake of ours."""


class BadInput(TertuliaError):
    """What was asked makes no sense.

    Attributes:
        field: the part of the input at fault, in the core's words (`"text"`, `"login"`).
        why: what is wrong with it (`"is empty"`).
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")
        self.field = field
        self.why = why


class NotSignedIn(TertuliaError):
    """Nobody is signed in, or the secret that was shown does not open anything.

    Attributes:
        kind: `"password"`, `"token"`, `"code"` or `"session"`: what failed.
    """

    def __init__(self, kind: str = "session") -> None:
        super().__init__(f"not signed in: {kind}")
        self.kind = kind


class NotAllowed(TertuliaError):
    """The actor may see the thing, but not do this with it.

    Attributes:
        what: what was tried, in the core's words.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"not allowed: {what}")
        self.what = what


class NotFound(TertuliaError):
    """There is no such thing, or it is not the actor's to know of; we do not say which.

    Attributes:
        kind: `"account"`, `"chat"`, `"member"`, `"message"`, …
    """

    def __init__(self, kind: str) -> None:
        super().__init__(f"no such {kind}")
        self.kind = kind


class Conflict(TertuliaError):
    """It clashes with what is there already.

    Attributes:
        kind: what it clashes with: `"login"`, `"email"`, `"phone"`, …
    """

    def __init__(self, kind: str) -> None:
        super().__init__(f"already taken: {kind}")
        self.kind = kind


class TooMuch(TertuliaError):
    """A limit was reached.

    Attributes:
        what: the limit (`"sign-ins"`, `"members"`).
        retry_after_s: when to try again, in seconds; 0 when waiting does not help.
    """

    def __init__(self, what: str, retry_after_s: int = 0) -> None:
        super().__init__(f"too many {what}")
        self.what = what
        self.retry_after_s = retry_after_s


class Unavailable(TertuliaError):
    """Something the server needs does not answer now.

    Attributes:
        what: the part that failed (`"store"`).
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not available")
        self.what = what
