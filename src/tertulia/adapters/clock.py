"""The time."""

from time import time_ns


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time_ns() // 1_000_000
