"""What is measured, each in a fresh profile."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from typing import Any

from playwright.sync_api import Browser

from benchmarks.browser.house import WRITER, House, Voice, texts
from benchmarks.browser.page import Client, client
from benchmarks.targets import Figures

_STEP_PX = 900
_ROLL_PX = 40
_SETTLE_MS = 1500
_TIMES = 5


@dataclass(frozen=True, slots=True)
class Bench:
    """What every work is given.

    Attributes:
        kept: the sign-in, as a browser keeps it.
        back: so many messages are scrolled back.
        seconds: so long messages arrive.
        rate: so many in a second.
    """

    browser: Browser
    url: str
    kept: Any
    house: House
    back: int = 10_000
    seconds: float = 10.0
    rate: int = 50

    def client(self) -> Any:
        """A page in a profile that knows the session and nothing else."""
        return client(self.browser, self.url, self.kept)

    @property
    def newest(self) -> int:
        """The number of the last message of the long chat."""
        return self.house.messages - 1


def load(bench: Bench) -> Figures:
    """The first load of somebody who is signed in."""
    first, sizes = [], []
    for _ in range(_TIMES):
        with bench.client() as it:
            it.load()
            first.append(it.bench("firstChat()"))
            sizes.append(it.script_bytes)
    return {"script_kb": max(sizes) / 1000, "first_chat_ms": median(first)}


def opening(bench: Bench) -> Figures:
    """From the click on the chat of many messages until its newest one is on the screen."""
    opened, again = [], []
    for _ in range(_TIMES):
        with bench.client() as it:
            it.load()
            _settle(it)
            opened.append(_open(it, bench))
            # Once more, out of what the page has kept.
            it.page.locator("a.row").nth(1).click()
            _settle(it)
            again.append(_open(it, bench))
    return {"open_ms": median(opened), "open_most_ms": max(opened), "open_again_ms": median(again)}


def scrolling(bench: Bench) -> Figures:
    """Far back in the long chat; what the page holds is looked at on the way."""
    with bench.client() as it:
        it.load()
        _settle(it)
        _open(it, bench)
        seen = []
        began = time.perf_counter()
        for part in range(1, 10):
            it.bench(_back(bench, part))
            seen.append(it.memory())
        # A trace of all of it would be larger than what is measured.
        with it.smooth() as found:
            it.bench(_back(bench, 10))
        seen.append(it.memory())
        took = time.perf_counter() - began
    # The window is full after the first thousand; the rest must not weigh anything.
    early, late = seen[1], seen[-1]
    return {
        "heap_growth_mib": late.heap_mib - early.heap_mib,
        "heap_mib": late.heap_mib,
        "node_growth": late.nodes - early.nodes,
        "nodes": late.nodes,
        "back_work_p99_ms": found[0].work_p99_ms,
        "back_work_most_ms": found[0].work_ms[-1],
        "back_s": took,
    }


def rolling(bench: Bench) -> Figures:
    """The list of chats is scrolled, first in silence, then while messages arrive all over it."""
    with bench.client() as it:
        it.load()
        it.page.wait_for_function("() => document.querySelectorAll('a.row').length > 5")
        it.page.wait_for_timeout(2 * _SETTLE_MS)
        ms = bench.seconds * 1000 / 2
        with it.smooth() as silent:
            it.bench(f"roll({ms}, {_ROLL_PX})")
        with it.smooth() as busy, _writing(bench, bench.house.groups):
            it.bench(f"roll({ms}, {_ROLL_PX})")
    return {
        "list_work_p99_ms": silent[0].work_p99_ms,
        "list_work_most_ms": silent[0].work_ms[-1],
        "list_gap_p99_ms": silent[0].gap_p99_ms,
        "list_busy_work_p99_ms": busy[0].work_p99_ms,
        "list_busy_work_most_ms": busy[0].work_ms[-1],
        "list_busy_gap_p99_ms": busy[0].gap_p99_ms,
        "list_frames": len(busy[0].gaps_ms),
        "list_dropped": silent[0].dropped + busy[0].dropped,
    }


def arriving(bench: Bench) -> Figures:
    """Messages come into the open chat."""
    with bench.client() as it:
        it.load()
        _settle(it)
        _open(it, bench)
        _settle(it)
        with it.smooth() as found, _writing(bench, [bench.house.long_chat]) as written:
            it.page.wait_for_timeout(bench.seconds * 1000)
        it.bench(f"waitForLast({bench.house.messages + written[0] - 1})")
    return {
        "live_work_p99_ms": found[0].work_p99_ms,
        "live_work_most_ms": found[0].work_ms[-1],
        "live_gap_p99_ms": found[0].gap_p99_ms,
        "live_frames": len(found[0].gaps_ms),
        "live_dropped": found[0].dropped,
    }


def _back(bench: Bench, tenth: int) -> str:
    return f"back({bench.newest - bench.back * tenth // 10}, {_STEP_PX})"


def _open(it: Client, bench: Bench) -> float:
    return float(it.bench(f"open('{bench.house.long_chat}', {bench.newest})"))


def _settle(it: Client) -> None:
    it.page.locator("a.row").first.wait_for()
    it.page.wait_for_timeout(_SETTLE_MS)


@contextmanager
def _writing(bench: Bench, chats: list[str]) -> Iterator[list[int]]:
    """Somebody writes, by the clock, until it is left; gives how many messages that were."""
    voice = Voice(bench.url, WRITER)
    over = threading.Event()
    count = [0]

    def write() -> None:
        began = time.perf_counter()
        numbered = texts(bench.house.messages, 1 << 30)
        for number, (chat, text) in enumerate(zip(cycle(chats), numbered, strict=False)):
            if over.wait(max(0.0, began + number / bench.rate - time.perf_counter())):
                return
            voice.tell(chat, text)
            count[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield count
    finally:
        over.set()
        writer.join()
        voice.close()


WORKS = {
    "load": load, "open": opening, "back": scrolling, "list": rolling, "live": arriving,
}  # fmt: skip
