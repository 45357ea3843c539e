"""Numbers that name things, one type per thing.

Accounts, chats, messages, sessions and events all draw from one growing sequence, so a number never
means two things, and the order of numbers is the order of commits. A number is below 2⁵³ and carries
the millisecond it was drawn in: `(milliseconds since 2024-01-01 UTC) << 12 | counter`.
"""

from typing import NewType

AccountId = NewType("AccountId", int)
ChatId = NewType("ChatId", int)
MessageId = NewType("MessageId", int)
SessionId = NewType("SessionId", int)
FileId = NewType("FileId", int)
TeamId = NewType("TeamId", int)
TeamMemberId = NewType("TeamMemberId", int)
SectionId = NewType("SectionId", int)
TagId = NewType("TagId", int)
InvitationId = NewType("InvitationId", int)
HookId = NewType("HookId", int)

EPOCH_MS = 1_704_067_200_000
"""2024-01-01T00:00:00Z, in milliseconds since 1970."""

COUNTER_BITS = 12
COUNTER_MASK = (1 << COUNTER_BITS) - 1
MAX_NUMBER = 2**53 - 1


def first_number_at(at_ms: int) -> int:
    """The smallest number that can be drawn at *at_ms* (milliseconds since 1970 UTC)."""
    return max(at_ms - EPOCH_MS, 0) << COUNTER_BITS


def drawn_at(number: int) -> int:
    """When a number was drawn, in milliseconds since 1970 UTC.

    Under more than 4,096 draws a millisecond, or a clock set back, the sequence runs ahead of the
    clock; the answer is then later than the truth, never earlier than an older number's.
    """
    return (number >> COUNTER_BITS) + EPOCH_MS


def in_base_36(number: int) -> str:
    """A positive number with the digits 0 to 9 and a to z: at most 11 of them."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


class Numbers:
    """Draws numbers; belongs to one transaction at a time."""

    __slots__ = ("last",)

    def __init__(self, last: int) -> None:
        self.last = last

    def draw(self, at_ms: int) -> int:
        """The next number: above every earlier one, and no earlier than *at_ms*."""
        self.last = max(self.last + 1, first_number_at(at_ms))
        return self.last
