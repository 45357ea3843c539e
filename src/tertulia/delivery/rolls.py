"""What processes tell one another of who is connected to them, and what one remembers of another.

Each process keeps a *roll*: its accounts with their *standing*, a number. Every change of its roll has a
running number, so who hears of the changes knows whether he has heard of all of them. Who has not asks
for the whole roll, which says up to which change it goes.
"""

from collections.abc import Collection, Iterator
from itertools import islice

import msgspec

from tertulia.core.ids import AccountId

MOST_IN_ONE = 5_000
"""Standings in one message; of more there are several."""

FLAG_BITS = 3
FLAGS = (1 << FLAG_BITS) - 1
"""The part of a standing that says how the account is connected (`delivery.hub`)."""

Roll = dict[AccountId, int]
"""Accounts and their standings. Who has none does not stand there; a change to none is told as 0."""


def standing(flags: int, spoke_at: int) -> int:
    """How an account is connected to a process, and when it last told it whom it watches (0: never)."""
    return flags | spoke_at << FLAG_BITS


class Beat(msgspec.Struct, frozen=True, array_like=True, tag="beat"):
    """The sender is there, and `number` is that of its last change. `asks`: the others shall say theirs."""

    sender: str
    number: int
    asks: bool


class Change(msgspec.Struct, frozen=True, array_like=True, tag="change"):
    """New standings at the sender; `number` is one more than that of the change before."""

    sender: str
    number: int
    standings: Roll


class Ask(msgspec.Struct, frozen=True, array_like=True, tag="ask"):
    """The sender wants to hear the whole roll of `whom`."""

    sender: str
    whom: str


class Part(msgspec.Struct, frozen=True, array_like=True, tag="part"):
    """A part of the sender's whole roll as it is after the change of that number. Parts count from 0."""

    sender: str
    number: int
    place: int
    is_last: bool
    standings: Roll


class Bye(msgspec.Struct, frozen=True, array_like=True, tag="bye"):
    """The sender ends."""

    sender: str


Words = Beat | Change | Ask | Part | Bye

_DECODER: msgspec.msgpack.Decoder[Words] = msgspec.msgpack.Decoder(Words)
_ENCODER = msgspec.msgpack.Encoder()


def written(words: Words) -> bytes:
    """As they travel."""
    return _ENCODER.encode(words)


def read(words: bytes) -> Words | None:
    """What somebody has said; None: nothing that we understand."""
    try:
        return _DECODER.decode(words)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def in_parts(roll: Roll) -> Iterator[Roll]:
    """The roll in pieces of bounded size; nothing of an empty one."""
    rest = iter(roll.items())
    while part := dict(islice(rest, MOST_IN_ONE)):
        yield part


class Copy:
    """The roll of another process, as far as it was heard. A process begins with an empty one."""

    __slots__ = ("_coming", "_coming_number", "_next_place", "number", "roll")

    def __init__(self) -> None:
        self.roll: Roll = {}
        self.number = 0
        self._coming: Roll | None = None
        self._coming_number = 0
        self._next_place = 0

    def change(self, words: Change) -> Collection[AccountId]:
        """Hear of a change, which is the next one: whose standing has changed."""
        self.number = words.number
        for account_id, standing in words.standings.items():
            if standing:
                self.roll[account_id] = standing
            else:
                self.roll.pop(account_id, None)
        return words.standings.keys()

    def collect(self, words: Part) -> Collection[AccountId]:
        """Hear a part of the whole roll: with the last of them, whose standing has changed.

        All parts leave the process together, so they come together or some are lost.
        """
        if words.number <= self.number:
            return ()
        if words.place == 0:
            self._coming, self._coming_number, self._next_place = {}, words.number, 0
        is_next = words.place == self._next_place and words.number == self._coming_number
        if self._coming is None or not is_next:
            self._coming = None
            return ()
        self._coming.update(words.standings)
        self._next_place += 1
        if not words.is_last:
            return ()
        before, self.roll, self.number = self.roll, self._coming, words.number
        self._coming = None
        everybody = before.keys() | self.roll.keys()
        return [each for each in everybody if before.get(each) != self.roll.get(each)]
