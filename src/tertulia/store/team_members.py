"""Members of teams: inviting, changing and removing them, and what happens to them by themselves."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from tertulia.core.errors import BadInput, NotAllowed
from tertulia.core.events import TeamRemoved
from tertulia.core.ids import AccountId, FileId, SectionId, TeamId, TeamMemberId
from tertulia.core.model import Actor, Picture, ProfileChange
from tertulia.core.team_model import (
    HOME_TEAM,
    Invited,
    MemberChange,
    Preferences,
    TeamMember,
    TeamStatus,
)
from tertulia.core.team_rights import (
    last_owner,
    may_manage,
    may_remove,
    need_may_change,
    need_may_give,
)
from tertulia.store.accounts import change_profile
from tertulia.store.awaited import accounts_of_phones, name_nameless
from tertulia.store.engine import Engine
from tertulia.store.files import DROP_PICTURE, HOLD_PICTURE
from tertulia.store.preferences import preferences_of
from tertulia.store.team_groups import join_default_groups, leave_team_chats
from tertulia.store.team_places import (
    ACTIVE,
    TOUCH_MEMBER,
    account_changed,
    prefer,
    tell_active,
    tell_members,
    told,
)
from tertulia.store.team_records import (
    MEMBER,
    MEMBERS_FROM,
    member,
    members_of_accounts,
    need_contact,
    need_member,
)
from tertulia.store.teams import add_members, as_text, need_managed, tell_team
from tertulia.store.work import Work, array, draw, rows, run, tell

REVIVE = """
UPDATE team_members SET archived_at = NULL, status = ?, version = ?, role = ?, phone = ?,
    needs_confirmation = 1
WHERE id = ?
"""

UPDATE = """
UPDATE team_members SET version = ?, status = ?, role = ?, email = ?, phone = ?, sections = ?
WHERE id = ?
"""

ARCHIVE_MEMBER = "UPDATE team_members SET version = ?, archived_at = ?, sections = '' WHERE id = ?"

PIN = "UPDATE team_members SET version = ?, is_pinned = ? WHERE id = ?"

CONFIRM = "UPDATE team_members SET version = ?, needs_confirmation = 0 WHERE id = ?"

OWNERS = f"""
SELECT {MEMBER} {MEMBERS_FROM}
WHERE t.team_id = ? AND t.status = 'owner' AND t.archived_at IS NULL LIMIT 2
"""

SECTIONS = """
SELECT s.id FROM sections s
WHERE s.team_id = ? AND s.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

CLEAR_PICTURE = "UPDATE accounts SET picture = NULL, updated_at = ? WHERE id = ?"

ACTIVE_EVERY_MS = 1_000
"""So often at most it is stored that somebody is active."""


