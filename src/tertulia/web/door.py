"""Who may come in: what a port asks of its dialects, and in whose words it refuses."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tertulia.web.rounds import Rounds
from tertulia.web.speaker import Speaker, Upgrade


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
    return b"text/plain; charset=utf-8", f"{status.phrase}\n".encode()


@dataclass(frozen=True, slots=True)
class Door:
    """What the HTTP connections of one port share."""

    rounds: Rounds
    open_speaker: OpenSpeaker
    refusal: Refusal
    also: Extra
