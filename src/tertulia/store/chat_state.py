"""A chat while a batch writes into it: its newest place and date, its newest message, how many are deleted."""

from dataclasses import dataclass, field

from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId
from tertulia.core.message_model import Message, MessageRef
from tertulia.core.model import ChatKind
from tertulia.store import records
from tertulia.store.work import Row, Work, row

STATE = (
    "c.id, c.kind, c.last_seq, c.last_at, c.owner_id, c.other_id, c.dormant,"
    " c.team_id, c.tail_id, c.tail_uid, c.gone, c.encrypted"
)

STATE_OF_CHAT = f"SELECT {STATE} FROM chats c WHERE c.id = ?"

ONE_CHAT = f"SELECT {records.CHAT} FROM chats c WHERE c.id = ?"


@dataclass(slots=True)
class ChatState:
    """A chat while a batch writes into it."""

    id: ChatId
    kind: ChatKind
    last_seq: int
    last_at: int
    owner_id: AccountId
    other_id: AccountId | None
    dormant: bool
    team_id: TeamId | None
    tail: MessageRef | None
    gone: int
    encrypted: bool
    is_blocked: bool = False
    posted: bool = False
    before: dict[MessageId, tuple[MessageRef | None, int]] = field(default_factory=dict)

    def partner_of(self, account_id: AccountId) -> AccountId | None:
        """The other one of a direct chat."""
        if self.kind is not ChatKind.DIRECT:
            return None
        return self.other_id if account_id == self.owner_id else self.owner_id

    def plain_partner_of(self, account_id: AccountId) -> AccountId | None:
        """The other one of a direct chat that is not encrypted: two people have one such chat."""
        return None if self.encrypted else self.partner_of(account_id)

    def next_place(self, at: int) -> tuple[int, int]:
        """Place and date of the next message: dense, growing, no date twice."""
        self.posted = True
        self.last_seq += 1
        self.last_at = max(at, self.last_at + 1)
        return self.last_seq, self.last_at

    def follow(self, message: Message) -> tuple[MessageRef | None, int]:
        """It is the newest now: what stood before it, and its place among what is not deleted, from 0."""
        prev, self.tail = self.tail, MessageRef(message.id, message.uid)
        return prev, message.seq - 1 - self.gone

    def touched(self) -> tuple[object, ...]:
        """The parameters of TOUCH_CHAT."""
        tail, uid = self.tail or (None, "")
        return self.last_seq, self.last_at, tail, uid or None, self.last_at, self.last_at, self.id


def chat_state(found: Row) -> ChatState:
    """From the columns of STATE."""
    tail = None if found[8] is None else MessageRef(found[8], found[9] or "")
    return ChatState(
        found[0], ChatKind(found[1]), found[2], found[3], found[4], found[5], bool(found[6]),
        found[7], tail, found[10], bool(found[11]),
    )  # fmt: skip


def read_state(chat_id: ChatId) -> Work[ChatState | None]:
    """The state of one chat."""
    found = yield from row(STATE_OF_CHAT, chat_id)
    return chat_state(found) if found else None