class SqlTeamMembers:
    """`core.team_ports.TeamMemberStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def invite(
        self, actor: Actor, team_id: TeamId, invited: Sequence[Invited], now: int
    ) -> list[TeamMember]:
        """See the port."""
        return await self._engine.write(invite(actor, team_id, invited, now))

    async def change(
        self,
        actor: Actor,
        team_id: TeamId,
        member_id: TeamMemberId,
        change: MemberChange,
        now: int,
    ) -> TeamMember:
        """See the port."""
        return await self._engine.write(change_member(actor, team_id, member_id, change, now))

    async def remove(
        self, actor: Actor, team_id: TeamId, member_id: TeamMemberId, now: int
    ) -> TeamMember:
        """See the port."""
        return await self._engine.write(remove_member(actor, team_id, member_id, now))

    async def set_portrait(
        self,
        actor: Actor,
        team_id: TeamId,
        member_id: TeamMemberId,
        file_id: FileId | None,
        now: int,
    ) -> TeamMember:
        """See the port."""
        return await self._engine.write(set_portrait(actor, team_id, member_id, file_id, now))

    async def confirm(self, actor: Actor, team_id: TeamId, now: int) -> None:
        """See the port."""
        await self._engine.write(confirm(actor, team_id, now))

    async def pin(self, actor: Actor, team_id: TeamId, now: int, *, is_pinned: bool) -> None:
        """See the port."""
        await self._engine.write(pin_team(actor, team_id, now, is_pinned=is_pinned))

    async def note_active(self, account_id: AccountId, team_id: TeamId, at: int) -> None:
        """See the port."""
        await self._engine.write(run(ACTIVE, at, account_id, team_id, at - ACTIVE_EVERY_MS))

    async def tell_active(self, actor: Actor, team_id: TeamId, most: int, at: int) -> None:
        """See the port."""
        await self._engine.write(tell_active(actor, team_id, most, at))

    async def preferences(self, account_id: AccountId) -> Preferences:
        """See the port."""
        found = await self._engine.read(preferences_of([account_id]))
        return found.get(account_id, Preferences())

    async def prefer(self, actor: Actor, preferences: Preferences, now: int) -> None:
        """See the port."""
        await self._engine.write(prefer(actor, preferences, now))


def invite(
    actor: Actor, team_id: TeamId, invited: Sequence[Invited], now: int
) -> Work[list[TeamMember]]:
    """Their entries in the order asked. Who is in the team stays as he is; who was, comes back."""
    membership = yield from need_managed(actor, team_id)
    for each in invited:
        need_may_give(membership.me, each.status)
    yield from need_sections(team_id, {one for each in invited for one in each.sections})
    names = {each.phone: (each.first_name, each.last_name) for each in reversed(invited)}
    accounts = yield from accounts_of_phones(names, now)
    asked = {accounts[each.phone]: each for each in reversed(invited)}
    known = yield from members_of_accounts(team_id, [*asked])
    returned = {each: known[each] for each in asked if each in known and known[each].is_archived}
    for account_id, old in returned.items():
        yield from revive(old, asked[account_id], now)
    come = {
        account_id: names[each.phone]
        for account_id, each in asked.items()
        if account_id not in known or account_id in returned
    }
    yield from name_nameless(come, now)
    # In the order asked, so that the newest entry is the last of them.
    new = [each for each in dict.fromkeys(accounts[i.phone] for i in invited) if each not in known]
    yield from add_members(
        team_id, [(each, asked[each]) for each in new], now, needs_confirmation=True
    )
    yield from welcome(actor, team_id, [*returned, *new], now)
    entries = yield from members_of_accounts(team_id, [*asked])
    return [entries[accounts[each.phone]] for each in invited]


def revive(old: TeamMember, invited: Invited, now: int) -> Work[None]:
    """He is in the team again, as the same entry."""
    yield from run(
        REVIVE, invited.status.value, (yield from draw(now)), invited.role or old.role,
        old.phone or invited.phone, old.id,
    )  # fmt: skip


def welcome(
    actor: Actor, team_id: TeamId, account_ids: Sequence[AccountId], now: int
) -> Work[None]:
    """These are in the team from now on: in its groups for everybody, and everybody hears of it."""
    if not account_ids:
        return
    yield from join_default_groups(actor, team_id, account_ids, now)
    entries = yield from members_of_accounts(team_id, [*account_ids])
    members = [entries[each] for each in account_ids]
    yield from tell_team(team_id, members, now, actor.connection)
    yield from tell_members(team_id, members, actor, now)


def need_sections(team_id: TeamId, sections: Collection[SectionId]) -> Work[None]:
    """Raises: BadInput("section"): one of them is not of this team."""
    if sections:
        found = yield from rows(SECTIONS, team_id, array([*sections]))
        if len(found) != len(set(sections)):
            raise BadInput("section", "is none of the team's")


def change_member(
    actor: Actor, team_id: TeamId, member_id: TeamMemberId, change: MemberChange, now: int
) -> Work[TeamMember]:
    """The entry as it is now. What stays as it is needs no right and is told to nobody."""
    membership = yield from need_member(team_id, actor.account_id)
    if membership.team.is_home:
        return (yield from _change_at_home(actor, membership.me, change, now))
    old = yield from need_contact(membership, member_id)
    change = only_news(old, change)
    need_may_change(membership.me, old, change)
    if change == MemberChange():
        return old
    if change.status is not None:
        yield from need_other_owner(old)
    yield from need_sections(team_id, change.sections or ())
    if _with_change(old, change) != old:
        new = _with_change(old, change)
        yield from run(
            UPDATE, (yield from draw(now)), new.status.value, new.role, new.email, new.phone,
            as_text(new.sections), old.id,
        )  # fmt: skip
    if _names(change) != ProfileChange():
        # Every team of his hears of it, this one too.
        yield from change_profile(actor, _names(change), None, now)
        return (yield from need_contact(membership, member_id))
    return (yield from told(actor, membership, member_id, now, himself=change.status is not None))


def _change_at_home(
    actor: Actor, me: TeamMember, change: MemberChange, now: int
) -> Work[TeamMember]:
    """There a person has names, and nothing of the home team's own."""
    change = only_news(me, change)
    if replace(change, first_name=None, last_name=None, patronymic=None) != MemberChange():
        raise NotAllowed("change the member")
    if change != MemberChange():
        yield from change_profile(actor, _names(change), None, now)
    return (yield from members_of_accounts(HOME_TEAM, [actor.account_id]))[actor.account_id]


