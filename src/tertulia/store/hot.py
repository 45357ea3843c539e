"""The hot units in their set form: a few statements for everything that waits, whatever its number.

A member that must be refused is found out here and gets its error; the others go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tertulia.core.errors import NotAllowed, NotFound, TertuliaError
from tertulia.core.events import ChatOpened, Event, MessagePosted
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId
from tertulia.core.model import Actor, ChatKind, Draft, File, Message, Sent
from tertulia.store import records
from tertulia.store.batch import SetUnit
from tertulia.store.files import LINK, attached
from tertulia.store.files import visible as visible_files
from tertulia.store.log import INSERT_EVENT, event_row
from tertulia.store.work import Row, Work, array, draw, many, row, rows, run, tell

RESEND_WITHIN_MS = 24 * 3_600_000
"""How long a repeated draft is taken for a resend of the first."""

STATE = "c.id, c.kind, c.last_seq, c.last_at, c.owner_id, c.other_id, c.dormant"

STATE_OF_CHAT = f"SELECT {STATE} FROM chats c WHERE c.id = ?"

# Chat and author of each send; whether the author is present and may write there (in a channel owner and
# admins may), whether the two of the chat are in a block.
PLACES_OF_SET = f"""
SELECT {STATE}, CAST(each.value ->> 1 AS BIGINT),
    CASE WHEN m.account_id IS NULL OR (c.kind = 'channel' AND m.role = 'member') THEN 0 ELSE 1 END,
    CASE WHEN c.other_id IS NOT NULL AND (
        EXISTS (
            SELECT 1 FROM blocks b JOIN accounts a ON a.id = b.account_id AND a.blocks_on = 1
            WHERE b.account_id = c.owner_id AND b.blocked_id = c.other_id
        ) OR EXISTS (
            SELECT 1 FROM blocks b JOIN accounts a ON a.id = b.account_id AND a.blocks_on = 1
            WHERE b.account_id = c.other_id AND b.blocked_id = c.owner_id
        )
    ) THEN 1 ELSE 0 END
FROM json_each(?) AS each
JOIN chats c ON c.id = CAST(each.value ->> 0 AS BIGINT)
LEFT JOIN members m ON m.chat_id = c.id
    AND m.account_id = CAST(each.value ->> 1 AS BIGINT) AND m.left_at IS NULL
"""

SAME_REF = f"""
SELECT m.ref_key, {records.MESSAGE}
FROM json_each(?) AS each
JOIN messages m ON m.id = (
    SELECT MAX(x.id) FROM messages x WHERE x.ref_key = CAST(each.value AS BIGINT)
)
"""

REPLIED = """
SELECT m.id, m.chat_id, CAST(each.value ->> 1 AS BIGINT)
FROM json_each(?) AS each JOIN messages m ON m.id = CAST(each.value ->> 0 AS BIGINT)
WHERE m.deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM hidden h
    WHERE h.message_id = m.id AND h.account_id = CAST(each.value ->> 1 AS BIGINT)
)
"""

INSERT_MESSAGE = """
INSERT INTO messages (id, chat_id, seq, author_id, text, folded, extra, attachments, reply_to,
    forward_of, notice, sent_at, ref_key, cipher)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# A chat's date of change never goes back, even if the clock did.
TOUCH_CHAT = """
UPDATE chats SET last_seq = ?, last_at = ?,
    updated_at = CASE WHEN updated_at > ? THEN updated_at ELSE ? END
WHERE id = ?
"""

SKIP = "UPDATE members SET skipped = skipped + ? WHERE chat_id = ? AND account_id = ?"

HIDE = "INSERT INTO hidden (account_id, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING"


class Posting(NamedTuple):
    """One send that waits for the next commit."""

    actor: Actor
    draft: Draft
    at: int
    ref_key: int | None


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
    is_blocked: bool = False
    posted: bool = False

    def partner_of(self, account_id: AccountId) -> AccountId | None:
        """The other one of a direct chat."""
        if self.kind is not ChatKind.DIRECT:
            return None
        return self.other_id if account_id == self.owner_id else self.owner_id

    def next_place(self, at: int) -> tuple[int, int]:
        """Place and date of the next message: dense, growing, no date twice."""
        self.posted = True
        self.last_seq += 1
        self.last_at = max(at, self.last_at + 1)
        return self.last_seq, self.last_at

    def touched(self) -> tuple[int, ...]:
        """The parameters of TOUCH_CHAT."""
        return self.last_seq, self.last_at, self.last_at, self.last_at, self.id


