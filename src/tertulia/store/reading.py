"""Read marks, in their set form.

A mark is a place in the chat, so what is unread is a subtraction. Beside it we know which messages
were read *by name*: everything up to `named_at`, and stragglers beyond it one by one in `named_reads`,
so that an author hears once about each reader of each message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tertulia.core.errors import NotAllowed, NotFound, TertuliaError
from tertulia.core.events import MessagesRead
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.model import Actor, ChatKind, ReadMark
from tertulia.store.batch import SetUnit
from tertulia.store.log import INSERT_EVENT, event_row
from tertulia.store.work import Work, array, many, rows, tell

MOST_GAP = 256
"""Messages. A named mark this close to what was read before is folded into `named_at`."""

MEMBERS_OF_SET = """
SELECT c.id, CAST(each.value ->> 1 AS BIGINT), c.kind, c.last_seq, c.last_at,
    m.read_seq, m.read_at, m.skipped, m.named_seq, m.named_at
FROM json_each(?) AS each
JOIN chats c ON c.id = CAST(each.value ->> 0 AS BIGINT)
LEFT JOIN members m ON m.chat_id = c.id
    AND m.account_id = CAST(each.value ->> 1 AS BIGINT) AND m.left_at IS NULL
"""

NAMED_OF_SET = """
SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT),
    m.id, m.author_id, m.seq, m.sent_at, m.is_read,
    CASE WHEN EXISTS (
        SELECT 1 FROM named_reads n
        WHERE n.message_id = m.id AND n.account_id = CAST(each.value ->> 1 AS BIGINT)
    ) THEN 1 ELSE 0 END
FROM json_each(?) AS each
JOIN messages m ON m.id = CAST(each.value ->> 2 AS BIGINT)
    AND m.chat_id = CAST(each.value ->> 0 AS BIGINT)
WHERE m.deleted_at IS NULL AND m.author_id <> CAST(each.value ->> 1 AS BIGINT)
    AND NOT EXISTS (
        SELECT 1 FROM hidden h
        WHERE h.message_id = m.id AND h.account_id = CAST(each.value ->> 1 AS BIGINT)
    )
"""

UNNAMED_OF_SET = """
SELECT m.chat_id, CAST(each.value ->> 1 AS BIGINT), m.id, m.author_id, m.seq, m.sent_at, m.is_read
FROM json_each(?) AS each
JOIN messages m ON m.chat_id = CAST(each.value ->> 0 AS BIGINT)
    AND m.sent_at > CAST(each.value ->> 2 AS BIGINT)
    AND m.sent_at <= CAST(each.value ->> 3 AS BIGINT)
WHERE m.deleted_at IS NULL AND m.author_id <> CAST(each.value ->> 1 AS BIGINT)
    AND NOT EXISTS (
        SELECT 1 FROM hidden h
        WHERE h.message_id = m.id AND h.account_id = CAST(each.value ->> 1 AS BIGINT)
    )
    AND NOT EXISTS (
        SELECT 1 FROM named_reads n
        WHERE n.message_id = m.id AND n.account_id = CAST(each.value ->> 1 AS BIGINT)
    )
