"""Groups of teams: what their members and leaders do with them, each right checked where it is used."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.errors import NotAllowed
from tertulia.core.groups import GroupChange, GroupMember, NewTeamGroup
from tertulia.core.ids import AccountId, ChatId, FileId, TeamId
from tertulia.core.model import Actor, Chat, Keep, Picture, Role
from tertulia.core.team_model import TeamMember
from tertulia.core.team_rights import need_more_than_guest
from tertulia.core.text import fold
from tertulia.store import records
from tertulia.store.engine import Engine
from tertulia.store.files import DROP_PICTURE, held_picture
from tertulia.store.found_groups import need_all, need_led
from tertulia.store.group_cleanup import cleanup
from tertulia.store.group_people import drop_member, join, members, put_members
from tertulia.store.sections import need_section
from tertulia.store.team_groups import (
    add_members,
    archive_chat,
    open_team_group,
    tell_all,
    touch,
)
from tertulia.store.team_records import need_member
from tertulia.store.work import Work, draw, rows, run

UPDATE_CARD = """
UPDATE chats SET name = ?, description = ?, search_text = ?, readonly = ? WHERE id = ?
"""

UPDATE_SETTINGS = """
UPDATE group_settings SET is_public = ?, is_default = ?, cleanup_s = ?, section_id = ?, version = ?
WHERE chat_id = ?
"""

SET_PICTURE = "UPDATE chats SET picture = ? WHERE id = ?"

ALL_OF_TEAM = """
SELECT t.account_id FROM team_members t JOIN accounts a ON a.id = t.account_id AND a.bot = ''
WHERE t.team_id = ? AND t.archived_at IS NULL ORDER BY t.id
"""


class SqlGroups:
    """`core.groups.GroupStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(
        self,
        actor: Actor,
        team_id: TeamId,
        new: NewTeamGroup,
        members: Sequence[tuple[AccountId, Role]],
        now: int,
    ) -> Chat:
        """See the port."""
        return await self._engine.write(create(actor, team_id, new, members, now))

    async def change(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, change: GroupChange, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(change_group(actor, team_id, chat_id, change, now))

    async def need_led(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> None:
        """See the port."""
        await self._engine.read(need_led(actor, team_id, chat_id))

    async def set_portrait(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, file_id: FileId | None, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(set_portrait(actor, team_id, chat_id, file_id, now))

    async def archive(self, actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> Chat:
        """See the port."""
        return await self._engine.write(archive(actor, team_id, chat_id, now))

    async def members(self, actor: Actor, team_id: TeamId, chat_id: ChatId) -> list[GroupMember]:
        """See the port."""
        return await self._engine.scan(members(actor, team_id, chat_id))

    async def put_members(
        self,
        actor: Actor,
        team_id: TeamId,
        chat_id: ChatId,
        members: Sequence[tuple[AccountId, Role]],
        now: int,
    ) -> None:
        """See the port."""
        await self._engine.write(put_members(actor, team_id, chat_id, members, now))

    async def drop_member(
        self, actor: Actor, team_id: TeamId, chat_id: ChatId, account_id: AccountId, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(drop_member(actor, team_id, chat_id, account_id, now))

    async def join(self, actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> None:
        """See the port."""
        await self._engine.write(join(actor, team_id, chat_id, now))

    async def cleanup(self, now: int, limit: int) -> int:
        """See the port."""
        return await self._engine.write(cleanup(now, limit))


def create(
    actor: Actor,
    team_id: TeamId,
    new: NewTeamGroup,
    members: Sequence[tuple[AccountId, Role]],
    now: int,
) -> Work[Chat]:
    """A new group; one for everybody has everybody in it at once."""
    membership = yield from need_member(team_id, actor.account_id)
    need_more_than_guest(membership.me)
    yield from need_all(team_id, members)
    if new.settings.section_id is not None:
        yield from need_section(team_id, new.settings.section_id)
    if new.settings.is_default:
        _need_manager(membership.me)
        everybody = yield from rows(ALL_OF_TEAM, team_id)
        members = [*((each[0], Role.MEMBER) for each in everybody), *members]
    return (yield from open_team_group(actor, team_id, new, members, now))


def _need_manager(me: TeamMember) -> None:
    """What is for everybody in the team is the business of whoever manages it."""
    if not me.status.manages:
        raise NotAllowed("manage the team")


def change_group(
    actor: Actor, team_id: TeamId, chat_id: ChatId, change: GroupChange, now: int
) -> Work[None]:
    """Everybody in it hears of a change, nobody of none."""
    group = yield from need_led(actor, team_id, chat_id)
    chat, old = group.chat, group.settings
    new = replace(
        old,
        is_public=old.is_public if change.is_public is None else change.is_public,
        is_readonly=old.is_readonly if change.is_readonly is None else change.is_readonly,
        is_default=old.is_default if change.is_default is None else change.is_default,
        cleanup_s=old.cleanup_s if change.cleanup_s is None else change.cleanup_s or None,
        section_id=old.section_id if isinstance(change.section_id, Keep) else change.section_id,
    )
    name = chat.name if change.name is None else change.name
    description = chat.description if change.description is None else change.description
    if (name, description, new) == (chat.name, chat.description, old):
        return
    if new.is_default != old.is_default:
        _need_manager(group.membership.me)
    if new.section_id is not None and new.section_id != old.section_id:
        yield from need_section(team_id, new.section_id)
    yield from run(UPDATE_CARD, name, description, fold(name), int(new.is_readonly), chat_id)
    yield from run(
        UPDATE_SETTINGS, int(new.is_public), int(new.is_default), new.cleanup_s, new.section_id,
        (yield from draw(now)), chat_id,
    )  # fmt: skip
    chat = yield from touch(chat, now)
    if new.is_default and not old.is_default:
        everybody = [(each[0], Role.MEMBER) for each in (yield from rows(ALL_OF_TEAM, team_id))]
        chat = yield from add_members(actor, chat, everybody, now)
    yield from tell_all(actor, chat, now)


def set_portrait(
    actor: Actor, team_id: TeamId, chat_id: ChatId, file_id: FileId | None, now: int
) -> Work[None]:
    """The file is seen by whoever is in the group from now on."""
    group = yield from need_led(actor, team_id, chat_id)
    if file_id is None:
        if group.chat.picture is None:
            return
        yield from run(DROP_PICTURE, chat_id)
        picture = None
    else:
        picture = yield from held_picture(actor, chat_id, Picture("", file_id=file_id))
    yield from run(SET_PICTURE, records.as_json(picture), chat_id)
    yield from tell_all(actor, (yield from touch(group.chat, now)), now)


def archive(actor: Actor, team_id: TeamId, chat_id: ChatId, now: int) -> Work[Chat]:
    """Deleted for everybody."""
    group = yield from need_led(actor, team_id, chat_id)
    return (yield from archive_chat(actor, group.chat, now))
