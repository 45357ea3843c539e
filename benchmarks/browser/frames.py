"""What a trace of Chromium says about frames: how long the page's own thread was busy for each."""

import json
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tertulia.cli.bench.meter import percentile

_TIMELINE = "disabled-by-default-devtools.timeline"
CATEGORIES = [_TIMELINE, f"{_TIMELINE}.frame"]
_TASK = "RunTask"
_FRAME_MS = 1000 / 60
_FRAME = "BeginMainThreadFrame"


@dataclass(frozen=True, slots=True)
class Smoothness:
    """How even a stretch of time was.

    Attributes:
        work_ms: CPU time of the page's thread in each frame, sorted: what the page itself is to blame for.
        gaps_ms: the time between two frames, sorted: what a person sees, neighbours on the machine included.
    """

    work_ms: list[float]
    gaps_ms: list[float]

    @property
    def work_p99_ms(self) -> float:
        """All frames but one in a hundred took no more work."""
        return percentile(self.work_ms, 0.99)

    @property
    def gap_p99_ms(self) -> float:
        """All frames but one in a hundred came no later."""
        return percentile(self.gaps_ms, 0.99)

    @property
    def dropped(self) -> int:
        """Frames that should have been there, and were not."""
        return sum(max(0, round(gap / _FRAME_MS) - 1) for gap in self.gaps_ms)


def smoothness(trace: bytes, moments: list[float]) -> Smoothness:
    """From a trace of one page, and the moments of its frames as the page saw them."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    begun = [event for event in events if event.get("name") == _FRAME]
    # The page's thread is the one that begins most frames: the browser's own surface begins some, too.
    places = [(event["pid"], event["tid"]) for event in begun]
    page = max(set(places), key=places.count)
    starts = sorted(
        event["ts"] for event, place in zip(begun, places, strict=True) if place == page
    )
    work = [0.0] * (len(starts) + 1)
    for event in events:
        if event.get("name") == _TASK and (event["pid"], event["tid"]) == page:
            work[bisect_right(starts, event["ts"])] += event.get("tdur", event.get("dur", 0)) / 1000
    gaps = [after - before for before, after in pairwise(moments)]
    # What was before the first frame belongs to none.
    return Smoothness(sorted(work[1:]), sorted(gaps))