"""

PASSED_OF_SET = """
SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT), (
    SELECT COUNT(*) FROM messages m
    WHERE m.chat_id = CAST(each.value ->> 0 AS BIGINT)
        AND m.sent_at > CAST(each.value ->> 2 AS BIGINT)
        AND m.sent_at <= CAST(each.value ->> 3 AS BIGINT)
        AND (
            m.author_id = CAST(each.value ->> 1 AS BIGINT) OR m.deleted_at IS NOT NULL OR EXISTS (
                SELECT 1 FROM hidden h
                WHERE h.message_id = m.id AND h.account_id = CAST(each.value ->> 1 AS BIGINT)
            )
        )
)
FROM json_each(?) AS each
"""

MOVE_MARK = """
UPDATE members SET read_seq = ?, read_at = ?, skipped = ?, named_seq = ?, named_at = ?
WHERE chat_id = ? AND account_id = ?
"""

NAME = "INSERT INTO named_reads (account_id, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING"

MARK_READ = "UPDATE messages SET is_read = 1 WHERE id = ? AND is_read = 0"


@dataclass(frozen=True, slots=True)
class Reading:
    """One read mark that waits for the next commit."""

    actor: Actor
    mark: ReadMark
    at: int

    @property
    def place(self) -> tuple[ChatId, AccountId]:
        """Which membership it moves."""
        return self.mark.chat_id, self.actor.account_id


@dataclass(frozen=True, slots=True)
class Seen:
    """A message of somebody else that a mark covers."""

    id: MessageId
    author_id: AccountId
    seq: int
    sent_at: int
    is_read: int


@dataclass(slots=True)
class Progress:
    """How far a member has read, while a batch moves it."""

    last_seq: int
    last_at: int
    read_seq: int
    read_at: int
    skipped: int
    named_seq: int
    named_at: int
    target: Seen | None = None

    @property
    def is_near(self) -> bool:
        """Whether what lies between `named_at` and the target is few enough to be looked through."""
        return self.target is not None and self.target.seq - self.named_seq <= MOST_GAP


Place = tuple[ChatId, AccountId]


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
    newly = yield from _newly_read([reading], progress)
    if newly[reading.place]:
        yield from tell(_event(reading, newly[reading.place]))


def _one_turn(readings: Sequence[Reading]) -> Work[dict[Place, TertuliaError]]:
    progress, errors = yield from _progress(readings)
    good = [reading for reading in readings if reading.place in progress]
    if good:
        newly = yield from _newly_read(good, progress)
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


def _newly_read(
    readings: Sequence[Reading], progress: dict[Place, Progress]
) -> Work[dict[Place, list[Seen]]]:
    """What each mark reads that its reader had not read by name before; moves `progress`."""
    named, already = yield from _named(readings)
    for reading in readings:
        seen = named.get(reading.place)
        if seen:
            progress[reading.place].target = max(seen, key=lambda message: message.seq)

    spans = []
    for reading in readings:
        state = progress[reading.place]
        if reading.mark.ids is None:
            spans.append((*reading.place, state.named_at, state.last_at))
        elif state.target is not None and state.is_near:
            spans.append((*reading.place, state.named_at, state.target.sent_at))
    unnamed: dict[Place, list[Seen]] = {}
    if spans:
        for each in (yield from rows(UNNAMED_OF_SET, array(spans))):
            unnamed.setdefault((each[0], each[1]), []).append(Seen(*each[2:]))

    newly: dict[Place, list[Seen]] = {}
    for reading in readings:
        place, state = reading.place, progress[reading.place]
        between = unnamed.get(place, [])
        if reading.mark.ids is None:
            newly[place] = between
            continue
        fresh = [
            message
            for message in named.get(place, [])
            if message.sent_at > state.named_at and (place, message.id) not in already
        ]
        newly[place] = fresh
        if state.target is None or state.target.seq <= state.named_seq:
            continue
        if state.is_near and len(fresh) == len(between):
            state.named_seq, state.named_at = state.target.seq, state.target.sent_at
    return newly


def _named(
    readings: Sequence[Reading],
) -> Work[tuple[dict[Place, list[Seen]], set[tuple[Place, MessageId]]]]:
    asked = [
        (*reading.place, message_id)
        for reading in readings
        for message_id in dict.fromkeys(reading.mark.ids or ())
    ]
    named: dict[Place, list[Seen]] = {}
    already: set[tuple[Place, MessageId]] = set()
    if asked:
        for each in (yield from rows(NAMED_OF_SET, array(asked))):
            place = (each[0], each[1])
            named.setdefault(place, []).append(Seen(*each[2:7]))
            if each[7]:
                already.add((place, each[2]))
    return named, already


def _store(
    readings: Sequence[Reading],
    progress: dict[Place, Progress],
    newly: dict[Place, list[Seen]],
) -> Work[None]:
    passed = yield from _passed(readings, progress)
    moves, names, reads, events = [], [], [], []
    for reading in readings:
        place, state = reading.place, progress[reading.place]
        if reading.mark.ids is None:
            moved = (state.last_seq, state.last_at, 0, state.last_seq, state.last_at)
        elif state.target is None:
            continue
        else:
            if state.target.seq > state.read_seq:
                state.skipped -= passed[place]
                state.read_seq, state.read_at = state.target.seq, state.target.sent_at
            moved = (
                state.read_seq, state.read_at, state.skipped, state.named_seq, state.named_at,
            )  # fmt: skip
            names += [
                (reading.actor.account_id, message.id)
                for message in newly[place]
                if message.sent_at > state.named_at
            ]
        moves.append((*moved, *place))
        reads += [(message.id,) for message in newly[place] if not message.is_read]
        if newly[place]:
            event = _event(reading, newly[place])
            authors = [author for author, _ in event.by_author]
            events.append((event, (yield from event_row(event, reading.at, place[0], authors))))
    yield from many(MOVE_MARK, moves)
    yield from many(NAME, names)
    yield from many(MARK_READ, reads)
    yield from many(INSERT_EVENT, [row for _, row in events])
    for event, _ in events:
        yield from tell(event)


def _passed(readings: Sequence[Reading], progress: dict[Place, Progress]) -> Work[dict[Place, int]]:
    """How many skipped messages each named mark moves over."""
    spans = []
    for reading in readings:
        state = progress[reading.place]
        if state.target is not None and state.target.seq > state.read_seq:
            spans.append((*reading.place, state.read_at, state.target.sent_at))
    if not spans:
        return {}
    return {(each[0], each[1]): each[2] for each in (yield from rows(PASSED_OF_SET, array(spans)))}


def _event(reading: Reading, newly: Sequence[Seen]) -> MessagesRead:
    by_author: dict[AccountId, list[MessageId]] = {}
    for message in sorted(newly, key=lambda message: message.seq, reverse=True):
        by_author.setdefault(message.author_id, []).append(message.id)
    return MessagesRead(
        chat_id=reading.mark.chat_id,
        account_id=reading.actor.account_id,
        by_author=tuple((author, tuple(ids)) for author, ids in by_author.items()),
        at=reading.at,
        origin=reading.actor.connection,
    )
