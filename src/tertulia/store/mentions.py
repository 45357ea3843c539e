"""Whom and what messages name: found out when they are written, kept beside them, counted as unread.

A message that names somebody has a flag, so nothing is asked about the others. What is unread of them is
a number of each member, like everything that is unread (docs/decisions/0112).
"""

from collections.abc import Sequence

from tertulia.core.flags import NAMES, SILENT
from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId
from tertulia.core.mentions import Called, called_in, resolved
from tertulia.core.message_model import Mention, Message
from tertulia.core.model import ChatKind
from tertulia.core.text import fold
from tertulia.store.chat_state import ChatState
from tertulia.store.work import Row, Work, array, many, rows, run

_ONE_OF_NAMES = "IN (SELECT each.value ->> 0 FROM json_each(?) AS each)"

# A person's names, folded and one a line, stand behind the login in what he is searched by.
# The names come first, whatever an engine would rather begin with: few are called so, but many may be there.
_NAMED = """
SELECT a.id, a.first_name, a.last_name, a.patronymic, a.login,
    CASE WHEN EXISTS (
        SELECT 1 FROM members i WHERE i.chat_id = ? AND i.account_id = a.id AND i.left_at IS NULL
    ) THEN 0 ELSE 1 END
FROM json_each(?) AS each CROSS JOIN accounts a CROSS JOIN {people}
WHERE {called} = each.value ->> 0 AND a.bot = '' AND p.account_id = a.id AND {among}
"""

_BY_NAMES = "SUBSTR(a.search_text, LENGTH(a.login) + 2)"
_BY_LOGIN = "SUBSTR(a.search_text, 1, LENGTH(a.login))"


def _either(people: str, among: str) -> str:
    return " UNION ".join(
        _NAMED.format(people=people, among=among, called=each) for each in (_BY_NAMES, _BY_LOGIN)
    )


IN_TEAM = _either("team_members p", "p.team_id = ? AND p.archived_at IS NULL")

IN_CHAT = _either("members p", "p.chat_id = ? AND p.left_at IS NULL")

GROUPS = f"""
SELECT x.id, x.name FROM members b
JOIN chats x ON x.id = b.chat_id AND x.kind = 'group' AND x.team_id = ? AND x.archived_at IS NULL
WHERE b.account_id = ? AND b.left_at IS NULL AND x.search_text {_ONE_OF_NAMES}
UNION
SELECT x.id, x.name FROM group_settings g
JOIN chats x ON x.id = g.chat_id AND x.archived_at IS NULL
JOIN team_members t ON t.team_id = g.team_id AND t.account_id = ? AND t.archived_at IS NULL
    AND t.status <> 'guest'
WHERE g.team_id = ? AND g.is_public = 1 AND x.search_text {_ONE_OF_NAMES}
"""

TASKS = """
SELECT k.chat_id, k.num FROM tasks k
JOIN chats x ON x.id = k.chat_id AND x.archived_at IS NULL
JOIN team_members t ON t.team_id = k.team_id AND t.account_id = ? AND t.archived_at IS NULL
WHERE k.team_id = ? AND k.num IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
    AND ((k.is_public = 1 AND t.status <> 'guest') OR EXISTS (
        SELECT 1 FROM members b
        WHERE b.chat_id = k.chat_id AND b.account_id = t.account_id AND b.left_at IS NULL
    ))
"""

MENTIONS_OF = """
SELECT x.message_id, x.pattern, x.account_id, x.chat_id, c.kind
FROM mentions x LEFT JOIN chats c ON c.id = x.chat_id
WHERE x.message_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY x.message_id, x.place
"""

KEEP = """
INSERT INTO mentions (message_id, place, pattern, account_id, chat_id, in_chat, sent_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

FORGET = "DELETE FROM mentions WHERE message_id = ?"

COUNT = "UPDATE members SET mentioned = mentioned + 1 WHERE chat_id = ? AND account_id = ?"

# Of who has not read so far and sees the message.
RECOUNT = """
UPDATE members SET mentioned = mentioned + ?
WHERE chat_id = ? AND read_seq < ? AND account_id = ? AND NOT EXISTS (
    SELECT 1 FROM hidden h WHERE h.message_id = ? AND h.account_id = members.account_id
)
"""

COUNTED = """
SELECT b.account_id, b.mentioned FROM members b
WHERE b.chat_id = ?
    AND b.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

