"""Integrations of teams: managing them, and posting with their keys."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from tertulia.core.errors import BadInput, NotFound, NotSignedIn, TertuliaError, TooMuch
from tertulia.core.hooks import (
    KIND,
    MOST_HOOKS,
    Hook,
    HookChange,
    HookKind,
    Key,
    NewHook,
    Note,
    Told,
)
from tertulia.core.ids import AccountId, ChatId, HookId, TeamId, drawn_at
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor
from tertulia.core.team_rights import need_manager
from tertulia.store import records
from tertulia.store.courses import begin, end
from tertulia.store.engine import Engine
from tertulia.store.hook_bots import as_actor, dismiss, engage, rename
from tertulia.store.hot import Posting, append_messages
from tertulia.store.oplog import SLACK_MS
from tertulia.store.team_records import TEAM_BY_ID, need_member, team
from tertulia.store.teams import need_managed
from tertulia.store.work import Row, Work, array, draw, row, rows, run

HOOK = (
    "h.id, h.team_id, h.chat_id, h.bot_id, h.kind, h.comment, h.is_enabled, h.api_key,"
    " h.webhook_url, h.created_at"
)

OF_TEAM = f"SELECT {HOOK} FROM hooks h WHERE h.team_id = ? ORDER BY h.id LIMIT {MOST_HOOKS}"

ONE = f"SELECT {HOOK} FROM hooks h WHERE h.id = ? AND h.team_id = ?"

COUNT = "SELECT COUNT(*) FROM hooks WHERE team_id = ?"

LIVING_GROUP = """
SELECT 1 FROM chats WHERE id = ? AND team_id = ? AND kind = 'group' AND archived_at IS NULL
"""

INSERT = """
INSERT INTO hooks (id, team_id, chat_id, bot_id, kind, comment, is_enabled, api_key, key_hash,
    webhook_url, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

UPDATE = "UPDATE hooks SET chat_id = ?, comment = ?, is_enabled = ?, webhook_url = ? WHERE id = ?"

REMOVE = "DELETE FROM hooks WHERE id = ?"

# The keys that open something now: of living teams, not switched off; and whether their group is alive.
BY_KEY = f"""
SELECT h.key_hash, CASE WHEN c.archived_at IS NULL AND c.team_id = h.team_id THEN 1 ELSE 0 END, {HOOK}
FROM json_each(?) AS each
JOIN hooks h ON h.key_hash = each.value ->> 0
JOIN teams t ON t.id = h.team_id AND t.archived_at IS NULL
LEFT JOIN chats c ON c.id = h.chat_id
WHERE h.is_enabled = 1
"""

EARS = "SELECT id, chat_id FROM hooks WHERE webhook_url <> '' AND is_enabled = 1"

EAR = f"{EARS} AND id = ?"

LISTENING = f"""
SELECT {HOOK}, c.name
FROM hooks h
JOIN teams t ON t.id = h.team_id AND t.archived_at IS NULL
JOIN chats c ON c.id = h.chat_id AND c.archived_at IS NULL
WHERE h.id = ? AND h.webhook_url <> '' AND h.is_enabled = 1
"""

# Within a chat, order of numbers and order of dates are one. The plus keeps both engines from going
# through everybody's messages by number.
SAID = f"""
SELECT {records.MESSAGE} FROM messages m
WHERE m.chat_id = ? AND m.sent_at > ? AND +m.id > ? AND m.author_id <> ?
    AND m.deleted_at IS NULL AND m.notice IS NULL
ORDER BY m.sent_at LIMIT ?
"""

CURSOR = "SELECT cursor FROM courses WHERE hook_id = ?"

NAMES = {
    HookKind.SENTRY: "Sentry",
    HookKind.BITBUCKET: "Bitbucket",
    HookKind.RAW: "API/Webhook",
}
"""What a bot is called whose integration has no comment."""


class SqlHooks:
    """`core.hooks.HookStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def listed(self, actor: Actor, team_id: TeamId) -> list[Hook]:
        """See the port."""
        return await self._engine.read(list_hooks(actor, team_id))

    async def need(self, actor: Actor, team_id: TeamId, hook_id: HookId) -> Hook:
        """See the port."""
        return await self._engine.read(need_hook(actor, team_id, hook_id))

    async def add(self, actor: Actor, team_id: TeamId, new: NewHook, key: Key, now: int) -> Hook:
        """See the port."""
        return await self._engine.write(add_hook(actor, team_id, new, key, now))

    async def change(
        self, actor: Actor, team_id: TeamId, hook_id: HookId, change: HookChange, now: int
    ) -> Hook:
        """See the port."""
        return await self._engine.write(change_hook(actor, team_id, hook_id, change, now))

    async def remove(self, actor: Actor, team_id: TeamId, hook_id: HookId, now: int) -> None:
        """See the port."""
        await self._engine.write(remove_hook(actor, team_id, hook_id, now))

    async def post(self, key_hashes: Sequence[str], note: Note, now: int) -> None:
        """See the port."""
        await self._engine.write(post(key_hashes, note, now))

    async def check(self, key_hashes: Sequence[str]) -> None:
        """See the port."""
        await self._engine.read(opened_by(key_hashes))

    async def ears(self) -> list[tuple[HookId, ChatId]]:
        """See the port."""
        return [(each[0], each[1]) for each in (await self._engine.scan(rows(EARS)))]

    async def ear(self, hook_id: HookId) -> ChatId | None:
        """See the port."""
        found = await self._engine.read(row(EAR, hook_id))
        return None if found is None else found[1]

    async def told(self, hook_id: HookId, after: int, limit: int) -> Told | None:
        """See the port."""
        # Taken before, so that nothing falls between.
        position = self._engine.position
        return await self._engine.read(told(hook_id, after, limit, position))


def list_hooks(actor: Actor, team_id: TeamId) -> Work[list[Hook]]:
    """The team's integrations, for those who manage it."""
    yield from need_managed(actor, team_id)
    return [hook(each) for each in (yield from rows(OF_TEAM, team_id))]


def need_hook(actor: Actor, team_id: TeamId, hook_id: HookId) -> Work[Hook]:
    """One integration of the team, for those who manage it."""
    # First whether it is there, then whether it is the actor's to see.
    membership = yield from need_member(team_id, actor.account_id)
    found = yield from row(ONE, hook_id, team_id)
    if found is None:
        raise NotFound("hook")
    need_manager(membership.me)
    return hook(found)


def add_hook(actor: Actor, team_id: TeamId, new: NewHook, key: Key, now: int) -> Work[Hook]:
    """A new integration and its bot, a contact of the team but no member of the group."""
    yield from need_managed(actor, team_id)
    yield from _need_group(team_id, new.chat_id)
    counted = yield from row(COUNT, team_id)
    assert counted is not None, "a count always has a row"
    if counted[0] >= MOST_HOOKS:
        raise TooMuch("hooks")
    bot_id = yield from engage(team_id, new.comment or NAMES[new.kind], now)
    made = Hook(
        id=HookId((yield from draw(now))),
        team_id=team_id,
        chat_id=new.chat_id,
        bot_id=bot_id,
        kind=new.kind,
        comment=new.comment,
        is_enabled=new.is_enabled,
        key=key.text,
        webhook_url=new.webhook_url,
        created_at=now,
    )
    yield from run(
        INSERT, made.id, team_id, made.chat_id, bot_id, made.kind.value, made.comment,
        int(made.is_enabled), key.text, key.hash, made.webhook_url, now,
    )  # fmt: skip
    yield from _begin(made, made.id)
    return made


def change_hook(
    actor: Actor, team_id: TeamId, hook_id: HookId, change: HookChange, now: int
) -> Work[Hook]:
    """Change what is given; a new comment is the bot's name from now on."""
    old = yield from need_hook(actor, team_id, hook_id)
    new = replace(
        old,
        chat_id=old.chat_id if change.chat_id is None else change.chat_id,
        comment=old.comment if change.comment is None else change.comment,
        is_enabled=old.is_enabled if change.is_enabled is None else change.is_enabled,
        webhook_url=old.webhook_url if change.webhook_url is None else change.webhook_url,
    )
    if new.chat_id != old.chat_id:
        yield from _need_group(team_id, new.chat_id)
    if new.comment != old.comment:
        yield from rename(new.bot_id, new.comment or NAMES[new.kind], now)
    yield from run(UPDATE, new.chat_id, new.comment, int(new.is_enabled), new.webhook_url, new.id)
    course = yield from row(CURSOR, new.id)
    if course is None or new.chat_id != old.chat_id:
        # Nothing is told of what was said before.
        yield from _begin(new, (yield from draw(now)))
    else:
        yield from _begin(new, course[0])
    return new


def remove_hook(actor: Actor, team_id: TeamId, hook_id: HookId, now: int) -> Work[None]:
    """The integration is gone. Its bot stays, archived, as the author of what it wrote."""
    old = yield from need_hook(actor, team_id, hook_id)
    yield from run(REMOVE, old.id)
    yield from end(old.id, KIND)
    yield from dismiss(team_id, old.bot_id, now)


def _begin(it: Hook, cursor: int) -> Work[None]:
    """Its webhook is told of what comes after *cursor*, at once; of nothing when it has none."""
    if it.webhook_url and it.is_enabled:
        yield from begin(it.id, KIND, cursor)
    else:
        yield from end(it.id, KIND)


def opened_by(key_hashes: Sequence[str]) -> Work[list[Hook]]:
    """The integrations of these keys, in the same order, whose groups can be posted to."""
    asked = array([[key_hash] for key_hash in key_hashes])
    found = {each[0]: each for each in (yield from rows(BY_KEY, asked))}
    opened = []
    for key_hash in key_hashes:
        if key_hash not in found:
            raise NotSignedIn("key")
        _, is_alive, *columns = found[key_hash]
        if not is_alive:
            raise NotFound("chat")
        opened.append(hook(tuple(columns)))
    return opened


def post(key_hashes: Sequence[str], note: Note, now: int) -> Work[None]:
    """To the group of each key, by its bot, in the same commit; or to none of them."""
    postings: list[Posting] = []
    for it in (yield from opened_by(key_hashes)):
        # A uid is one message's own: what goes to a second group has another, made of it.
        uid = str(uuid5(UUID(note.uid), str(it.id))) if note.uid and postings else note.uid
        draft = Draft(it.chat_id, note.words, flags=note.flags, uid=uid)
        postings.append(Posting(as_actor(it.bot_id), draft, now, None, outsider=True))
    for outcome in (yield from append_messages(postings)):
        if isinstance(outcome, TertuliaError):
            raise outcome


def told(hook_id: HookId, after: int, limit: int, position: int) -> Work[Told | None]:
    """What a webhook is told next: messages of others, not of the server, oldest first."""
    found = yield from row(LISTENING, hook_id)
    if found is None:
        return None
    *columns, chat_name = found
    it = hook(tuple(columns))
    since = drawn_at(after) - SLACK_MS
    messages = tuple(
        records.message(each)
        for each in (yield from rows(SAID, it.chat_id, since, after, it.bot_id, limit))
    )
    # There may be more after the last of a full page.
    seen = messages[-1].id if len(messages) >= limit else max(position, after)
    team_row = yield from row(TEAM_BY_ID, it.team_id)
    assert team_row is not None, "it was joined above"
    return Told(it, team(team_row), chat_name, messages, seen)


def hook(found: Row) -> Hook:
    """From the columns of HOOK."""
    return Hook(
        id=HookId(found[0]),
        team_id=TeamId(found[1]),
        chat_id=ChatId(found[2]),
        bot_id=AccountId(found[3]),
        kind=HookKind(found[4]),
        comment=found[5],
        is_enabled=bool(found[6]),
        key=found[7],
        webhook_url=found[8],
        created_at=found[9],
    )


def _need_group(team_id: TeamId, chat_id: ChatId) -> Work[None]:
    if (yield from row(LIVING_GROUP, chat_id, team_id)) is None:
        raise BadInput("group", "is no living group of the team")
