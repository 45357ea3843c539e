"""Tasks: what they have beside their chats."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId, TeamId
from tertulia.core.model import KEEP, Actor, Chat, ChatKind, Keep, Role
from tertulia.core.tasks import DONE, NEW, Item, Task, TaskChange, TaskFilter, task_name
from tertulia.core.team_model import HOME_TEAM, Membership
from tertulia.core.team_rights import need_more_than_guest
from tertulia.store.engine import Engine
from tertulia.store.files import visible
from tertulia.store.membership import find_chat, members_of, only_of_team
from tertulia.store.quotes import LINKED
from tertulia.store.sections import need_section, tags_named
from tertulia.store.task_filters import wanted_tasks
from tertulia.store.team_groups import (
    add_members,
    archive_chat,
    open_team_chat,
    remove_member,
    searched,
    tell_all,
    touch,
)
from tertulia.store.team_records import need_member
from tertulia.store.work import Row, Work, array, draw, many, row, rows, run

TASK = (
    "k.chat_id, k.num, k.status, k.assignee_id, k.is_public, k.deadline, k.remind_at, k.importance,"
    " k.urgency, k.complexity, k.spent_time, k.color_index, k.done_at, k.done_reason, k.section_id,"
    " k.items, k.uploads, k.linked, k.version"
)

OF_CHATS = f"""
SELECT {TASK} FROM tasks k
WHERE k.chat_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

TAGS_OF = """
SELECT t.chat_id, t.tag FROM task_tags t
WHERE t.chat_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY t.chat_id, t.tag
"""

NEXT_NUM = "SELECT COALESCE(MAX(k.num), 0) + 1 FROM tasks k WHERE k.team_id = ?"

PUT = """
INSERT INTO tasks (chat_id, team_id, num, status, assignee_id, is_public, deadline, remind_at,
    importance, urgency, complexity, spent_time, color_index, done_at, done_reason, section_id, items,
    uploads, linked, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (chat_id) DO UPDATE SET status = excluded.status, assignee_id = excluded.assignee_id,
    is_public = excluded.is_public, deadline = excluded.deadline, remind_at = excluded.remind_at,
    importance = excluded.importance, urgency = excluded.urgency, complexity = excluded.complexity,
    spent_time = excluded.spent_time, color_index = excluded.color_index, done_at = excluded.done_at,
    done_reason = excluded.done_reason, section_id = excluded.section_id, items = excluded.items,
    uploads = excluded.uploads, linked = excluded.linked, version = excluded.version
"""

FORGET_TAGS = "DELETE FROM task_tags WHERE chat_id = ?"

PUT_TAG = "INSERT INTO task_tags (chat_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING"

UPDATE_CARD = "UPDATE chats SET name = ?, description = ?, search_text = ? WHERE id = ?"

ROLE_IN = "SELECT m.role FROM members m WHERE m.chat_id = ? AND m.account_id = ?"

_items = msgspec.json.Decoder(tuple[Item, ...])
_files = msgspec.json.Decoder(tuple[FileId, ...])
_messages = msgspec.json.Decoder(tuple[MessageId, ...])


