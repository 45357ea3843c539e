"""Which messages a read mark reads that its reader had not read by name before."""

from collections.abc import Sequence
from dataclasses import dataclass

from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId
from tertulia.core.message_model import MessageRef, ReadMark
from tertulia.core.model import Actor
from tertulia.store.work import Work, array, rows

MOST_GAP = 256
"""Messages. A named mark this close to what was read before is folded into `named_at`."""

NAMED_OF_SET = """
SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT),
    m.id, m.author_id, m.seq, m.sent_at, m.is_read, m.uid,
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
SELECT m.chat_id, CAST(each.value ->> 1 AS BIGINT),
    m.id, m.author_id, m.seq, m.sent_at, m.is_read, m.uid
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
    uid: str | None


@dataclass(slots=True)
class Progress:
    """How far a member has read, while a batch moves it. `partner_id`: in a direct chat."""

    last_seq: int
    last_at: int
    read_seq: int
    read_at: int
    skipped: int
    named_seq: int
    named_at: int
    kind: str
    team_id: TeamId | None
    partner_id: AccountId | None
    tail_id: MessageId | None
    tail_uid: str | None
    notices: int
    noted: int
    mentioned: int
    encrypted: int
    target: Seen | None = None

    @property
    def unread_notices(self) -> int:
        """What the server itself said and the reader has not read."""
        return self.notices - self.noted

    @property
    def unread(self) -> int:
        """What people wrote and the reader has not read."""
        return max(self.last_seq - self.read_seq - self.skipped - self.unread_notices, 0)

    @property
    def is_ahead(self) -> bool:
        """Whether the mark moves up to a message that is named."""
        return self.target is not None and self.target.seq > self.read_seq

    @property
    def span(self) -> tuple[int, int]:
        """From where to where it does: dates."""
        assert self.target is not None, "it is ahead"
        return self.read_at, self.target.sent_at

    def move(self) -> None:
        """The mark is there now."""
        assert self.target is not None, "it is ahead"
        self.read_seq, self.read_at = self.target.seq, self.target.sent_at

    def finish(self) -> None:
        """Everything is read."""
        self.read_seq, self.skipped = self.last_seq, 0
        self.noted, self.mentioned = self.notices, 0

    @property
    def tail(self) -> MessageRef | None:
        """The chat's newest message."""
        return None if self.tail_id is None else MessageRef(self.tail_id, self.tail_uid or "")

    @property
    def mark(self) -> MessageRef | None:
        """The message that is marked as read now."""
        end = self.target
        return None if end is None else MessageRef(end.id, end.uid or "")

    @property
    def is_near(self) -> bool:
        """Whether what lies between `named_at` and the target is few enough to be looked through."""
        return self.target is not None and self.target.seq - self.named_seq <= MOST_GAP


Place = tuple[ChatId, AccountId]


def newly_read(
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
            end = state.last_at if state.target is None else state.target.sent_at
            spans.append((*reading.place, state.named_at, end))
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
            if state.target is not None and state.target.seq > state.named_seq:
                state.named_seq, state.named_at = state.target.seq, state.target.sent_at
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
            named.setdefault(place, []).append(Seen(*each[2:8]))
            if each[8]:
                already.add((place, each[2]))
    return named, already
