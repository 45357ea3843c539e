"""A chat as one member of a team sees it: `Chat`, `GroupMembership`, `ChatCounters` of the clients of today."""

from collections.abc import Callable
from typing import Any

from tertulia.core.access import may_moderate
from tertulia.core.chat_lists import ChatEntry
from tertulia.core.groups import GroupMember
from tertulia.core.ids import COUNTER_MASK, AccountId
from tertulia.core.model import Chat, ChatKind, Versions
from tertulia.core.tasks import DONE, Task, title_of
from tertulia.core.team_model import TeamStatus
from tertulia.dialects.tada.contacts import Eyes, contact_jid, member_icons, member_name
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.icons import portrait_icons, stub_icons
from tertulia.dialects.tada.ids import Kind, to_uuid
from tertulia.dialects.tada.messages import (
    CHAT_TYPES,
    Looking,
    chat_jid,
    links_in,
    message_id,
    shown,
)
from tertulia.dialects.tada.times import NS_PER_COUNT, NS_PER_MS, date_time, gentime
from tertulia.dialects.tada.uploads import uploaded

MY_FIELDS = (
    "collapsed", "counters_enabled", "draft", "hidden", "notifications_enabled", "pinned",
    "pinned_sort_ordering",
)  # fmt: skip
"""What everybody may change of a chat for himself."""

GROUP_FIELDS = (
    "autocleanup_age", "default_for_all", "description", "display_name", "icons", "public",
    "readonly_for_members", "section",
)  # fmt: skip
"""What those who lead a group change in it."""

TASK_FIELDS = (
    "assignee", "complexity", "custom_color_index", "deadline", "description",
    "done_reason", "importance", "items", "linked_messages", "observers", "public", "remind_at",
    "section", "spent_time", "tags", "task_status", "uploads", "urgency",
)  # fmt: skip
"""What those who own a task, or are to do it, change in it."""

ARCHIVED = "Контакт удалён из команды"
READONLY = "В этой группе пишут только администраторы"
BLOCKED = "Один из вас не хочет получать сообщения от другого"
OUTSIDE = "Вы не состоите в этом чате"


Jids = Callable[[AccountId], str]


def jid_of(entry: ChatEntry) -> str:
    """What the chat is called: a direct one by the other's name."""
    if entry.kind is ChatKind.DIRECT:
        return "" if entry.partner is None else contact_jid(entry.partner)
    assert entry.chat is not None, "only direct chats are not begun"
    return chat_jid(entry.kind, entry.chat.id)


def base_gentime(versions: Versions) -> int:
    """The version of what is the same for everybody."""
    number, changed_at, *parts, _, _ = versions
    at = changed_at * NS_PER_MS + (number & COUNTER_MASK) * NS_PER_COUNT
    return max([at, *(gentime(each) for each in parts if each)])


def chat_gentime(versions: Versions) -> int:
    """The version of the chat as one of its members sees it."""
    mine = gentime(versions.settings) if versions.settings else 0
    return max(base_gentime(versions), mine, versions.marked_at * NS_PER_MS)


def chat(desk: TadaDesk, entry: ChatEntry, jid: Jids) -> dict[str, Any]:
    """`Chat`. *jid*: what accounts are called in the team."""
    said = _card(desk, entry)
    said |= _mine(entry)
    if entry.kind is not ChatKind.DIRECT:
        said |= _of_many(entry, jid)
    if entry.kind in {ChatKind.GROUP, ChatKind.CHANNEL}:
        said |= _group(entry)
    if entry.kind is ChatKind.TASK:
        said |= _task(desk, entry, jid)
    said |= _rights(entry)
    if entry.last is not None:
        team, me = entry.membership
        looking = Looking(desk, team.id, me.account_id, jid, team.edit_window_s)
        said["last_message"] = shown(entry.last, looking)
        said["last_activity"] = date_time(entry.last.message.sent_at)
    return said


