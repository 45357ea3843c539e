"""Read marks, in their set form.

A mark is a place in the chat, so what is unread is a subtraction. Beside it we know which messages
were read *by name*: everything up to `named_at`, and stragglers beyond it one by one in `named_reads`,
so that an author hears once about each reader of each message.
"""

from collections.abc import Sequence

from tertulia.core.errors import NotAllowed, NotFound, TertuliaError
from tertulia.core.events import MessagesRead
from tertulia.core.flags import SILENT
from tertulia.core.ids import AccountId, MessageId
from tertulia.core.model import ChatKind
from tertulia.store.batch import SetUnit
from tertulia.store.log import INSERT_EVENT, event_row
from tertulia.store.mentions import PASSED_MENTIONS
from tertulia.store.newly_read import Place, Progress, Reading, Seen, newly_read
from tertulia.store.work import Work, array, many, rows, tell

MEMBERS_OF_SET = """
SELECT c.id, CAST(each.value ->> 1 AS BIGINT), c.kind, c.last_seq, c.last_at,
    m.read_seq, m.read_at, m.skipped, m.named_seq, m.named_at, c.kind, c.team_id,
    CASE
        WHEN c.encrypted = 1 THEN NULL
        WHEN c.other_id = CAST(each.value ->> 1 AS BIGINT) THEN c.owner_id
        ELSE c.other_id
    END, c.tail_id, c.tail_uid, c.notices, m.noted, m.mentioned,
    c.encrypted
FROM json_each(?) AS each
JOIN chats c ON c.id = CAST(each.value ->> 0 AS BIGINT)
LEFT JOIN members m ON m.chat_id = c.id
    AND m.account_id = CAST(each.value ->> 1 AS BIGINT) AND m.left_at IS NULL
"""

PASSED_OF_SET = f"""
SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT), (
    SELECT COUNT(*) FROM messages m
    WHERE m.chat_id = CAST(each.value ->> 0 AS BIGINT)
        AND m.sent_at > CAST(each.value ->> 2 AS BIGINT)
        AND m.sent_at <= CAST(each.value ->> 3 AS BIGINT)
        AND (
            m.author_id = CAST(each.value ->> 1 AS BIGINT) OR m.deleted_at IS NOT NULL
            OR (m.flags & {SILENT}) <> 0 OR EXISTS (
                SELECT 1 FROM hidden h
                WHERE h.message_id = m.id AND h.account_id = CAST(each.value ->> 1 AS BIGINT)
            )
        )
)
FROM json_each(?) AS each
"""

# Of what the server itself said: unread until then.
PASSED_NOTICES = """
SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT), (
    SELECT COUNT(*) FROM messages m
    WHERE m.chat_id = CAST(each.value ->> 0 AS BIGINT)
        AND m.sent_at > CAST(each.value ->> 2 AS BIGINT)
        AND m.sent_at <= CAST(each.value ->> 3 AS BIGINT)
        AND m.notice IS NOT NULL AND m.author_id <> CAST(each.value ->> 1 AS BIGINT)
        AND NOT EXISTS (
            SELECT 1 FROM hidden h
            WHERE h.message_id = m.id AND h.account_id = CAST(each.value ->> 1 AS BIGINT)
        )
)
FROM json_each(?) AS each
"""

# Wherever it stands in that chat: also one's own, also deleted.
UP_TO_OF_SET = """
SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT),
    m.id, m.author_id, m.seq, m.sent_at, m.is_read, m.uid
FROM json_each(?) AS each
JOIN messages m ON m.id = CAST(each.value ->> 2 AS BIGINT)
    AND m.chat_id = CAST(each.value ->> 0 AS BIGINT)
"""

MOVE_MARK = """
UPDATE members SET read_seq = ?, read_at = ?, skipped = ?, named_seq = ?, named_at = ?, noted = ?,
    mentioned = ?, marked_at = CASE
        WHEN read_seq = ? THEN marked_at WHEN marked_at >= ? THEN marked_at + 1 ELSE ?
    END
WHERE chat_id = ? AND account_id = ?
"""

NAME = "INSERT INTO named_reads (account_id, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING"

MARK_READ = "UPDATE messages SET is_read = 1 WHERE id = ? AND is_read = 0"


def mark_read(readings: Sequence[Reading]) -> Work[list[TertuliaError | None]]:
    """Move the marks and tell each author once which of his messages were read."""
    outcomes: dict[int, TertuliaError | None] = {}
    waiting = list(enumerate(readings))
    while waiting:
        # Two marks of one member in a batch follow each other: the second sees what the first did.
        turn: dict[Place, tuple[int, Reading]] = {}
        later: list[tuple[int, Reading]] = []
        for number, reading in waiting:
            if reading.place in turn:
                later.append((number, reading))
            else:
                turn[reading.place] = (number, reading)
        errors = yield from _one_turn([reading for _, reading in turn.values()])
        for number, reading in turn.values():
            outcomes[number] = errors.get(reading.place)
        waiting = later
    return [outcomes[number] for number in range(len(readings))]


MARK_MESSAGES_READ = SetUnit("mark_read", mark_read)


def tell_read(reading: Reading) -> Work[None]:
    """Tell the authors as `mark_read` would, and store nothing.

    Raises:
        NotFound: "chat".
        NotAllowed: the actor is not in it, or it is a channel.
    """
    progress, errors = yield from _progress([reading])
    if errors:
        raise errors[reading.place]
    newly = yield from newly_read([reading], progress)
    if newly[reading.place]:
        yield from tell(_event(reading, newly[reading.place], progress[reading.place]))


