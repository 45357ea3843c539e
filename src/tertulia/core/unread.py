"""What accounts have not read, counted once and from then on kept up by events.

Whoever wants to say "3 unread" with every message cannot ask the store each time. So it asks once: the
answer comes as an event (`core.events.UnreadCounted`), which stands among the other events exactly
where the count was taken. What was told before it is in the count, what is told after it is not.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.message_model import MessageRef
from tertulia.core.model import ChatKind


class Behind(NamedTuple):
    """A chat in which an account has something unread.

    Attributes:
        team_id: whose chat it is; None: nobody's.
        partner_id: in a direct chat the other one.
        unread: how many messages of people, at least one.
        mark: the message before the first of them; None: there is none.
        mentioned: how many of them name the account.
    """

    chat_id: ChatId
    kind: ChatKind
    team_id: TeamId | None
    partner_id: AccountId | None
    unread: int
    mark: MessageRef | None
    mentioned: int = 0


class Standing(NamedTuple):
    """What an account has not read.

    Attributes:
        behind: the chats that have something for it.
        uncounted: chats that it does not want to be counted in sums.
        hidden: chats that it has put out of sight, and where nobody has written since.
    """

    account_id: AccountId
    behind: tuple[Behind, ...]
    uncounted: frozenset[ChatId]
    hidden: frozenset[ChatId]


class UnreadStore(Protocol):
    """Counts what is unread."""

    async def count(self, accounts: Sequence[AccountId], chat_id: ChatId | None) -> None:
        """Count for these accounts, in all their chats or in one, and tell it as an event."""
        ...