def _card(desk: TadaDesk, entry: ChatEntry) -> dict[str, Any]:
    """What is always there."""
    common = {
        "jid": jid_of(entry),
        "chat_type": CHAT_TYPES[entry.kind],
        "gentime": chat_gentime(entry.versions),
        "base_gentime": base_gentime(entry.versions),
        "created": date_time(entry.created_at),
    }
    team, me = entry.membership
    if entry.partner is not None:
        name = member_name(team, entry.partner)
        icons = member_icons(Eyes(desk, View.V4, team, me), entry.partner, name)
        return {**common, "display_name": name, "icons": icons}
    assert entry.chat is not None, "only direct chats are not begun"
    name = entry.chat.name
    if entry.portrait is not None:
        icons = portrait_icons(desk, View.V4, entry.portrait)
    else:
        kind = Kind.TASK if entry.kind is ChatKind.TASK else Kind.GROUP
        icons = stub_icons(desk, View.V4, to_uuid(kind, entry.chat.id), name)
    return {**common, "display_name": name, "icons": icons}


def _mine(entry: ChatEntry) -> dict[str, Any]:
    """How the member keeps it, and how far he has read."""
    settings = entry.settings
    said: dict[str, Any] = {
        "counters_enabled": settings.counts,
        "notifications_enabled": settings.notifies,
        "hidden": settings.is_hidden,
        "pinned": settings.is_pinned,
        "collapsed": settings.is_collapsed,
        "pinned_sort_ordering": settings.pin_order,
        "num_unread": entry.unread,
        "num_unread_notices": entry.mentioned,
        "num_importants": entry.importants,
        "draft": settings.draft,
        "draft_revision": settings.draft_at,
    }
    said = {key: value for key, value in said.items() if value}
    if settings.draft:
        said["draft_gentime"] = settings.draft_at * NS_PER_MS
    if entry.mark is not None:
        said["last_read_message_id"] = message_id(entry.mark)
    return said


def _of_many(entry: ChatEntry, jid: Jids) -> dict[str, Any]:
    assert entry.chat is not None, "only direct chats are not begun"
    said: dict[str, Any] = {"num_members": entry.num_members}
    if entry.chat.description:
        said["description"] = entry.chat.description
    section = entry.group.section_id if entry.task is None else entry.task.section_id
    if section is not None:
        said["section"] = to_uuid(Kind.SECTION, section)
    if entry.group.is_public or (entry.task is not None and entry.task.is_public):
        said["public"] = True
    if entry.members:
        said["members"] = [group_membership(entry, each, jid) for each in entry.members]
    return said


def group_membership(entry: ChatEntry, member: GroupMember, jid: Jids) -> dict[str, Any]:
    """`GroupMembership`: somebody in a group, and whether the reader may put him out."""
    said: dict[str, Any] = {
        "jid": jid(member.account_id),
        "status": "admin" if member.leads else "member",
    }
    if leads(entry) or member.account_id == entry.membership.me.account_id:
        said["can_remove"] = True
    return said


def leads(entry: ChatEntry) -> bool:
    """Whether the member leads the group or owns the task, or manages the team."""
    leads_it = entry.role is not None and may_moderate(entry.role)
    return leads_it or entry.membership.me.status.manages


def _group(entry: ChatEntry) -> dict[str, Any]:
    settings, me = entry.group, entry.membership.me
    said: dict[str, Any] = {}
    if entry.role is not None:
        said["status"] = "admin" if may_moderate(entry.role) else "member"
    sets_up = may_set_up(entry)
    rights = {
        "can_add_member": sets_up,
        "can_remove_member": sets_up,
        "can_change_member_status": sets_up,
        "can_change_settings": sets_up,
        "can_join": entry.role is None and settings.is_public and me.status is not TeamStatus.GUEST,
        "default_for_all": settings.is_default,
        "readonly_for_members": settings.is_readonly,
    }
    said |= {key: True for key, value in rights.items() if value}
    if settings.cleanup_s:
        said["autocleanup_age"] = settings.cleanup_s
    return said


def _task(desk: TadaDesk, entry: ChatEntry, jid: Jids) -> dict[str, Any]:
    task, its_chat = entry.task, entry.chat
    assert task is not None, "a task has what a task has"
    assert its_chat is not None, "only direct chats are not begun"
    named = {its_chat.owner_id, task.assignee_id}
    observers = [each.account_id for each in entry.members or () if each.account_id not in named]
    now = desk.core.clock.now_ms()
    said: dict[str, Any] = {
        "num": task.num,
        "title": title_of(its_chat.description),
        "task_status": task.status,
        "owner": jid(its_chat.owner_id),
        "observers": [jid(each) for each in observers],
        "tags": list(task.tags),
        "importance": task.importance,
        "urgency": task.urgency,
        "complexity": task.complexity,
        "spent_time": task.spent_time,
        "color_index": task.color_index,
        "done_reason": task.done_reason,
        "uploads": [uploaded(desk, each) for each in entry.files],
        "links": links_in(its_chat.description),
    }
    if task.assignee_id is not None:
        said["assignee"] = jid(task.assignee_id)
    if task.deadline is not None:
        said["deadline"] = date_time(task.deadline)
        said["deadline_expired"] = task.deadline < now and task.status != DONE
    if task.done_at is not None:
        said["done"] = date_time(task.done_at)
    said |= _items(task)
    return {key: value for key, value in said.items() if value not in (None, "", [], False)}


