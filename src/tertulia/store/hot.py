"""The hot units in their set form: a few statements for everything that waits, whatever its number.

A member that must be refused is found out here and gets its error; the others go on.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tertulia.core.errors import NotAllowed, NotFound, TertuliaError
from tertulia.core.events import ChatOpened, Event, MessagePosted
from tertulia.core.flags import IMPORTANT, SILENT
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId
from tertulia.core.message_model import Attachment, Draft, Message, MessageRef, ReadMark, Sent
from tertulia.core.model import Actor, ChatKind, File
from tertulia.store import records
from tertulia.store.batch import SetUnit
from tertulia.store.chat_state import ONE_CHAT, STATE, ChatState, chat_state
from tertulia.store.files import LINK, attached
from tertulia.store.files import visible as visible_files
from tertulia.store.hiding import count_hidden
from tertulia.store.log import INSERT_EVENT, event_row
from tertulia.store.mentions import keep_mentions, naming
from tertulia.store.newly_read import Reading
from tertulia.store.quotes import Quoted, named_before, quoted_by
from tertulia.store.reading import mark_read
from tertulia.store.resends import Found, Resends, is_resend, sent_alone
from tertulia.store.work import Draw, Tell, Work, array, many, row, rows, run

# Chat and author of each send; what the author has not read; whether he is present and may write there
# (in a channel and where members only read, owner and admins may), whether the two are in a block.
PLACES_OF_SET = f"""
SELECT {STATE}, CAST(each.value ->> 1 AS BIGINT), c.last_seq - m.read_seq - m.skipped,
    CASE WHEN m.account_id IS NULL
        OR ((c.kind = 'channel' OR c.readonly = 1) AND m.role = 'member') THEN 0 ELSE 1 END,
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

INSERT_MESSAGE = """
INSERT INTO messages (id, chat_id, seq, author_id, text, folded, extra, attachments, reply_to,
    forward_of, notice, sent_at, ref_key, draft_key, cipher, uid, flags,
    linked)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# A chat's date of change never goes back, even if the clock did.
TOUCH_CHAT = """
UPDATE chats SET last_seq = ?, last_at = ?, tail_id = ?, tail_uid = ?,
    updated_at = CASE WHEN updated_at > ? THEN updated_at ELSE ? END