FLAG = "UPDATE messages SET flags = ? WHERE id = ?"

# Of chat, reader, and two dates: messages in between that name the reader.
PASSED_MENTIONS = f"""
SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS BIGINT), (
    SELECT COUNT(DISTINCT x.message_id) FROM mentions x JOIN messages m ON m.id = x.message_id
    WHERE x.account_id = CAST(each.value ->> 1 AS BIGINT)
        AND x.in_chat = CAST(each.value ->> 0 AS BIGINT)
        AND x.sent_at > CAST(each.value ->> 2 AS BIGINT)
        AND x.sent_at <= CAST(each.value ->> 3 AS BIGINT)
        AND m.author_id <> x.account_id AND (m.flags & {SILENT}) = 0
        AND NOT EXISTS (
            SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = x.account_id
        )
)
FROM json_each(?) AS each
"""


def naming(message: Message, chat: ChatState) -> Work[Message]:
    """The message with whom and what it names; its author must be able to see what that is."""
    if message.cipher is not None or chat.kind is ChatKind.CHANNEL:
        return message
    mentions = yield from _mentions(message, chat.team_id)
    return _naming(message, mentions) if mentions else message


def _naming(message: Message, mentions: tuple[Mention, ...]) -> Message:
    flags = message.flags | NAMES if mentions else message.flags & ~NAMES
    return message._replace(flags=flags, mentions=mentions)


def _mentions(message: Message, team_id: TeamId | None) -> Work[tuple[Mention, ...]]:
    signs = called_in(message.text)
    people = [each for each in signs if each.sign == "@"]
    things = [each for each in signs if each.sign == "#"] if team_id is not None else []
    found: list[Mention] = []
    if people:
        known = yield from _people(people, message.chat_id, team_id)
        for sign in people:
            whom = resolved(sign, known)
            if whom is not None:
                found.append(Mention(whom[0], account_id=whom[1]))
    if things and team_id is not None:
        groups = yield from _groups(things, message.author_id, team_id)
        for sign in things:
            what = resolved(sign, groups)
            if what is not None:
                found.append(Mention(what[0], chat_id=what[1][0], kind=what[1][1]))
    return tuple(dict.fromkeys(found))


def _candidates(called: Sequence[Called]) -> tuple[str, str]:
    """First and last names that may be meant, as they are searched by; and logins."""
    names: set[str] = set()
    logins: set[str] = set()
    for each in called:
        for name in each.names:
            words = fold(name).split()
            logins.add(fold(name))
            for cut in range(len(words) + 1):
                first, last = words[:cut], words[cut:]
                names |= {_line(first, last), _line(last, first)}
                # A patronymic stands behind the first name.
                names |= {_line(first[:-1], last), _line(last[:-1], first)}
    return array([[each] for each in sorted(names)]), array([[each] for each in sorted(logins)])


def _line(first: Sequence[str], last: Sequence[str]) -> str:
    return " ".join(first) + "\n" + " ".join(last)


def _people(
    called: Sequence[Called], chat_id: ChatId, team_id: TeamId | None
) -> Work[dict[str, AccountId]]:
    """By every name under which a list may show them; of namesakes one who is in the chat."""
    names, logins = _candidates(called)
    sql, among = (IN_CHAT, chat_id) if team_id is None else (IN_TEAM, team_id)
    found = yield from rows(sql, chat_id, names, among, chat_id, logins, among)
    known: dict[str, AccountId] = {}
    for each in sorted(found, key=lambda each: (each[5], each[0])):
        for name in _names_of(each):
            known.setdefault(fold(name), each[0])
    return known


def _names_of(person: Row) -> set[str]:
    _, first, last, patronymic, login, _ = person
    orders = (
        (first, last), (last, first), (first, patronymic, last), (last, first, patronymic),
    )  # fmt: skip
    return {" ".join(filter(None, each)) for each in orders} - {""} | {login}


