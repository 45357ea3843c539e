"""Plays a work once against a fresh Tertulia and once against the baseline, side by side."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import directories, moving, served, starting, unet
from benchmarks.disk import fdatasync_ms
from benchmarks.served import Served
from benchmarks.sizes import (
    FILE_BYTES,
    FILES,
    FILES_COUNT,
    POLLS,
    QUICK_FILES_COUNT,
    START,
    TADA,
    TEAMS,
    UNET,
    accounts_for,
    changes,
    filled_by,
)
from benchmarks.table import Outcome
from benchmarks.targets import Figures, median_of, number
from tertulia.cli.bench import roster

# Nothing a load does takes longer, in seconds.
_LOAD_S = 900.0

# Access tokens live three hours; a roster older than this, in seconds, is made anew.
_ROSTER_S = 2 * 3600.0

# How large the baseline's packets are where Tertulia's are not known.
_DELIVERY_BYTES, _ACK_BYTES = 450.0, 300.0


class LoadFailed(Exception):
    """The load generator could not do its work; the words are its own."""


@dataclass
class Bench:
    """The works played so far, and what every one of them is given.

    Attributes:
        scratch: stores and logs are made here and thrown away.
        seed: a store with accounts in it and their roster; every run begins with a copy.
        environment: settings of the server.
        quick: small and short.
    """

    scratch: Path
    seed: Path
    environment: dict[str, str]
    quick: bool
    outcome: Outcome = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def roster(self) -> Path:
        """The accounts that are in the seed."""
        return self.seed / "roster.json"

    def prepare(self, works: Iterable[str]) -> None:
        """Sign up as many accounts as the largest work needs, once for all runs."""
        wanted = accounts_for(works, quick=self.quick)
        self.seed.mkdir(parents=True, exist_ok=True)
        if self._roster_is_stale():
            self.roster.unlink()
            shutil.rmtree(self.seed / "data")
        missing = wanted - len(roster.known(self.roster))
        if missing <= 0:
            return
        _say(f"signing up {missing} accounts")
        with served.tertulia(self.seed / "data", self.environment) as server:
            self._load(server, "signin", {"users": missing})

    def play(self, work: str) -> None:
        """Play *work* once more."""
        ours, bare = self.outcome.setdefault(work, ([], []))
        _say(f"{work}, run {len(ours) + 1}")
        data = self.scratch / f"{work}-{len(ours)}"
        shutil.copytree(self.seed / "data", data)
        if work == FILES:
            self._move_files(data, ours, bare)
            return
        if work == TEAMS:
            self._ask_for_teams(data, ours)
            return
        if work == UNET:
            self._walk_through_pages(data, ours)
            return
        sizes = changes(work, quick=self.quick)
        figures = fdatasync_ms(self.scratch)
        with served.tertulia(data, self.environment) as server:
            figures |= (
                starting.first_sign_in(server, roster.known(self.roster)[0])
                if work == START
                else self._load(server, work, sizes)
            )
        ours.append(figures)
        shutil.rmtree(data, ignore_errors=True)
        if work in {POLLS, TADA}:
            # The bare fan-out knows no polls, and no sockets but those of SAMA.
            return
        delivery = figures.get("delivery_bytes", _DELIVERY_BYTES)
        ack = figures.get("last_page_bytes", figures.get("ack_bytes", _ACK_BYTES))
        with served.bare_fanout(self.scratch, delivery, ack) as server:
            bare.append(
                starting.first_socket(server)
                if work == START
                else self._load(server, work, sizes, bare=True)
            )

    def _move_files(self, data: Path, ours: list[Figures], bare: list[Figures]) -> None:
        count = QUICK_FILES_COUNT if self.quick else FILES_COUNT
        figures = fdatasync_ms(self.scratch)
        with served.tertulia(data, self.environment) as server:
            links = moving.tertulias(server, roster.known(self.roster)[0], FILE_BYTES, count)
            ours.append(figures | moving.figures(server, links, FILE_BYTES))
        shutil.rmtree(data, ignore_errors=True)
        with served.bare_copy(data) as server:
            bare.append(moving.figures(server, moving.bare(server, count), FILE_BYTES))
        shutil.rmtree(data, ignore_errors=True)

    def _ask_for_teams(self, data: Path, ours: list[Figures]) -> None:
        figures = fdatasync_ms(self.scratch)
        someone = roster.known(self.roster)[0]
        with served.tertulia(data, self.environment) as server:
            ours.append(figures | directories.figures(server, someone, quick=self.quick))
        shutil.rmtree(data, ignore_errors=True)

    def _walk_through_pages(self, data: Path, ours: list[Figures]) -> None:
        figures = fdatasync_ms(self.scratch)
        someone = roster.known(self.roster)[0]
        with served.tertulia(data, self.environment) as server:
            self._load(server, filled_by(UNET), changes(UNET, quick=self.quick))
            ours.append(figures | unet.figures(server, data, someone, quick=self.quick))
        shutil.rmtree(data, ignore_errors=True)

    def disk(self) -> str:
        """One sentence about the disk, beside which all delays are to be read."""
        runs = [run for ours, _ in self.outcome.values() for run in ours]
        half, most = median_of(runs, "fdatasync_p50_ms"), median_of(runs, "fdatasync_p99_ms")
        return f"One fdatasync took {number(half)} ms (p99 {number(most)} ms), median of the runs."

    def _roster_is_stale(self) -> bool:
        if not self.roster.exists():
            return False
        # A file's age is told in this clock and no other.
        now = time.time()  # noqa: TID251 - see above
        return now - self.roster.stat().st_mtime > _ROSTER_S

    def _load(
        self, server: Served, work: str, sizes: dict[str, float], *, bare: bool = False
    ) -> Figures:
        command = [sys.executable, "-m", "tertulia", "bench", server.url, "--json", "--work", work]
        command += [f"--{name}={value:g}" for name, value in sizes.items()]
        command += ["--server-pid", str(server.pid)]
        command += ["--bare"] if bare else ["--roster", str(self.roster)]
        load = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        os.sched_setaffinity(load.pid, {served.cores()[1]})
        try:
            said, groaned = load.communicate(timeout=_LOAD_S)
        finally:
            load.kill()
        if not said:
            raise LoadFailed(f"{work}: {groaned.decode()[-2000:]}")
        report = json.loads(said)
        side = "the baseline" if bare else "Tertulia"
        self.complaints += [f"{work}, {side}: {complaint}" for complaint in report["complaints"]]
        return {name: float(value) for name, value in report["figures"].items()}


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)
