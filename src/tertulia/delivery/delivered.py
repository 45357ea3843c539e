"""Up to where in the log everything has been delivered."""

from collections.abc import Callable


class Delivered:
    """The place in the log that whoever comes or goes stands at.

    It is the newest commit's, unless the fan-out is behind: then what waits there has been heard by
    nobody, and the place is that of the commit before.
    """

    def __init__(self, handed_over: Callable[[], int]) -> None:
        """*handed_over* tells the place of the newest commit that was wholly handed to delivery."""
        self._handed_over = handed_over
        self._held: int | None = None

    @property
    def position(self) -> int:
        """Everything up to this place has been offered to all connections."""
        return self._handed_over() if self._held is None else self._held

    def hold(self) -> None:
        """The fan-out falls behind, with the commit that is just being handed over."""
        if self._held is None:
            self._held = self._handed_over()

    def release(self) -> None:
        """It has caught up."""
        self._held = None
