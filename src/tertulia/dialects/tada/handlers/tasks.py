"""Tasks of a team (later clients): make, list, read, set, delete."""

import re
from dataclasses import replace
from typing import Any

from tertulia.core.errors import NotFound
from tertulia.core.histories import Target
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId, SectionId
from tertulia.core.model import KEEP, ChatKind, Keep
from tertulia.core.tasks import (
    MAX_DESCRIPTION,
    MAX_STATUS,
    MAX_TAG,
    MOST_ITEMS,
    MOST_OBSERVERS,
    MOST_TAGS,
    Item,
    TaskChange,
    TaskFilter,
    TaskOrder,
    title_of,
)
from tertulia.core.team_model import Membership
from tertulia.core.team_rights import need_more_than_guest
from tertulia.dialects.tada import errors, filters, ids, sending
from tertulia.dialects.tada.chats import archived, chat_gentime
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.handlers import chats
from tertulia.dialects.tada.handlers.groups import find_member
from tertulia.dialects.tada.handlers.sections import section_wish
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.ids import Kind
from tertulia.dialects.tada.limits import (
    MAX_LINKED_MESSAGES,
    MAX_MESSAGE_UPLOADS,
    MAX_TASK_TITLE,
)
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.times import read_moment

MOST = 200
"""Tasks of one page."""

MOST_POINTS = 2**31 - 1

_NUM = re.compile(r"\d{1,9}", re.ASCII)

NUMBERS = {
    "importance": "importance",
    "urgency": "urgency",
    "complexity": "complexity",
    "spent_time": "spent_time",
    "custom_color_index": "color_index",
    "color_index": "color_index",
}
"""From the clients' names to the core's."""


def task_id(call: Call) -> ChatId:
    """The task in the path. Raises: NotFound("chat")."""
    return ChatId(ids.need_jid(call.path["jid"], Kind.TASK).number)


async def listed(call: Call) -> list[dict[str, Any]]:
    """`GET …/tasks`: those the caller is in; with `public=true` all that are."""
    membership = await need_team(call)
    newer_than = filters.newer_than(call.query)
    wish = await _filter(call, membership)
    if newer_than:
        wish = replace(wish, is_new=lambda each: chat_gentime(each) > newer_than)
    team_id = membership.team.id
    found = await call.core.tasks.listed(call.actor, team_id, wish)
    entries = await call.core.chat_lists.several(call.actor, team_id, ChatKind.TASK, found)
    return await chats.said(call, membership, entries)


NONE = "-"
"""In a list of tags or sections: without any."""

ORDERS = frozenset(TaskOrder)


async def _filter(call: Call, membership: Membership) -> TaskFilter:
    query = call.query
    limit, offset = filters.page(query, MOST, MOST)
    sort = query.values.get("sort", "")
    tags = query.texts("tag") or []
    people = {
        key: await filters.accounts(call, membership, query, key)
        for key in ("assignee", "owner", "observer", "member")
    }
    wish = TaskFilter(
        limit=limit,
        offset=offset,
        statuses=_statuses(query, "task_status"),
        without_statuses=_statuses(query, "exclude_task_status"),
        nums=_nums(query),
        assignees=people["assignee"],
        owners=people["owner"],
        observers=people["observer"],
        members=people["member"],
        tags=tuple(each for each in tags if each != NONE),
        untagged=NONE in tags,
        sections=_sections(query),
        homeless=NONE in (query.texts("section") or ()),
        public=filters.flag(query, "public"),
        text=query.text("q") or "",
        deadline=_span(query, "deadline"),
        created=_span(query, "created"),
        done=_span(query, "done"),
        order=TaskOrder(sort) if sort in ORDERS else TaskOrder.NEWEST,
    )
    query.check()
    return wish


def _sections(query: Fields) -> tuple[SectionId, ...] | None:
    """What names no section names no task either."""
    words = query.texts("section")
    if not words:
        return None
    return tuple(SectionId(ids.from_uuid(Kind.SECTION, each) or 0) for each in words)


def _span(query: Fields, key: str) -> tuple[int | None, int | None]:
    return filters.moment(query, f"{key}_gte"), filters.moment(query, f"{key}_lte")


def _statuses(query: Fields, key: str) -> tuple[str, ...]:
    words = query.texts(key) or ()
    return () if filters.ANY in words else tuple(words)


def _nums(query: Fields) -> tuple[int, ...] | None:
    words = query.texts("num")
    if words is None:
        return None
    if not all(_NUM.fullmatch(each) for each in words):
        query.note("num", errors.NOT_A_NUMBER)
        return ()
    return tuple(map(int, words))


async def create(call: Call) -> dict[str, Any]:
    """`POST …/tasks`: a new one, owned by the caller."""
    membership = await need_team(call)
    need_more_than_guest(membership.me)
    form = await call.fields()
    form_text = form.raw_text("description", most=MAX_DESCRIPTION) or ""
    if not form_text.strip():
        form.note("description", errors.REQUIRED)
    wish = await _change(call, membership, form)
    made = await call.core.tasks.create(call.actor, membership.team.id, wish)
    return await chats.one(call, membership, Target(chat_id=made))


async def read(call: Call) -> dict[str, Any]:
    """`GET …/tasks/{jid}`."""
    membership = await need_team(call)
    return await chats.one(call, membership, Target(chat_id=task_id(call)))


