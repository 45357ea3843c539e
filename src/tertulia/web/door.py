"""Who may come in: what a port asks of its dialects, and in whose words it refuses."""

import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tertulia.web.addresses import is_loopback
from tertulia.web.phrases import phrase
from tertulia.web.rounds import Rounds
from tertulia.web.speaker import Speaker, Upgrade

LOG = logging.getLogger(__name__)
NOBODY_SPEAKS = "Nobody speaks for an upgrade"


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """An upgrade refused in a dialect's own words."""

    status: HTTPStatus
    content_type: bytes
    body: bytes


# Who speaks for an upgrade request, or how it is refused.
Verdict = Speaker | HTTPStatus | TurnedAway
# The verdict, or a coroutine that finds it out, within `Limits.ask_s`.
OpenSpeaker = Callable[[Upgrade], Verdict | Coroutine[Any, Any, Verdict]]
# From the path (as sent) and the status to the content type and body of a refusal.
Refusal = Callable[[str, HTTPStatus], tuple[bytes, bytes]]
# From the path (as sent) to further headers of a refusal.
Extra = Callable[[str], tuple[tuple[bytes, bytes], ...]]


def in_plain_words(path: str, status: HTTPStatus) -> tuple[bytes, bytes]:
    """The status' own name as plain text."""
    del path
    return b"text/plain; charset=utf-8", f"{phrase(status)}\n".encode()


@dataclass(frozen=True, slots=True)
class Door:
    """What the HTTP connections of one port share."""

    rounds: Rounds
    open_speaker: OpenSpeaker
    refusal: Refusal
    also: Extra

    def verdict_on(self, asked: Upgrade) -> Verdict | Coroutine[Any, Any, Verdict] | None:
        """Who speaks for *asked*; None: nobody was asked, because too many strangers are here."""
        house = self.rounds.house
        if house.stopping:
            return HTTPStatus.SERVICE_UNAVAILABLE
        if not is_loopback(asked.peer) and house.is_crowded(asked.peer):
            return None
        try:
            return self.open_speaker(asked)
        except Exception:
            # A mistake of ours must not cost the client its answer.
            LOG.exception(NOBODY_SPEAKS)
            return HTTPStatus.INTERNAL_SERVER_ERROR

    def refuse(
        self,
        path: str,
        status: HTTPStatus,
        headers: Iterable[tuple[bytes, bytes]],
        words: tuple[bytes, bytes] | None,
    ) -> bytes:
        """The whole answer that refuses a request for *path*, after which the connection is closed.

        *words*: content type and body, if they are not those of the path's dialect (`Refusal`).
        """
        kind, body = words or self.refusal(path, status)
        lines = [
            b"HTTP/1.1 %d %b" % (status, phrase(status).encode("ascii")),
            *(b"%b: %b" % header for header in (*headers, *self.also(path))),
            b"content-type: " + kind,
            b"content-length: %d" % len(body),
            b"connection: close",
        ]
        return b"\r\n".join((*lines, b"", body))