class SqlTasks:
    """`core.tasks.TaskStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(self, actor: Actor, team_id: TeamId, new: TaskChange, now: int) -> ChatId:
        """See the port."""
        return await self._engine.write(create(actor, team_id, new, now))

    async def change(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, change: TaskChange, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(change_task(actor, team_id, chat_id, change, now))

    async def need_changeable(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> None:
        """See the port."""
        await self._engine.read(_need_changeable(actor, team_id, chat_id))

    async def archive(self, actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> Chat:
        """See the port."""
        return await self._engine.write(archive(actor, team_id, chat_id, now))

    async def listed(self, actor: Actor, team_id: TeamId, wish: TaskFilter) -> list[ChatId]:
        """See the port."""
        return await self._engine.scan(wanted_tasks(actor, team_id, wish))


def tasks_of(chat_ids: Sequence[ChatId]) -> Work[dict[ChatId, Task]]:
    """The tasks of those chats."""
    if not chat_ids:
        return {}
    found = yield from rows(OF_CHATS, array(chat_ids))
    tags: dict[ChatId, list[str]] = {}
    for chat_id, tag in (yield from rows(TAGS_OF, array(chat_ids))):
        tags.setdefault(chat_id, []).append(tag)
    return {ChatId(each[0]): _task(each, tuple(tags.get(each[0], ()))) for each in found}


def _task(found: Row, tags: tuple[str, ...]) -> Task:
    (
        _, num, status, assignee, public, deadline, remind_at, importance, urgency, complexity,
        spent_time, color_index, done_at, done_reason, section_id, items, uploads, linked, version,
    ) = found  # fmt: skip
    return Task(
        num, status, assignee, bool(public), deadline, remind_at, importance, urgency, complexity,
        spent_time, color_index, done_at, done_reason, section_id, _items.decode(items),
        _files.decode(uploads), _messages.decode(linked), tags, version,
    )  # fmt: skip


def create(actor: Actor, team_id: TeamId, new: TaskChange, now: int) -> Work[ChatId]:
    """A new task; whoever it names is in its chat."""
    membership = yield from need_member(team_id, actor.account_id)
    need_more_than_guest(membership.me)
    task = _changed(Task(0, NEW), new, now)
    yield from _need_known(actor, team_id, new, task.assignee_id)
    counted = yield from row(NEXT_NUM, team_id)
    assert counted is not None, "a count has a row"
    task = replace(task, num=counted[0])
    description = new.description or ""
    named = [task.assignee_id, *(new.observers or ())]
    others = [(each, Role.MEMBER) for each in named if each is not None]
    chat = yield from open_team_chat(
        actor, team_id, ChatKind.TASK, (task_name(task.num, description), description), others, now
    )
    yield from _put(chat.id, team_id, task, now)
    yield from _put_tags(actor, chat, task.tags, now)
    return chat.id


def _changed(old: Task, change: TaskChange, now: int) -> Task:
    """The task with whatever the change sets."""
    wanted: dict[str, Any] = {
        name: getattr(change, name)
        for name in ("is_public", "done_reason", "items", "uploads", "linked")
        if getattr(change, name) is not None
    }
    wanted |= {
        name: getattr(change, name)
        for name in (
            "assignee_id", "deadline", "remind_at", "importance", "urgency", "complexity",
            "spent_time", "color_index", "section_id",
        )
        if getattr(change, name) is not KEEP
    }  # fmt: skip
    if change.tags is not None:
        wanted["tags"] = tuple(sorted(set(change.tags)))
    if change.status is not None and change.status != old.status:
        wanted["status"] = change.status
        wanted["done_at"] = now if change.status == DONE else None
    return replace(old, **wanted)


def _need_known(
    actor: Actor, team_id: TeamId, change: TaskChange, assignee_id: AccountId | None
) -> Work[None]:
    """Whatever a change names is there, and the actor may name it."""
    people = [*(change.observers or ())]
    if assignee_id is not None and not isinstance(change.assignee_id, Keep):
        people.append(assignee_id)
    people = list(dict.fromkeys(people))
    if len((yield from only_of_team(team_id, people))) < len(people):
        raise NotFound("contact")
    section_id = None if isinstance(change.section_id, Keep) else change.section_id
    if section_id:
        yield from need_section(team_id, section_id)
    files = {(each, actor.account_id) for each in change.uploads or ()}
    if len((yield from visible(files))) < len(files):
        raise NotFound("file")
    linked = {(each, actor.account_id) for each in change.linked or ()}
    if linked and len((yield from rows(LINKED, array(list(linked))))) < len(linked):
        raise NotFound("linked")


def _put(chat_id: ChatId, team_id: TeamId, task: Task, now: int) -> Work[None]:
    yield from run(
        PUT, chat_id, team_id, task.num, task.status, task.assignee_id, int(task.is_public),
        task.deadline, task.remind_at, task.importance, task.urgency, task.complexity,
        task.spent_time, task.color_index, task.done_at, task.done_reason, task.section_id,
        _json(task.items), array(task.uploads), array(task.linked), (yield from draw(now)),
    )  # fmt: skip


def _json(items: tuple[Item, ...]) -> str:
    return msgspec.json.encode(items).decode()


def _put_tags(actor: Actor, chat: Chat, tags: Sequence[str], now: int) -> Work[None]:
    """The team knows these words from now on, spelled as they were first."""
    yield from run(FORGET_TAGS, chat.id)
    if tags:
        assert chat.team_id is not None, "tasks are a team's"
        known = yield from tags_named(chat.team_id, tags, actor, now)
        yield from many(PUT_TAG, [(chat.id, each.name) for each in known])


def need_task(
    actor: Actor, team_id: TeamId, chat_id: ChatId
) -> Work[tuple[Membership, Chat, Task, Role | None]]:
    """A task that the actor may see, and his role in it.

    Raises:
        NotFound: "team"; "chat": the team has no such living task.
        NotAllowed: "team"; "chat": he is not in it, and it is not public.
    """
    membership = yield from need_member(team_id, actor.account_id)
    chat = yield from find_chat(chat_id)
    is_ours = chat is not None and chat.kind is ChatKind.TASK
    if (
        chat is None
        or not is_ours
        or chat.team_id != team_id
        or team_id == HOME_TEAM
        or chat.archived
    ):
        raise NotFound("chat")
    found = yield from row(ROLE_IN, chat_id, actor.account_id)
    task = (yield from tasks_of([chat_id]))[chat_id]
    if found is None and not membership.me.status.manages and not task.is_public:
        raise NotAllowed("chat")
    return membership, chat, task, None if found is None else Role(found[0])


def _need_changeable(actor: Actor, team_id: TeamId, chat_id: ChatId) -> Work[tuple[Chat, Task]]:
    """A task that the actor owns or is to do, or whose team he manages. Raises: as `need_task`; NotAllowed."""
    membership, chat, task, role = yield from need_task(actor, team_id, chat_id)
    is_his = role is not None and (actor.account_id in {chat.owner_id, task.assignee_id})
    if not is_his and not membership.me.status.manages:
        raise NotAllowed("change the task")
    return chat, task


def change_task(
    actor: Actor, team_id: TeamId, chat_id: ChatId, change: TaskChange, now: int
) -> Work[None]:
    """Everybody in its chat hears of a change, nobody of none."""
    chat, old = yield from _need_changeable(actor, team_id, chat_id)
    new = _changed(old, change, now)
    yield from _need_known(actor, team_id, change, new.assignee_id)
    members = yield from members_of(chat)
    description = chat.description if change.description is None else change.description
    wanted = set(members)
    if change.observers is not None:
        wanted = {chat.owner_id, *change.observers}
    if new.assignee_id is not None:
        wanted.add(new.assignee_id)
    if new == old and description == chat.description and wanted == set(members):
        return
    if description != chat.description:
        name = task_name(old.num, description)
        yield from run(UPDATE_CARD, name, description, searched(name, description), chat_id)
    yield from _put(chat_id, team_id, new, now)
    if new.tags != old.tags:
        yield from _put_tags(actor, chat, new.tags, now)
    chat = yield from touch(chat, now)
    for account_id in set(members) - wanted:
        yield from remove_member(actor, chat, account_id, now)
    newcomers = [(each, Role.MEMBER) for each in wanted if each not in members]
    chat = (yield from find_chat(chat_id)) or chat
    if newcomers:
        yield from add_members(actor, chat, newcomers, now)
    else:
        yield from tell_all(actor, chat, now)


def archive(actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> Work[Chat]:
    """Deleted for everybody."""
    chat, _ = yield from _need_changeable(actor, team_id, chat_id)
    return (yield from archive_chat(actor, chat, now))
