"""Who comes into a team's chats and who goes: units for whoever changes teams, groups or tasks.

Nobody's rights are looked at here. Of a large group no event names all members: who is in it hears
nothing of others who come and go.
"""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.events import ChatChanged, ChatOpened, MembersAdded, MembersRemoved
from tertulia.core.groups import (
    COMMON_GROUP,
    COMMON_GROUP_DESCRIPTION,
    GroupSettings,
    NewTeamGroup,
)
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import Actor, Chat, ChatKind, Role
from tertulia.core.text import fold
from tertulia.store import records
from tertulia.store.chats import INSERT_MEMBER, MOST_NAMED
from tertulia.store.leaving import part, without
from tertulia.store.log import record
from tertulia.store.membership import (
    COUNT_IN,
    JOIN,
    find_chat,
    heirs,
    is_large,
    joining,
    members_of,
)
from tertulia.store.work import Work, draw, many, row, rows, run

INSERT_TEAM_CHAT = """
INSERT INTO chats (id, kind, name, description, search_text, owner_id, created_at, updated_at,
    subscribers, team_id, readonly)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

INSERT_SETTINGS = """
INSERT INTO group_settings (chat_id, team_id, is_public, is_default, cleanup_s, section_id, version)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

DEFAULT_GROUPS = f"""
SELECT {records.CHAT} FROM group_settings s JOIN chats c ON c.id = s.chat_id
WHERE s.team_id = ? AND s.is_default = 1 AND c.archived_at IS NULL
ORDER BY c.id
"""

CHATS_OF_MEMBER = f"""
SELECT {records.CHAT} FROM members b JOIN chats c ON c.id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL AND c.team_id = ?
ORDER BY c.id
"""

LIVING_CHATS = f"""
SELECT {records.CHAT} FROM chats c WHERE c.team_id = ? AND c.archived_at IS NULL ORDER BY c.id
"""

PLACE = "SELECT c.last_seq, c.last_at FROM chats c WHERE c.id = ?"

EVERYBODY = "SELECT m.account_id FROM members m WHERE m.chat_id = ?"

ARCHIVE = (
    "UPDATE chats SET archived_at = ?, updated_at = ?, subscribers = 0 WHERE id = ?",
    "DELETE FROM members WHERE chat_id = ?",
)

TOUCHED = "UPDATE chats SET updated_at = CASE WHEN updated_at >= ? THEN updated_at + 1 ELSE ? END WHERE id = ?"


def open_team_group(
    actor: Actor,
    team_id: TeamId,
    new: NewTeamGroup,
    others: Sequence[tuple[AccountId, Role]],
    now: int,
) -> Work[Chat]:
    """A group of the team, owned by the actor. Whoever calls has made sure that all are in the team."""
    settings = new.settings
    chat = yield from open_team_chat(
        actor, team_id, ChatKind.GROUP, (new.name, new.description), others, now,
        readonly=settings.is_readonly,
    )  # fmt: skip
    yield from run(
        INSERT_SETTINGS, chat.id, team_id, int(settings.is_public), int(settings.is_default),
        settings.cleanup_s, settings.section_id, chat.id,
    )  # fmt: skip
    return chat


def searched(name: str, description: str) -> str:
    """What a task is found by: its name, and what is said of it beyond the first line."""
    return fold(f"{name}\n{description}")


def open_team_chat(  # noqa: PLR0917 - who, where, what, with whom
    actor: Actor,
    team_id: TeamId,
    kind: ChatKind,
    card: tuple[str, str],
    others: Sequence[tuple[AccountId, Role]],
    now: int,
    *,
    readonly: bool = False,
) -> Work[Chat]:
    """A group or task. *card*: its name and description."""
    me, (name, description) = actor.account_id, card
    roles = {me: Role.OWNER, **{each: role for each, role in others if each != me}}
    number = ChatId((yield from draw(now)))
    words = searched(name, description) if kind is ChatKind.TASK else fold(name)
    yield from run(
        INSERT_TEAM_CHAT, number, kind.value, name, description, words, me, now, now,
        len(roles), team_id, int(readonly),
    )  # fmt: skip
    yield from many(
        INSERT_MEMBER, [(number, each, role.value, now) for each, role in roles.items()]
    )
    chat = Chat(
        number, kind, me, now, now, name, description, subscribers=len(roles), team_id=team_id
    )
    everybody = tuple(roles)
    named = () if is_large(chat) else everybody
    for first in range(0, len(everybody), MOST_NAMED):
        told = everybody[first : first + MOST_NAMED]
        event = ChatOpened(chat, named, me, told, now, actor.connection)
        yield from record(event, now, chat_id=number, accounts=told)
    return chat


def open_default_group(
    actor: Actor, team_id: TeamId, accounts: Sequence[AccountId], now: int
) -> Work[Chat]:
    """The group that a new team begins with: everybody is in it, also who comes later."""
    settings = GroupSettings(is_public=True, is_default=True)
    new = NewTeamGroup(COMMON_GROUP, COMMON_GROUP_DESCRIPTION, settings)
    others = [(each, Role.MEMBER) for each in accounts]
    return (yield from open_team_group(actor, team_id, new, others, now))


