"""Where a message to a number goes, the first one of a direct chat, and messages changed whole."""

from collections.abc import Sequence

from tertulia.core.errors import BadInput, NotAllowed, NotFound, TertuliaError
from tertulia.core.ids import AccountId, FileId, MessageId
from tertulia.core.letters import Destination, Revision, revised
from tertulia.core.message_model import Attachment, Draft, Message
from tertulia.core.model import Actor, NewGroup
from tertulia.store import records
from tertulia.store.archive import IS_ALIVE, chat_of, number_of
from tertulia.store.chats import open_direct
from tertulia.store.engine import Engine
from tertulia.store.files import LINK, attached, visible
from tertulia.store.hot import Posting, append_messages
from tertulia.store.messages import DATED, tell_edited
from tertulia.store.resends import earlier
from tertulia.store.stacks import SHOWN
from tertulia.store.team_usage import release_uploads
from tertulia.store.work import Work, many, row, run

MINE = f"""
SELECT m.chat_id, c.kind, c.owner_id, c.other_id, m.author_id, c.last_at, m.text, m.attachments,
    m.cipher
FROM messages m
JOIN chats c ON c.id = m.chat_id AND c.kind <> 'task' AND c.encrypted = 0
JOIN members b ON b.chat_id = c.id AND b.account_id = ? AND b.left_at IS NULL
WHERE m.id = ? AND {SHOWN}
"""

REVISE = "UPDATE messages SET text = ?, folded = ?, attachments = ?, edited_at = ? WHERE id = ?"

UNLINK_FILE = "DELETE FROM message_files WHERE file_id = ? AND message_id = ?"


class SqlLetters:
    """`core.letters.LetterStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def destination(self, account_id: AccountId, number: int) -> Destination:
        """See the port."""
        return await self._engine.read(destination(account_id, number))

    async def begin(self, actor: Actor, other: AccountId, draft: Draft, now: int) -> Message:
        """See the port."""
        return await self._engine.write(begin(actor, other, draft, now))

    async def earlier(self, actor: Actor, draft: Draft, now: int) -> Message | None:
        """See the port."""
        return await self._engine.read(earlier(actor, draft, now))

    async def revise(
        self, actor: Actor, message_id: MessageId, revision: Revision, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(revise(actor, message_id, revision, now))


def destination(account_id: AccountId, number: int) -> Work[Destination]:
    """The chat of that number, else the account."""
    place = yield from chat_of(account_id, number)
    if place is not None and place.chat_id == number:
        return Destination(chat_id=place.chat_id)
    alive = yield from row(IS_ALIVE, number)
    if place is not None:
        return Destination(chat_id=place.chat_id, is_deserted=alive is None)
    return Destination(account_id=AccountId(number) if alive else None)


def begin(actor: Actor, other: AccountId, draft: Draft, now: int) -> Work[Message]:
    """Open the direct chat and write into it, or neither."""
    chat = yield from open_direct(actor, other, NewGroup("", ()), now)
    draft = draft._replace(chat_id=chat.id)
    posting = Posting(actor, draft, now, draft.fingerprint(actor.account_id))
    (outcome,) = yield from append_messages((posting,))
    if isinstance(outcome, TertuliaError):
        raise outcome
    return outcome.message


def revise(actor: Actor, message_id: MessageId, revision: Revision, now: int) -> Work[None]:
    """Other words and other attachments, in one go."""
    me = actor.account_id
    found = yield from row(MINE, me, message_id, me)
    if found is None:
        raise NotFound("message")
    chat_id, kind, owner_id, other_id, author_id, last_at, text, stored, cipher = found
    number = number_of(me, chat_id, kind, owner_id, other_id)
    if revision.number not in (None, number):
        raise NotFound("chat")
    if author_id != me or (revision.text is not None and cipher is not None):
        # Whoever reads encrypted words would take plain ones for such, and could read neither.
        raise NotAllowed("edit")
    before = records.attachments(stored)
    after = yield from _with_measures(actor, revised(before, revision), before, now)
    words = text if revision.text is None else revision.text
    if not words.strip():
        if not after:
            raise BadInput("text", "is empty")
        words = ""
    at = max(now, last_at + 1)
    yield from run(REVISE, words, records.folded(words), records.as_json(after), at, message_id)
    yield from run(DATED, at, chat_id)
    yield from _relink(message_id, before, after)
    yield from tell_edited(actor, message_id, at, now)


def _with_measures(
    actor: Actor, attachments: Sequence[Attachment], before: Sequence[Attachment], now: int
) -> Work[tuple[Attachment, ...]]:
    """The attachments; those that are new with what is known of their files. Raises: NotFound("file")."""
    known = _files(before)
    me = actor.account_id
    fresh = [each for each in attachments if each.file_id is not None and each.file_id not in known]
    files = yield from visible({(FileId(each.file_id), me) for each in fresh if each.file_id})
    if len(files) < len(fresh):
        raise NotFound("file")
    ready = iter((yield from attached(me, fresh, files, now)))
    return tuple(next(ready) if each in fresh else each for each in attachments)


def _relink(
    message_id: MessageId, before: Sequence[Attachment], after: Sequence[Attachment]
) -> Work[None]:
    old, new = _files(before), _files(after)
    dropped = [FileId(each) for each in old - new]
    yield from many(UNLINK_FILE, [(each, message_id) for each in dropped])
    yield from many(LINK, [(each, message_id) for each in new - old])
    if dropped:
        yield from release_uploads(dropped)


def _files(attachments: Sequence[Attachment]) -> set[int]:
    return {each.file_id for each in attachments if each.file_id is not None}
