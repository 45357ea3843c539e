"""A message with everything that is to be seen of it: for dialects that show more than its words."""

from typing import NamedTuple

from tertulia.core.ids import AccountId, TeamId
from tertulia.core.message_model import Message, MessageRef
from tertulia.core.model import ChatKind


class Reaction(NamedTuple):
    """One account's reaction to a message."""

    name: str
    account_id: AccountId
    at: int


class WholeMessage(NamedTuple):
    """A message and how it stands in its chat.

    Attributes:
        message: the text of a deleted one is what it said, for who may still know, or else empty.
        team_id: the team whose chat it is; None: nobody's.
        partner_id: in a direct chat that is not encrypted the one of the two who is not the author.
        prev: the message before it in its chat that is not deleted; None: it is the first.
        num: its place among those that are not deleted, from 0; None: it is deleted.
        is_last: nothing came after it.
        is_read: somebody but the author has read it.
        quoted: what `reply_to` and `linked` name, as far as it is still there.
        deleted_at, deleted_by: None: it is not deleted, or nobody knows by whom.
        encrypted: it stands in an encrypted chat, which only one API shows.
    """

    message: Message
    chat_kind: ChatKind
    team_id: TeamId | None = None
    partner_id: AccountId | None = None
    prev: MessageRef | None = None
    num: int | None = None
    is_last: bool = False
    is_read: bool = False
    quoted: tuple[Message, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    deleted_at: int | None = None
    deleted_by: AccountId | None = None
    encrypted: bool = False

    @property
    def changed_at(self) -> int:
        """When it was posted, edited or deleted last; of a later change the later date."""
        last = self.message.edited_at or self.message.sent_at
        return last if self.deleted_at is None else max(self.deleted_at, last + 1)