def join_default_groups(
    actor: Actor, team_id: TeamId, accounts: Sequence[AccountId], now: int
) -> Work[None]:
    """Newcomers enter every group that is for everybody; once is enough."""
    newcomers = [(each, Role.MEMBER) for each in accounts]
    for found in (yield from rows(DEFAULT_GROUPS, team_id)):
        yield from add_members(actor, records.chat(found), newcomers, now)


def add_members(
    actor: Actor, chat: Chat, newcomers: Sequence[tuple[AccountId, Role]], now: int
) -> Work[Chat]:
    """They are in the chat from now on; who is in it already stays as he is."""
    asked = dict(newcomers)
    present = yield from members_of(chat, about=tuple(asked))
    added = [each for each in asked if each not in present]
    if not added:
        return chat
    place = yield from row(PLACE, chat.id)
    assert place is not None, "the chat was read in this transaction"
    at = (place[0], place[1])
    yield from many(JOIN, [joining(chat.id, each, asked[each], now, at) for each in added])
    yield from run(COUNT_IN, len(added), chat.id)
    was_large = is_large(chat)
    chat = replace(chat, subscribers=chat.subscribers + len(added))
    chat = yield from touch(chat, now)
    everybody = () if was_large or is_large(chat) else (*present, *added)
    for first in range(0, len(added), MOST_NAMED):
        told = tuple(added[first : first + MOST_NAMED])
        event = MembersAdded(chat, everybody, actor.account_id, told, None, now, actor.connection)
        yield from record(event, now, chat_id=chat.id, accounts=told)
    yield from tell_changed(actor, chat, everybody, now, but=added)
    return chat


def remove_member(actor: Actor, chat: Chat, account_id: AccountId, now: int) -> Work[None]:
    """He is in the chat no more; a chat without members is gone, one without its owner gets the next."""
    was_large = is_large(chat)
    present = yield from members_of(chat, about=(account_id,))
    if present.pop(account_id, None) is None:
        return
    chat = yield from part(chat, account_id)
    left = (yield from heirs(chat.id)) if was_large else present
    chat = yield from without(chat, account_id, left)
    if left:
        chat = yield from touch(chat, now)
    everybody = () if was_large else tuple(present)
    by_himself = account_id == actor.account_id
    gone = MembersRemoved(
        chat, everybody, actor.account_id, (account_id,), by_himself, now, actor.connection
    )
    yield from record(gone, now, chat_id=chat.id, accounts=(account_id,))
    yield from tell_changed(actor, chat, everybody, now)


def tell_changed(
    actor: Actor,
    chat: Chat,
    everybody: Sequence[AccountId],
    now: int,
    *,
    but: Sequence[AccountId] = (),
) -> Work[None]:
    """Those in a small chat hear how it is now; *everybody* is empty for a large one, or a chat that is gone."""
    if not everybody:
        return
    left_out = frozenset(but)
    told = tuple(each for each in everybody if each not in left_out)
    event = ChatChanged(chat, tuple(everybody), actor.account_id, told, now, actor.connection)
    yield from record(event, now, chat_id=chat.id, accounts=told)


def tell_all(actor: Actor, chat: Chat, now: int) -> Work[None]:
    """Everybody in the chat hears how it is now, however many."""
    if is_large(chat):
        event = ChatChanged(chat, (), actor.account_id, (), now, actor.connection)
        yield from record(event, now, chat_id=chat.id)
        return
    members = yield from members_of(chat)
    yield from tell_changed(actor, chat, tuple(members), now)


def touch(chat: Chat, now: int) -> Work[Chat]:
    """It has changed: its date is a later one than before."""
    yield from run(TOUCHED, now, now, chat.id)
    found = yield from find_chat(chat.id)
    assert found is not None, "it was read in this transaction"
    return found


def leave_team_chats(actor: Actor, team_id: TeamId, account_id: AccountId, now: int) -> Work[None]:
    """Who is out of the team is out of its groups and tasks."""
    for found in (yield from rows(CHATS_OF_MEMBER, account_id, team_id)):
        yield from remove_member(actor, records.chat(found), account_id, now)


def archive_team_chats(actor: Actor, team_id: TeamId, now: int) -> Work[None]:
    """All groups and tasks of the team are deleted with it."""
    for found in (yield from rows(LIVING_CHATS, team_id)):
        yield from archive_chat(actor, records.chat(found), now)


def archive_chat(actor: Actor, chat: Chat, now: int) -> Work[Chat]:
    """It is deleted: nobody is in it any more, and nobody finds it. Its messages are kept."""
    everybody = [each[0] for each in (yield from rows(EVERYBODY, chat.id))]
    at = max(now, chat.updated_at + 1)
    archive, forget_members = ARCHIVE
    yield from run(archive, now, at, chat.id)
    yield from run(forget_members, chat.id)
    chat = replace(chat, archived=True, updated_at=at, subscribers=0)
    for first in range(0, len(everybody), MOST_NAMED):
        told = tuple(everybody[first : first + MOST_NAMED])
        event = MembersRemoved(chat, (), actor.account_id, told, False, now, actor.connection)  # noqa: FBT003 - by_themselves
        yield from record(event, now, chat_id=chat.id, accounts=told)
    return chat
