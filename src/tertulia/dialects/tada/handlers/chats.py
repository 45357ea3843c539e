"""Chats of a team: list, read, keep in one's own way (later clients)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tertulia.core.chat_lists import MAX_DRAFT, ChatEntry, SettingsChange
from tertulia.core.errors import NotAllowed
from tertulia.core.groups import GroupChange
from tertulia.core.histories import Target
from tertulia.core.model import ChatKind
from tertulia.core.team_model import Membership
from tertulia.dialects.tada import filters, sending
from tertulia.dialects.tada.chats import chat, chat_gentime
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.handlers.sections import section_wish
from tertulia.dialects.tada.handlers.teams import need_team
from tertulia.dialects.tada.limits import MAX_GROUP_TITLE, MAX_MESSAGE
from tertulia.dialects.tada.people import people_in_chats
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation

MOST_PINNED = 2**31 - 1
MAX_CLEANUP_S = 100 * 366 * 86_400


async def said(
    call: Call, membership: Membership, entries: Iterable[ChatEntry]
) -> list[dict[str, Any]]:
    """The chats as the caller sees them."""
    found = list(entries)
    people = await people_in_chats(call.desk, membership, found)
    return [chat(call.desk, each, people.jid) for each in found]


async def one(call: Call, membership: Membership, target: Target) -> dict[str, Any]:
    """One of them, as it is now."""
    entry = await call.core.chat_lists.entry(call.actor, membership.team.id, target)
    (shown,) = await said(call, membership, [entry])
    return shown


async def listed(call: Call) -> dict[str, Any]:
    """`GET …/chats`: a page of them."""
    membership = await need_team(call)
    newer_than = filters.newer_than(call.query)
    wish = filters.chats(call)
    if newer_than:
        wish = replace(wish, is_new=lambda each: chat_gentime(each) > newer_than)
    found, count = await call.core.chat_lists.listed(call.actor, membership.team.id, wish)
    return {
        "objects": await said(call, membership, found),
        "count": count,
        "limit": wish.limit,
        "offset": wish.offset,
    }


async def read(call: Call) -> dict[str, Any]:
    """`GET …/chats/{jid}`."""
    membership = await need_team(call)
    target = await sending.target(call.desk, call.actor, membership.team.id, call.path["jid"])
    return await one(call, membership, target)


async def change(call: Call) -> dict[str, Any]:
    """`PUT …/chats/{jid}`: how one keeps it, and what everybody sees of a group, if one leads it."""
    membership = await need_team(call)
    team_id = membership.team.id
    target = await sending.target(call.desk, call.actor, team_id, call.path["jid"])
    entry = await call.core.chat_lists.entry(call.actor, team_id, target)
    form = await call.fields()
    mine, common = settings(form), GroupChange()
    if entry.kind is ChatKind.GROUP:
        common = _news(entry, await group_change(call, membership, form))
    form.check()
    if mine != SettingsChange() and entry.kind is not ChatKind.DIRECT and entry.role is None:
        raise NotAllowed("keep the chat")
    # First what asks for more: who may not do that has nothing half done.
    if entry.chat is not None and common != GroupChange():
        await call.core.groups.change(call.actor, team_id, entry.chat.id, common)
    if mine != SettingsChange():
        await call.core.chat_lists.settle(call.actor, team_id, target, mine)
    return await one(call, membership, target)


def _news(entry: ChatEntry, wanted: GroupChange) -> GroupChange:
    """What would change: clients send chats back as they got them, and what stays needs no right."""
    known = entry.group
    is_there = {
        "name": None if entry.chat is None else entry.chat.name,
        "description": None if entry.chat is None else entry.chat.description,
        "is_public": known.is_public,
        "is_readonly": known.is_readonly,
        "is_default": known.is_default,
        "cleanup_s": known.cleanup_s or 0,
        "section_id": known.section_id,
    }
    same = [name for name, value in is_there.items() if getattr(wanted, name) == value]
    return replace(wanted, **{name: getattr(GroupChange(), name) for name in same})


def settings(form: Fields) -> SettingsChange:
    """What a body says of one's own settings."""
    return SettingsChange(
        is_hidden=form.flag("hidden"),
        is_pinned=form.flag("pinned"),
        pin_order=form.number("pinned_sort_ordering", -MOST_PINNED, MOST_PINNED),
        notifies=form.flag("notifications_enabled"),
        counts=form.flag("counters_enabled"),
        is_collapsed=form.flag("collapsed"),
        draft=form.raw_text("draft", most=MAX_DRAFT),
    )


async def group_change(call: Call, membership: Membership, form: Fields) -> GroupChange:
    """What a body says of the group itself."""
    return GroupChange(
        name=form.text("display_name", most=MAX_GROUP_TITLE),
        description=form.text("description", most=MAX_MESSAGE),
        is_public=form.flag("public"),
        is_readonly=form.flag("readonly_for_members"),
        is_default=form.flag("default_for_all"),
        cleanup_s=form.number("autocleanup_age", 0, MAX_CLEANUP_S),
        section_id=await section_wish(call, membership, form),
    )


OPERATIONS = (
    Operation("GET", "/teams/{team}/chats", listed),
    Operation("GET", "/teams/{team}/chats/{jid}", read),
    Operation("PUT", "/teams/{team}/chats/{jid}", change),
    Operation("POST", "/teams/{team}/chats/{jid}", change),
)