async def change(call: Call) -> dict[str, Any]:
    """`PUT …/tasks/{jid}`: what is given is set."""
    membership = await need_team(call)
    number, team_id = task_id(call), membership.team.id
    await call.core.tasks.need_changeable(call.actor, team_id, number)
    form = await call.fields()
    wish = await _change(call, membership, form)
    await call.core.tasks.change(call.actor, team_id, number, wish)
    return await chats.one(call, membership, Target(chat_id=number))


async def archive(call: Call) -> dict[str, Any]:
    """`DELETE …/tasks/{jid}`: gone for everybody; the task as it was."""
    membership = await need_team(call)
    number = task_id(call)
    said = await chats.one(call, membership, Target(chat_id=number))
    gone = await call.core.tasks.archive(call.actor, membership.team.id, number)
    return archived(said, gone)


async def _change(call: Call, membership: Membership, form: Fields) -> TaskChange:
    """What the body sets. Raises: InvalidData."""
    description = form.raw_text("description", most=MAX_DESCRIPTION)
    if description is not None:
        title = title_of(description)
        if not title:
            form.note("description", errors.REQUIRED)
        elif len(title) > MAX_TASK_TITLE:
            form.note("description", errors.too_long(MAX_TASK_TITLE, len(title)))
    status = form.text("task_status", most=MAX_STATUS)
    tags = form.texts("tags", most_items=MOST_TAGS, most=MAX_TAG)
    numbers = {
        name: form.number(key, 0, MOST_POINTS)
        for key, name in NUMBERS.items()
        if key in form.values
    }
    section = await section_wish(call, membership, form)
    assignee = await _assignee(call, membership, form)
    observers = await _observers(call, membership, form)
    wish = TaskChange(
        description=description,
        status=status or None,
        assignee_id=assignee,
        observers=observers,
        is_public=form.flag("public"),
        deadline=_moment(form, "deadline"),
        remind_at=_moment(form, "remind_at"),
        section_id=section,
        done_reason=form.text("done_reason"),
        items=_items(form),
        uploads=await _uploads(call, form),
        linked=await _linked(call, membership, form),
        tags=None if tags is None else tuple(each.strip() for each in tags if each.strip()),
        **numbers,
    )
    form.check()
    return wish


def _moment(form: Fields, key: str) -> int | Keep | None:
    """A date-time; null or "" takes it away."""
    if key not in form.values:
        return KEEP
    text = form.text(key)
    if not text:
        return None
    found = read_moment(text)
    if found is None:
        form.note(key, errors.WRONG_VALUE)
    return found


async def _assignee(call: Call, membership: Membership, form: Fields) -> AccountId | Keep | None:
    if "assignee" not in form.values:
        return KEEP
    jid = form.text("assignee")
    if not jid:
        return None
    found = await find_member(call, membership, jid)
    if found is None or found.is_archived or found.bot:
        form.note("assignee", errors.no_choice(jid))
        return None
    return found.account_id


async def _observers(
    call: Call, membership: Membership, form: Fields
) -> tuple[AccountId, ...] | None:
    jids = form.texts("observers", most_items=MOST_OBSERVERS)
    if jids is None:
        return None
    found = []
    for place, jid in enumerate(jids):
        member = await find_member(call, membership, jid)
        if member is None or member.is_archived or member.bot:
            form.note(f"observers.{place}", errors.no_choice(jid))
        else:
            found.append(member.account_id)
    return tuple(found)


def _items(form: Fields) -> tuple[Item, ...] | None:
    values = form.values.get("items")
    if isinstance(values, list) and all(isinstance(each, str) for each in values):
        # What is to be done, and nothing of it is yet: some clients say no more.
        texts = form.texts("items", most_items=MOST_ITEMS, most=MAX_TASK_TITLE) or []
        return tuple(Item(each) for each in texts if each.strip())
    items = form.objects("items", most_items=MOST_ITEMS)
    if items is None:
        return None
    return tuple(
        Item(each.need_text("text", most=MAX_TASK_TITLE), each.flag("checked") or False)
        for each in items
    )


async def _uploads(call: Call, form: Fields) -> tuple[FileId, ...] | None:
    uuids = form.texts("uploads", most_items=MAX_MESSAGE_UPLOADS)
    if uuids is None:
        return None
    numbers = [FileId(ids.from_uuid(Kind.UPLOAD, each) or 0) for each in uuids]
    known = await call.core.files.visible(call.actor.account_id, numbers)
    for uuid, number in zip(uuids, numbers, strict=True):
        if number not in known:
            form.note("uploads", errors.no_choice(uuid))
    return tuple(numbers)


async def _linked(call: Call, membership: Membership, form: Fields) -> tuple[MessageId, ...] | None:
    uuids = form.texts("linked_messages", most_items=MAX_LINKED_MESSAGES)
    if uuids is None:
        return None
    found = []
    for uuid in uuids:
        try:
            found.append(await sending.message_of(call.desk, call.actor, membership.team.id, uuid))
        except NotFound:
            form.note("linked_messages", errors.no_choice(uuid))
    return tuple(found)


ALL = "/teams/{team}/tasks"
ONE = f"{ALL}/{{jid}}"

OPERATIONS = (
    Operation("GET", ALL, listed),
    Operation("POST", ALL, create),
    Operation("GET", ONE, read),
    Operation("PUT", ONE, change),
    Operation("POST", ONE, change),
    Operation("DELETE", ONE, archive),
)