def _items(task: Task) -> dict[str, Any]:
    if not task.items:
        return {}
    checked = sum(each.is_checked for each in task.items)
    return {
        "items": [
            {
                "gentime": gentime(task.version),
                "text": each.text,
                **({"checked": True} if each.is_checked else {}),
            }
            for each in task.items
        ],
        "num_items": len(task.items),
        "num_checked_items": checked,
    }


def _rights(entry: ChatEntry) -> dict[str, Any]:
    """What the member may do there; rights that he has not are left out."""
    reason = _why_silent(entry)
    said: dict[str, Any] = {}
    if reason:
        said["cant_send_message_reason"] = reason
    else:
        said["can_send_message"] = True
    if entry.kind is ChatKind.DIRECT:
        if not reason and entry.partner is not None and not entry.partner.bot:
            said["can_call"] = True
        said["changeable_fields"] = [*MY_FIELDS]
        return said
    if leads(entry) and _reads(entry):
        said["can_delete_any_message"] = True
        said["can_set_important_any_message"] = True
    fields = set(MY_FIELDS) if entry.role is not None else set[str]()
    if may_set_up(entry):
        said["can_delete"] = True
        fields.update(GROUP_FIELDS if entry.kind is ChatKind.GROUP else TASK_FIELDS)
        if not entry.membership.me.status.manages:
            fields.discard("default_for_all")
    said["changeable_fields"] = sorted(fields)
    return {key: value for key, value in said.items() if value}


def _reads(entry: ChatEntry) -> bool:
    """Whether the member sees what is said there: from outside only in public tasks."""
    return entry.role is not None or (entry.task is not None and entry.task.is_public)


def may_set_up(entry: ChatEntry) -> bool:
    """Whether the member may change the group or task itself; channels are set up elsewhere."""
    me = entry.membership.me
    if entry.kind is ChatKind.CHANNEL:
        return False
    if entry.task is not None and entry.role is not None:
        return (
            me.status.manages or may_moderate(entry.role) or entry.task.assignee_id == me.account_id
        )
    return leads(entry)


def _why_silent(entry: ChatEntry) -> str:
    """Why the member may not write; "" when he may."""
    if entry.kind is ChatKind.DIRECT:
        if entry.partner is None or entry.partner.is_archived:
            return ARCHIVED
        return BLOCKED if entry.is_blocked else ""
    if entry.role is None:
        return OUTSIDE
    return READONLY if entry.group.is_readonly and not may_moderate(entry.role) else ""


def counters(entry: ChatEntry) -> dict[str, Any]:
    """`ChatCounters`: how far the member has read."""
    said: dict[str, Any] = {
        "jid": jid_of(entry),
        "chat_type": CHAT_TYPES[entry.kind],
        "gentime": chat_gentime(entry.versions),
        "num_unread": entry.unread,
        "num_unread_notices": entry.mentioned,
        "last_read_message_id": None if entry.mark is None else message_id(entry.mark),
    }
    if entry.last is not None:
        said["last_activity"] = date_time(entry.last.message.sent_at)
    return said


def archived(said: dict[str, Any], gone: Chat) -> dict[str, Any]:
    """A group or task as it was, now that it is deleted."""
    version = gone.updated_at * NS_PER_MS + (gone.id & COUNTER_MASK) * NS_PER_COUNT
    return {**said, "gentime": max(version, said["gentime"] + 1), "is_archive": True}


def deleted(entry: ChatEntry) -> dict[str, Any]:
    """`DeletedChat`: it is over for the member."""
    return {
        "jid": jid_of(entry),
        "chat_type": CHAT_TYPES[entry.kind],
        "gentime": chat_gentime(entry.versions),
        "is_archive": True,
    }