def chat_state(found: Row) -> ChatState:
    """From the columns of STATE."""
    return ChatState(
        found[0], ChatKind(found[1]), found[2], found[3], found[4], found[5], bool(found[6])
    )


def read_state(chat_id: ChatId) -> Work[ChatState | None]:
    """The state of one chat."""
    found = yield from row(STATE_OF_CHAT, chat_id)
    return chat_state(found) if found else None


def append_messages(postings: Sequence[Posting]) -> Work[list[Sent | TertuliaError]]:
    """Store the drafts, each at the next place of its chat; recognise resends.

    Refused are: a chat that is not there (NotFound), an author who is no present member or is in a
    block with the other one (NotAllowed), a reply to what the author cannot see (NotFound), a file
    that the author cannot see (NotFound).
    """
    states, present = yield from _places(postings)
    known = yield from _resends(postings)
    visible = yield from _replies(postings)
    files = yield from _files(postings)

    outcomes: list[Sent | TertuliaError] = []
    posted: list[tuple[Posting, Message]] = []
    heard: list[Event] = []
    for posting in postings:
        draft, author = posting.draft, posting.actor.account_id
        chat = states.get(draft.chat_id)
        first = known.get(posting.ref_key) if posting.ref_key is not None else None
        if chat is None:
            outcomes.append(NotFound("chat"))
        elif (chat.id, author) not in present:
            outcomes.append(NotAllowed("write"))
        elif first is not None and not draft.acknowledged:
            outcomes.append(Sent(first, is_new=False))
        elif chat.is_blocked:
            outcomes.append(NotAllowed("write to who is in a block with you"))
        elif draft.reply_to is not None and (draft.reply_to, chat.id, author) not in visible:
            outcomes.append(NotFound("reply"))
        elif draft.attachments and not _sees_all(author, draft, files):
            outcomes.append(NotFound("file"))
        else:
            if chat.dormant:
                heard.append((yield from _wake(chat, posting)))
            message = yield from _placed(posting, chat, files)
            posted.append((posting, message))
            connection, unheard_by = posting.actor.connection, draft.hide_from
            heard.append(MessagePosted(message, chat.kind, connection, unheard_by))
            if posting.ref_key is not None:
                known[posting.ref_key] = message
            outcomes.append(Sent(message, is_new=True))

    yield from _store(posted, states)
    for event in heard:
        yield from tell(event)
    return outcomes


APPEND_MESSAGES = SetUnit("append_messages", append_messages)


def _places(
    postings: Sequence[Posting],
) -> Work[tuple[dict[ChatId, ChatState], set[tuple[ChatId, AccountId]]]]:
    """The chats written to, and who of their authors is present."""
    pairs = {(posting.draft.chat_id, posting.actor.account_id) for posting in postings}
    states: dict[ChatId, ChatState] = {}
    present: set[tuple[ChatId, AccountId]] = set()
    for each in (yield from rows(PLACES_OF_SET, array(list(pairs)))):
        *_, author, is_present, is_blocked = each
        chat = states.setdefault(each[0], chat_state(each))
        chat.is_blocked = bool(is_blocked)
        if is_present:
            present.add((chat.id, author))
    return states, present


def _resends(postings: Sequence[Posting]) -> Work[dict[int, Message]]:
    keys = {
        posting.ref_key
        for posting in postings
        if posting.ref_key is not None and not posting.draft.acknowledged
    }
    if not keys:
        return {}
    since = min(posting.at for posting in postings) - RESEND_WITHIN_MS
    found = yield from rows(SAME_REF, array(list(keys)))
    firsts = ((each[0], records.message(each[1:])) for each in found)
    return {ref_key: first for ref_key, first in firsts if first.sent_at >= since}


def _replies(postings: Sequence[Posting]) -> Work[set[tuple[MessageId, ChatId, AccountId]]]:
    asked = {
        (posting.draft.reply_to, posting.actor.account_id)
        for posting in postings
        if posting.draft.reply_to is not None
    }
    if not asked:
        return set()
    return set((yield from rows(REPLIED, array(list(asked)))))


