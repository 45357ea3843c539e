"""What a client remembers of its acknowledgements, and what a store must show for them."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Sender *sender* was told that its message *number* stands as *message* at *seq* of *chat*.

    An API that does not tell the place leaves `seq` out.
    """

    sender: int
    number: int
    chat: int
    message: int
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that is in the store."""

    chat: int
    seq: int
    message: int
    text: str


def text_of(sender: int, number: int) -> str:
    """What a sender writes in its message of that number: different every time."""
    return f"{sender}/{number}"


@dataclass
class Ledger:
    """All acknowledgements, in the order in which the client got them."""

    entries: list[Acknowledged] = field(default_factory=list)

    def next_number(self, sender: int) -> int:
        """The first message of that sender that was not acknowledged: it goes on (or resends) here."""
        return 1 + max((each.number for each in self.entries if each.sender == sender), default=-1)

    def compare(self, stored: Iterable[Stored]) -> None:
        """Every acknowledged message is there, once, in order; nothing else is there twice either."""
        found = list(stored)
        by_text = {each.text: each for each in found}
        assert len(by_text) == len(found), "a message is there twice"
        for entry in self.entries:
            there = by_text.get(text_of(entry.sender, entry.number))
            assert there is not None, f"acknowledged, but lost: {entry}"
            assert (there.chat, there.message) == (entry.chat, entry.message)
            assert entry.seq in {None, there.seq}
        self._compare_order(found)

    def _compare_order(self, found: list[Stored]) -> None:
        for chat in {each.chat for each in found}:
            here = sorted((each for each in found if each.chat == chat), key=lambda each: each.seq)
            assert [each.seq for each in here] == list(range(1, len(here) + 1)), "places have gaps"
            assert [each.message for each in here] == sorted(each.message for each in here)
        # A sender waits for each acknowledgement, so its messages stand in the order of its numbers.
        for sender in {each.sender for each in self.entries}:
            mine = [each for each in self.entries if each.sender == sender]
            assert [each.number for each in mine] == list(range(len(mine)))
            assert [each.message for each in mine] == sorted(each.message for each in mine)