WHERE id = ?
"""

COUNT_IMPORTANT = "UPDATE chats SET importants = importants + ? WHERE id = ?"

SKIP = "UPDATE members SET skipped = skipped + ? WHERE chat_id = ? AND account_id = ?"

# Nobody has it as unread.
SKIP_SILENT = "UPDATE members SET skipped = skipped + ? WHERE chat_id = ?"

HIDE = "INSERT INTO hidden (account_id, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING"


class Posting(NamedTuple):
    """One send that waits for the next commit.

    `outsider`: another right than membership lets the author write, and has been looked at already.
    """

    actor: Actor
    draft: Draft
    at: int
    fingerprint: int | None
    outsider: bool = False


Present = dict[tuple[ChatId, AccountId], int]
"""Who may write where, and how much he had not read before."""


def append_messages(
    postings: Sequence[Posting], resends: Resends | None = None
) -> Work[list[Sent | TertuliaError]]:
    """Store the drafts, each at the next place of its chat; recognise resends.

    Without *resends* only those of drafts that are known `by_ref_alone`.

    Refused are: a chat that is not there (NotFound), an author who is no present member or is in a
    block with the other one (NotAllowed), a uid that is taken (NotAllowed; one's own in the same chat:
    that message), what is replied to, brought along or attached and the author cannot see (NotFound).
    """
    states, present = yield from _places(postings)
    known = yield from _sent_before(postings, states, present, resends)
    named = yield from named_before(postings)
    visible = yield from quoted_by(postings)
    files = yield from _files(postings)

    outcomes: list[Sent | TertuliaError] = []
    posted: list[tuple[Posting, Message]] = []
    heard: list[Event] = []
    somebody_reads = False
    for posting in postings:
        draft, author = posting.draft, posting.actor.account_id
        chat = states.get(draft.chat_id)
        first = known.get(posting.fingerprint)
        if chat is None:
            outcomes.append(NotFound("chat"))
        elif (chat.id, author) not in present and not posting.outsider:
            outcomes.append(NotAllowed("write"))
        elif first is not None and not draft.acknowledged and is_resend(draft, author, first):
            outcomes.append(Sent(first, is_new=False))
        elif draft.uid in named:
            outcomes.append(_again(posting, named[draft.uid]))
        elif chat.is_blocked:
            outcomes.append(NotAllowed("write to who is in a block with you"))
        elif draft.reply_to is not None and visible.reply(draft, author) is None:
            outcomes.append(NotFound("reply"))
        elif draft.linked and visible.linked(draft, author) is None:
            outcomes.append(NotFound("linked"))
        elif draft.attachments and not _sees_all(author, draft, files):
            outcomes.append(NotFound("file"))
        else:
            if chat.dormant and chat.partner_of(author) not in draft.hide_from:
                heard.append((yield from _wake(chat, posting)))
            attachments = draft.attachments
            if attachments:
                attachments = yield from attached(author, attachments, files, posting.at)
            message = _placed(posting, chat, (yield Draw(posting.at)), attachments)
            if "@" in draft.text or "#" in draft.text:
                message = yield from naming(message, chat)
            posted.append((posting, message))
            heard.append(_heard(posting, message, chat, visible))
            if posting.fingerprint is not None:
                known[posting.fingerprint] = message
            if draft.uid:
                named[draft.uid] = message
            somebody_reads = somebody_reads or draft.reads
            outcomes.append(Sent(message, True))  # noqa: FBT003 - is_new

    yield from _store(posted, states, resends)
    for event in heard:
        yield Tell(event)
    if somebody_reads:
        yield from _read_by_authors(posted, present)
    return outcomes


def appending(resends: Resends) -> SetUnit[Posting, Sent]:
    """`append_messages` as what many sends are joined in."""
    return SetUnit("append_messages", lambda postings: append_messages(postings, resends))


def _sent_before(
    postings: Sequence[Posting],
    states: dict[ChatId, ChatState],
    present: Present,
    resends: Resends | None,
) -> Work[Found]:
    known = yield from sent_alone(postings)
    if resends is not None:
        known |= yield from resends.sent_before(postings, states, present)
    return known


def _again(posting: Posting, first: Message | None) -> Sent | TertuliaError:
    """What comes of a uid that is taken. A deleted message (None) does not come back."""
    if first is None or first.author_id != posting.actor.account_id:
        return NotAllowed("uid")
    return (
        Sent(first, is_new=False) if first.chat_id == posting.draft.chat_id else NotAllowed("uid")
    )


def _heard(posting: Posting, message: Message, chat: ChatState, visible: Quoted) -> MessagePosted:
    draft, (author, _, connection) = posting.draft, posting.actor
    prev, chat.tail = chat.tail, MessageRef(message.id, message.uid)
    kind, partner = chat.kind, None
    quoted: tuple[Message, ...] = ()
    if kind is ChatKind.DIRECT:
        partner = chat.plain_partner_of(author)
    if draft.reply_to is not None or draft.linked:
        quoted = visible.of(draft, author)
    num = message.seq - 1 - chat.gone
    return MessagePosted(
        message, kind, connection, draft.hide_from, chat.team_id, partner, prev, num, quoted,
        draft.reads, chat.encrypted,
    )  # fmt: skip


def _places(postings: Sequence[Posting]) -> Work[tuple[dict[ChatId, ChatState], Present]]:
    """The chats written to, and who of their authors is present."""
    pairs = {(posting.draft.chat_id, posting.actor.account_id) for posting in postings}
    states: dict[ChatId, ChatState] = {}
    present: Present = {}
    for each in (yield from rows(PLACES_OF_SET, array(list(pairs)))):
        *_, author, unread, is_present, is_blocked = each
        chat = states.setdefault(each[0], chat_state(each))
        chat.is_blocked = bool(is_blocked)
        if is_present:
            present[chat.id, author] = unread
    return states, present


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


def _placed(
    posting: Posting, chat: ChatState, number: int, attachments: tuple[Attachment, ...]
) -> Message:
    """The message at the next place of its chat. By position: it is made for every message there is."""
    draft = posting.draft
    seq, sent_at = chat.next_place(posting.at)
    return Message(
        MessageId(number), chat.id, seq, posting.actor.account_id, draft.text, sent_at, None,
        draft.extra, attachments, draft.reply_to, draft.forward_of, None, draft.cipher, draft.uid,
        draft.flags, draft.linked,
    )  # fmt: skip


def _store(
    posted: Sequence[tuple[Posting, Message]],
    states: dict[ChatId, ChatState],
    resends: Resends | None,
) -> Work[None]:
    if resends is not None:
        resends.note(posted, states)
    yield from many(INSERT_MESSAGE, [message_row(m, p) for p, m in posted])
    yield from many(TOUCH_CHAT, [chat.touched() for chat in states.values() if chat.posted])
    skipped: dict[tuple[ChatId, AccountId], int] = {}
    hidden: list[tuple[AccountId, MessageId]] = []
    silent: dict[ChatId, int] = {}
    important: list[tuple[int, ChatId]] = []
    mentioning: list[tuple[Message, tuple[AccountId, ...]]] = []
    for posting, message in posted:
        hide_from = posting.draft.hide_from
        if message.flags & SILENT:
            silent[message.chat_id] = silent.get(message.chat_id, 0) + 1
        else:
            place = (message.chat_id, message.author_id)
            skipped[place] = skipped.get(place, 0) + 1
            for account_id in {*hide_from} - {message.author_id} if hide_from else ():
                place = (message.chat_id, account_id)
                skipped[place] = skipped.get(place, 0) + 1
        if hide_from:
            hidden += [(account_id, message.id) for account_id in hide_from]
        if message.mentions:
            mentioning.append((message, hide_from))
        if message.flags & IMPORTANT:
            important.append((1, message.chat_id))
    yield from many(SKIP, [(count, *place) for place, count in skipped.items()])
    yield from many(SKIP_SILENT, [(count, chat_id) for chat_id, count in silent.items()])
    yield from many(HIDE, hidden)
    if mentioning:
        yield from keep_mentions(mentioning)
    yield from many(COUNT_IMPORTANT, important)
    if hidden:
        yield from count_hidden(
            [
                (account_id, message.chat_id)
                for posting, message in posted
                for account_id in posting.draft.hide_from
            ]
        )
    linked = [
        (each.file_id, message.id)
        for _, message in posted
        for each in message.attachments
        if each.file_id is not None
    ]
    yield from many(LINK, linked)


def message_row(message: Message, posting: Posting | None) -> tuple[object, ...]:
    """The parameters of INSERT_MESSAGE; *posting* is what it was made of, if somebody sent it."""
    fingerprint = posting.fingerprint if posting is not None else None
    is_alone = posting is not None and posting.draft.by_ref_alone
    return (
        message.id, message.chat_id, message.seq, message.author_id, message.text,
        records.folded(message.text), message.extra, records.as_json(message.attachments),
        message.reply_to, message.forward_of, records.as_json(message.notice), message.sent_at,
        fingerprint if is_alone else None, None if is_alone else fingerprint,
        message.cipher, message.uid or None, message.flags,
        array(message.linked) if message.linked else None,
    )  # fmt: skip


def _read_by_authors(posted: Sequence[tuple[Posting, Message]], present: Present) -> Work[None]:
    """Whoever says so has read the chat up to his message; nothing is to be done if he had before."""
    readings = []
    others: set[ChatId] = set()
    authors: dict[ChatId, AccountId] = {}
    for posting, message in posted:
        place = (message.chat_id, message.author_id)
        if authors.setdefault(message.chat_id, message.author_id) != message.author_id:
            others.add(message.chat_id)
        if posting.draft.reads and (present.get(place, 0) > 0 or message.chat_id in others):
            mark = ReadMark(message.chat_id, None, message.id)
            readings.append(Reading(posting.actor, mark, posting.at))
    if readings:
        yield from mark_read(readings)


RETURN_TO_CHAT = """
UPDATE members SET left_at = NULL
WHERE chat_id = ? AND account_id = ?
    AND EXISTS (
        SELECT 1 FROM accounts a WHERE a.id = members.account_id AND a.deleted_at IS NULL
    )
"""
AWAKE = "UPDATE chats SET dormant = 0 WHERE id = ?"


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