def _one_turn(readings: Sequence[Reading]) -> Work[dict[Place, TertuliaError]]:
    progress, errors = yield from _progress(readings)
    yield from _find_ends(readings, progress, errors)
    good = [reading for reading in readings if reading.place in progress]
    if good:
        newly = yield from newly_read(good, progress)
        yield from _store(good, progress, newly)
    return errors


def _progress(
    readings: Sequence[Reading],
) -> Work[tuple[dict[Place, Progress], dict[Place, TertuliaError]]]:
    """How far each reader is, or why he may not say so: in channels nobody does."""
    found = yield from rows(MEMBERS_OF_SET, array([reading.place for reading in readings]))
    members = {(each[0], each[1]): each for each in found}
    errors: dict[Place, TertuliaError] = {}
    progress: dict[Place, Progress] = {}
    for reading in readings:
        row = members.get(reading.place)
        if row is None:
            errors[reading.place] = NotFound("chat")
        elif row[5] is None or row[2] == ChatKind.CHANNEL:
            errors[reading.place] = NotAllowed("read")
        else:
            progress[reading.place] = Progress(*row[3:])
    return progress, errors


def _find_ends(
    readings: Sequence[Reading],
    progress: dict[Place, Progress],
    errors: dict[Place, TertuliaError],
) -> Work[None]:
    """The messages that marks go up to; a mark whose message is not there is refused."""
    asked = [
        (*reading.place, reading.mark.up_to)
        for reading in readings
        if reading.mark.up_to is not None and reading.place in progress
    ]
    if not asked:
        return
    found = {
        (each[0], each[1]): Seen(*each[2:])
        for each in (yield from rows(UP_TO_OF_SET, array(asked)))
    }
    for chat_id, account_id, _ in asked:
        place = (chat_id, account_id)
        if place in found:
            progress[place].target = found[place]
        else:
            del progress[place]
            errors[place] = NotFound("message")


def _store(
    readings: Sequence[Reading],
    progress: dict[Place, Progress],
    newly: dict[Place, list[Seen]],
) -> Work[None]:
    yield from _pass(readings, progress)
    moves, names, reads, events = [], [], [], []
    for reading in readings:
        place, state = reading.place, progress[reading.place]
        if reading.mark.ids is None and state.target is None:
            state.finish()
            moved = (state.last_seq, state.last_at, 0, state.last_seq, state.last_at)
        elif state.target is None:
            continue
        else:
            moved = (
                state.read_seq, state.read_at, state.skipped, state.named_seq, state.named_at,
            )  # fmt: skip
            names += [
                (reading.actor.account_id, message.id)
                for message in newly[place]
                if message.sent_at > state.named_at
            ]
        # Later than all that is there already, and not later than what comes next.
        at = max(reading.at, state.last_at + 1)
        moves.append((*moved, state.noted, state.mentioned, moved[0], at, at, *place))
        reads += [(message.id,) for message in newly[place] if not message.is_read]
        if newly[place]:
            event = _event(reading, newly[place], state)
            authors = [author for author, _ in event.by_author]
            events.append((event, (yield from event_row(event, reading.at, place[0], authors))))
    yield from many(MOVE_MARK, moves)
    yield from many(NAME, names)
    yield from many(MARK_READ, reads)
    yield from many(INSERT_EVENT, [row for _, row in events])
    for event, _ in events:
        yield from tell(event)


def _pass(readings: Sequence[Reading], progress: dict[Place, Progress]) -> Work[None]:
    """Marks move up to the messages they name, past what lies between."""
    ahead = [each for each in readings if progress[each.place].is_ahead]
    if not ahead:
        return
    spans = {each.place: (*each.place, *progress[each.place].span) for each in ahead}
    noted = [span for place, span in spans.items() if progress[place].unread_notices]
    named = [span for place, span in spans.items() if progress[place].mentioned]
    for chat_id, account_id, count in (yield from rows(PASSED_OF_SET, array([*spans.values()]))):
        progress[chat_id, account_id].skipped -= count
    if noted:
        for chat_id, account_id, count in (yield from rows(PASSED_NOTICES, array(noted))):
            progress[chat_id, account_id].noted += count
    if named:
        for chat_id, account_id, count in (yield from rows(PASSED_MENTIONS, array(named))):
            progress[chat_id, account_id].mentioned -= count
    for each in ahead:
        progress[each.place].move()


def _event(reading: Reading, newly: Sequence[Seen], state: Progress) -> MessagesRead:
    by_author: dict[AccountId, list[MessageId]] = {}
    unread = state.unread
    for message in sorted(newly, key=lambda message: message.seq, reverse=True):
        by_author.setdefault(message.author_id, []).append(message.id)
    return MessagesRead(
        chat_id=reading.mark.chat_id,
        account_id=reading.actor.account_id,
        by_author=tuple((author, tuple(ids)) for author, ids in by_author.items()),
        at=reading.at,
        origin=reading.actor.connection,
        chat_kind=ChatKind(state.kind),
        team_id=state.team_id,
        partner_id=state.partner_id,
        uids=tuple((message.id, message.uid) for message in newly if message.uid),
        unread=unread,
        mentioned=state.mentioned if unread else 0,
        mark=state.mark if unread else state.tail,
        first=tuple(message.id for message in newly if not message.is_read),
        encrypted=bool(state.encrypted),
    )