def _groups(
    called: Sequence[Called], author: AccountId, team_id: TeamId
) -> Work[dict[str, tuple[ChatId, ChatKind]]]:
    """Groups by name and tasks by number that the author may see."""
    names = array([[fold(name)] for each in called for name in each.names])
    known: dict[str, tuple[ChatId, ChatKind]] = {}
    for chat_id, name in (yield from rows(GROUPS, team_id, author, names, author, team_id, names)):
        known[fold(name)] = (chat_id, ChatKind.GROUP)
    numbers = {int(name) for each in called for name in each.names if _is_number(name)}
    if numbers:
        for chat_id, num in (yield from rows(TASKS, author, team_id, array(sorted(numbers)))):
            known[str(num)] = (chat_id, ChatKind.TASK)
    return known


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 10


def with_mentions(messages: Sequence[Message]) -> Work[list[Message]]:
    """The same, with whom and what they name."""
    flagged = [each.id for each in messages if each.flags & NAMES]
    if not flagged:
        return list(messages)
    found: dict[MessageId, list[Mention]] = {}
    for each in (yield from rows(MENTIONS_OF, array(flagged))):
        kind = None if each[4] is None else ChatKind(each[4])
        found.setdefault(each[0], []).append(Mention(each[1], each[2], each[3], kind))
    return [
        each._replace(mentions=tuple(found[each.id])) if each.id in found else each
        for each in messages
    ]


def counted_people(message: Message) -> set[AccountId]:
    """Whom it names so that it counts: not its author, and nobody when it is silent."""
    if message.flags & SILENT:
        return set()
    found = {each.account_id for each in message.mentions if each.account_id is not None}
    return found - {message.author_id}


def keep_mentions(posted: Sequence[tuple[Message, Sequence[AccountId]]]) -> Work[None]:
    """Of new messages, each with whom it is hidden from."""
    yield from many(KEEP, [each for message, _ in posted for each in _rows(message)])
    counts = [
        (message.chat_id, account_id)
        for message, hidden_from in posted
        for account_id in sorted(counted_people(message).difference(hidden_from))
    ]
    yield from many(COUNT, counts)


def _rows(message: Message) -> list[tuple[object, ...]]:
    return [
        (message.id, place, each.pattern, each.account_id, each.chat_id, message.chat_id, message.sent_at)
        for place, each in enumerate(message.mentions)
    ]  # fmt: skip


def forget_mentions(messages: Sequence[Message]) -> Work[None]:
    """They are about to be deleted."""
    ours = [each for each in messages if each.mentions]
    lost = [
        (-1, each.chat_id, each.seq, account_id, each.id)
        for each in ours
        for account_id in sorted(counted_people(each))
    ]
    yield from many(RECOUNT, lost)
    yield from many(FORGET, [(each.id,) for each in ours])


def unsee_mentions(account_id: AccountId, messages: Sequence[Message]) -> Work[None]:
    """The account is about to hide them."""
    seen = [each for each in messages if account_id in counted_people(each)]
    yield from many(RECOUNT, [(-1, each.chat_id, each.seq, account_id, each.id) for each in seen])


Changes = tuple[tuple[AccountId, int], ...]
"""How many unread messages of a chat name them now, of those for whom that changed."""


def mention_anew(message: Message, team_id: TeamId | None) -> Work[tuple[Message, Changes]]:
    """It has been written anew, and still has what it named before; how it is now."""
    mentions: tuple[Mention, ...] = ()
    if message.cipher is None:
        mentions = yield from _mentions(message, team_id)
    if mentions == message.mentions:
        return message, ()
    anew = _naming(message, mentions)
    old, new = counted_people(message), counted_people(anew)
    changes = [(-1, each) for each in sorted(old - new)] + [(1, each) for each in sorted(new - old)]
    yield from many(
        RECOUNT, [(step, anew.chat_id, anew.seq, each, anew.id) for step, each in changes]
    )
    yield from run(FORGET, anew.id)
    yield from many(KEEP, _rows(anew))
    yield from run(FLAG, anew.flags, anew.id)
    if not changes:
        return anew, ()
    found = yield from rows(COUNTED, anew.chat_id, array([each for _, each in changes]))
    return anew, tuple((each[0], each[1]) for each in found)