KnownFiles = dict[tuple[FileId, AccountId], File]


def _files(postings: Sequence[Posting]) -> Work[KnownFiles]:
    """Which of the attached files their senders may see."""
    asked = {
        (each.file_id, posting.actor.account_id)
        for posting in postings
        for each in posting.draft.attachments
        if each.file_id is not None
    }
    return (yield from visible_files(asked)) if asked else {}


def _sees_all(author: AccountId, draft: Draft, files: KnownFiles) -> bool:
    return all(
        each.file_id is None or (each.file_id, author) in files for each in draft.attachments
    )


def _placed(posting: Posting, chat: ChatState, files: KnownFiles) -> Work[Message]:
    draft = posting.draft
    attachments = draft.attachments
    if attachments:
        author = posting.actor.account_id
        attachments = yield from attached(author, attachments, files, posting.at)
    seq, sent_at = chat.next_place(posting.at)
    number = yield from draw(posting.at)
    return Message(
        id=MessageId(number),
        chat_id=chat.id,
        seq=seq,
        author_id=posting.actor.account_id,
        text=draft.text,
        sent_at=sent_at,
        extra=draft.extra,
        attachments=attachments,
        reply_to=draft.reply_to,
        forward_of=draft.forward_of,
        cipher=draft.cipher,
    )


def _store(
    posted: Sequence[tuple[Posting, Message]], states: dict[ChatId, ChatState]
) -> Work[None]:
    yield from many(INSERT_MESSAGE, [message_row(m, p.ref_key) for p, m in posted])
    yield from many(TOUCH_CHAT, [chat.touched() for chat in states.values() if chat.posted])
    skipped: dict[tuple[ChatId, AccountId], int] = {}
    hidden: list[tuple[AccountId, MessageId]] = []
    for posting, message in posted:
        passed_over = {message.author_id, *posting.draft.hide_from}
        for account_id in passed_over:
            place = (message.chat_id, account_id)
            skipped[place] = skipped.get(place, 0) + 1
        hidden += [(account_id, message.id) for account_id in posting.draft.hide_from]
    yield from many(SKIP, [(count, *place) for place, count in skipped.items()])
    yield from many(HIDE, hidden)
    linked = [
        (each.file_id, message.id)
        for _, message in posted
        for each in message.attachments
        if each.file_id is not None
    ]
    yield from many(LINK, linked)


def message_row(message: Message, ref_key: int | None) -> tuple[object, ...]:
    """The parameters of INSERT_MESSAGE."""
    return (
        message.id, message.chat_id, message.seq, message.author_id, message.text,
        records.folded(message.text), message.extra, records.as_json(message.attachments),
        message.reply_to, message.forward_of, records.as_json(message.notice), message.sent_at,
        ref_key, message.cipher,
    )  # fmt: skip


RETURN_TO_CHAT = """
UPDATE members SET left_at = NULL
WHERE chat_id = ? AND account_id = ?
    AND EXISTS (
        SELECT 1 FROM accounts a WHERE a.id = members.account_id AND a.deleted_at IS NULL
    )
"""
AWAKE = "UPDATE chats SET dormant = 0 WHERE id = ?"
ONE_CHAT = f"SELECT {records.CHAT} FROM chats c WHERE c.id = ?"


def _wake(chat: ChatState, posting: Posting) -> Work[Event]:
    """Who left a direct chat is back in it when the other writes, and hears of it first."""
    chat.dormant = False
    author = posting.actor.account_id
    partner = chat.partner_of(author)
    assert partner is not None, "only direct chats are dormant"
    yield from run(RETURN_TO_CHAT, chat.id, partner)
    yield from run(AWAKE, chat.id)
    found = yield from row(ONE_CHAT, chat.id)
    assert found is not None, "it was read in this transaction"
    event = ChatOpened(
        chat=records.chat(found),
        members=(author, partner),
        account_id=author,
        accounts=(partner,),
        at=posting.at,
        origin=posting.actor.connection,
    )
    entry = yield from event_row(event, posting.at, chat.id, event.accounts)
    yield from run(INSERT_EVENT, *entry)
    return event