def _names(change: MemberChange) -> ProfileChange:
    return ProfileChange(
        first_name=change.first_name, last_name=change.last_name, patronymic=change.patronymic
    )


def _with_change(old: TeamMember, change: MemberChange) -> TeamMember:
    return old._replace(
        status=change.status or old.status,
        role=old.role if change.role is None else change.role,
        email=old.email if change.email is None else change.email,
        phone=old.phone if change.phone is None else change.phone,
        sections=old.sections if change.sections is None else change.sections,
    )


def only_news(old: TeamMember, change: MemberChange) -> MemberChange:
    """The change without what is so already."""
    return replace(
        change,
        **{
            name: None
            for name in MemberChange.__slots__
            if getattr(change, name) == getattr(old, name)
        },
    )


def need_other_owner(leaving: TeamMember) -> Work[None]:
    """Raises: BadInput("status") when that member is the last owner of his team."""
    if leaving.status is TeamStatus.OWNER and not leaving.is_archived:
        owners = [member(each) for each in (yield from rows(OWNERS, leaving.team_id))]
        if last_owner(owners) is not None:
            raise BadInput("status", "is that of the last owner")


def remove_member(
    actor: Actor, team_id: TeamId, member_id: TeamMemberId, now: int
) -> Work[TeamMember]:
    """He is out of the team and all its chats; his entry stays, archived. Twice is once."""
    membership = yield from need_member(team_id, actor.account_id)
    old = yield from need_contact(membership, member_id)
    if not may_remove(membership.me, old):
        raise NotAllowed("remove the member")
    if old.is_archived:
        return old
    yield from need_other_owner(old)
    yield from leave_team_chats(actor, team_id, old.account_id, now)
    version = yield from draw(now)
    yield from run(ARCHIVE_MEMBER, version, now, old.id)
    new = old._replace(version=version, is_archived=True, sections=())
    # The team first: who is out hears of himself only that it is over.
    yield from tell_members(team_id, [new], actor, now)
    gone = (old.account_id,)
    yield from tell(TeamRemoved(team_id, version, gone, now, actor.connection))
    return new


def confirm(actor: Actor, team_id: TeamId, now: int) -> Work[None]:
    """The actor wants to be in the team."""
    membership = yield from need_member(team_id, actor.account_id)
    if membership.me.needs_confirmation:
        yield from run(CONFIRM, (yield from draw(now)), membership.me.id)
        yield from told(actor, membership, membership.me.id, now, himself=True)


def pin_team(actor: Actor, team_id: TeamId, now: int, *, is_pinned: bool) -> Work[None]:
    """The actor wants the team to stand before his others, or not; his own clients hear of it."""
    membership = yield from need_member(team_id, actor.account_id)
    me = membership.me
    if membership.team.is_home or me.is_pinned == is_pinned:
        return
    yield from run(PIN, (yield from draw(now)), int(is_pinned), me.id)
    mine = yield from need_contact(membership, me.id)
    yield from tell_team(team_id, [mine], now, actor.connection)


def set_portrait(
    actor: Actor,
    team_id: TeamId,
    member_id: TeamMemberId,
    file_id: FileId | None,
    now: int,
) -> Work[TeamMember]:
    """One's own picture is the account's, everywhere. What a manager gives somebody is seen in this team only."""
    membership = yield from need_member(team_id, actor.account_id)
    if team_id == HOME_TEAM:
        old = membership.me
        if old.id != member_id:
            raise NotAllowed("change the picture")
    else:
        old = yield from need_contact(membership, member_id)
    is_me = old.account_id == actor.account_id
    if not (is_me or may_manage(membership.me, old)):
        raise NotAllowed("change the picture")
    yield from run(DROP_PICTURE, old.id)
    if is_me:
        yield from _own_portrait(actor, file_id, now)
        return (yield from members_of_accounts(team_id, [actor.account_id]))[actor.account_id]
    if file_id is not None:
        yield from run(HOLD_PICTURE, old.id, file_id)
    yield from run(TOUCH_MEMBER, (yield from draw(now)), old.id)
    return (yield from told(actor, membership, member_id, now, himself=False))


def _own_portrait(actor: Actor, file_id: FileId | None, now: int) -> Work[None]:
    if file_id is not None:
        picture = ProfileChange(picture=Picture("", file_id=file_id))
        yield from change_profile(actor, picture, None, now)
        return
    yield from run(CLEAR_PICTURE, now, actor.account_id)
    yield from run(DROP_PICTURE, actor.account_id)
    yield from account_changed(actor, now)
