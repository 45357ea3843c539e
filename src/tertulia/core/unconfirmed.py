"""What a client has not confirmed: so that it hears it again when it comes back."""

from typing import NamedTuple, Protocol

from tertulia.core.ids import MessageId, SessionId, TeamId


class HungUp(NamedTuple):
    """Where a session stood in a team when its last connection there ended.

    Attributes:
        position: a number in the log; it was told everything up to there.
        unconfirmed: messages of which it has not confirmed the last packet.
        confirmed: changes that it has confirmed and that are about as new as the position: which message,
            and when it was changed.
    """

    position: int
    unconfirmed: tuple[MessageId, ...]
    confirmed: tuple[tuple[MessageId, int], ...] = ()


class UnconfirmedStore(Protocol):
    """Keeps that for each session and team: a row for both, whatever is said on the connection."""

    @property
    def position(self) -> int:
        """Everything up to this number has been handed to delivery."""
        ...

    async def begin(self, session_id: SessionId, team_id: TeamId) -> HungUp | None:
        """Where the session stood; None: it is here for the first time, and stands here from now on.

        Raises:
            NotSignedIn: the session has ended.
        """
        ...

    async def end(self, session_id: SessionId, team_id: TeamId, stood: HungUp) -> None:
        """It stands there now. Nothing is kept of a session that is over."""
        ...
