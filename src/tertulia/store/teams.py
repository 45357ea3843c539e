"""Teams: making, changing and archiving them, and the lists that their members see."""

from collections.abc import Sequence

from tertulia.core.errors import TooMuch
from tertulia.core.events import TeamChanged, TeamMembersChanged, TeamRemoved
from tertulia.core.ids import AccountId, FileId, TeamId, TeamMemberId
from tertulia.core.model import Actor
from tertulia.core.team_model import (
    HOME_TEAM,
    UPLOADS_LIMIT,
    Invited,
    Membership,
    TeamCard,
    TeamChange,
    TeamMember,
    TeamStatus,
    Usage,
)
from tertulia.core.team_rights import need_manager
from tertulia.store.awaited import accounts_of_phones, name_nameless
from tertulia.store.directory import need_alive
from tertulia.store.engine import Engine
from tertulia.store.files import DROP_PICTURE, HOLD_PICTURE
from tertulia.store.home_team import has_home, home_members, shared_teams
from tertulia.store.preferences import preferences_of
from tertulia.store.team_groups import archive_team_chats, open_default_group
from tertulia.store.team_records import (
    CARDS,
    MEMBER,
    MEMBERS_FROM,
    TEAM_BY_ID,
    card,
    member,
    members_of_accounts,
    need_contact,
    need_member,
    team,
)
from tertulia.store.team_usage import UPLOADED, usage_of
from tertulia.store.work import Work, array, draw, many, row, rows, run, tell

INSERT = """
INSERT INTO teams (id, version, name, created_at, task_deadline, edit_window_s, uploads_limit)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

INSERT_MEMBER = """
INSERT INTO team_members (id, team_id, account_id, status, created_at, version, role, email, phone,
    sections, needs_confirmation)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

UPDATE = """
UPDATE teams SET version = ?, name = ?, task_deadline = ?, edit_window_s = ?, family_name_first = ?,
    use_patronymic = ?
WHERE id = ?
"""

# Of these accounts those who were active in that team, and in no other later.
ACTIVE_HERE = """
SELECT t.account_id
FROM json_each(?) AS each
JOIN team_members t ON t.account_id = CAST(each.value AS BIGINT)
WHERE t.team_id = ? AND t.active_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM team_members x JOIN teams y ON y.id = x.team_id AND y.archived_at IS NULL
    WHERE x.account_id = t.account_id AND x.archived_at IS NULL AND x.active_at > t.active_at
)
"""

TOUCH = "UPDATE teams SET version = ? WHERE id = ?"

ARCHIVE = "UPDATE teams SET version = ?, archived_at = ? WHERE id = ?"

FORGET_INVITATIONS = "DELETE FROM invitations WHERE team_id = ?"

MEMBERS = f"SELECT {MEMBER} {MEMBERS_FROM} WHERE t.team_id = ? ORDER BY t.id DESC"

PRESENT = f"""
SELECT {MEMBER} {MEMBERS_FROM}
WHERE t.team_id = ? AND t.archived_at IS NULL AND a.bot = ''
ORDER BY t.id DESC
"""

HOW_MANY = """
SELECT COUNT(*) FROM team_members t JOIN teams g ON g.id = t.team_id AND g.archived_at IS NULL
WHERE t.account_id = ? AND t.archived_at IS NULL
"""


class SqlTeams:
    """`core.team_ports.TeamStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def membership(self, account_id: AccountId, team_id: TeamId) -> Membership:
        """See the port."""
        return await self._engine.read(need_member(team_id, account_id))

    async def cards(self, account_id: AccountId) -> list[TeamCard]:
        """See the port."""
        return await self._engine.read(cards(account_id))

    async def members(self, team_id: TeamId) -> list[TeamMember]:
        """See the port."""
        found = await self._engine.scan(rows(MEMBERS, team_id))
        return [member(each) for each in found]

    async def home_members(self, account_id: AccountId) -> list[TeamMember]:
        """See the port."""
        return await self._engine.scan(home_members(account_id))

    async def contact(self, membership: Membership, member_id: TeamMemberId) -> TeamMember:
        """See the port."""
        return await self._engine.read(need_contact(membership, member_id))

    async def of_accounts(
        self, team_id: TeamId, account_ids: Sequence[AccountId]
    ) -> dict[AccountId, TeamMember]:
        """See the port."""
        return await self._engine.read(members_of_accounts(team_id, [*account_ids]))

    async def shared(
        self, account_id: AccountId, others: Sequence[AccountId]
    ) -> dict[AccountId, list[TeamId]]:
        """See the port."""
        return await self._engine.read(shared_teams(account_id, others))

    async def create(
        self, actor: Actor, name: str, invited: Sequence[Invited], most: int, now: int
    ) -> tuple[TeamCard, list[TeamMember]]:
        """See the port."""
        return await self._engine.write(create(actor, name, invited, most, now))

    async def change(self, actor: Actor, team_id: TeamId, change: TeamChange, now: int) -> None:
        """See the port."""
        await self._engine.write(change_team(actor, team_id, change, now))

    async def archive(self, actor: Actor, team_id: TeamId, now: int) -> TeamCard:
        """See the port."""
        return await self._engine.write(archive(actor, team_id, now))

    async def set_portrait(
        self, actor: Actor, team_id: TeamId, file_id: FileId | None, now: int
    ) -> None:
        """See the port."""
        await self._engine.write(set_portrait(actor, team_id, file_id, now))

    async def usage(self, actor: Actor, team_id: TeamId, months: int, now: int) -> Usage:
        """See the port."""
        return await self._engine.read(usage_for(actor, team_id, months, now))


def cards(account_id: AccountId) -> Work[list[TeamCard]]:
    """The account's living teams, oldest first; the home team last, if it has something to show."""
    found = [card(each) for each in (yield from rows(CARDS, account_id))]
    if (yield from has_home(account_id)):
        membership = yield from need_member(HOME_TEAM, account_id)
        found.append(TeamCard(*membership))
    return found


def need_room_for_team(account_id: AccountId, most: int) -> Work[None]:
    """Raises: TooMuch("teams") when the account is in *most* already."""
    counted = yield from row(HOW_MANY, account_id)
    assert counted is not None, "a count has a row"
    if counted[0] >= most:
        raise TooMuch("teams")


def create(
    actor: Actor, name: str, invited: Sequence[Invited], most: int, now: int
) -> Work[tuple[TeamCard, list[TeamMember]]]:
    """A new team of the actor and whom he invites, and its members, newest first."""
    me = yield from need_alive(actor.account_id)
    yield from need_room_for_team(me.id, most)
    team_id = TeamId((yield from draw(now)))
    yield from run(INSERT, team_id, team_id, name, now, "18:00:00", 86_400, UPLOADS_LIMIT)
    founder = Invited(me.phone, status=TeamStatus.OWNER)
    yield from add_members(team_id, [(me.id, founder)], now, needs_confirmation=False)
    by_phone = {each.phone: each for each in reversed(invited)}
    names = {phone: (each.first_name, each.last_name) for phone, each in by_phone.items()}
    accounts = yield from accounts_of_phones(names, now)
    others = [(accounts[each.phone], by_phone[each.phone]) for each in invited]
    new = {account: each for account, each in others if account != me.id}
    given = {account: names[each.phone] for account, each in new.items()}
    yield from name_nameless(given, now)
    yield from add_members(team_id, [*new.items()], now, needs_confirmation=True)
    yield from open_default_group(actor, team_id, [me.id, *new], now)
    members = [member(each) for each in (yield from rows(MEMBERS, team_id))]
    yield from tell_team(team_id, members, now, actor.connection)
    found = yield from row(TEAM_BY_ID, team_id)
    assert found is not None, "it was made in this transaction"
    yield from tell(TeamMembersChanged(team(found), tuple(members), now, actor.connection))
    return TeamCard(team(found), members[-1]), members


def add_members(
    team_id: TeamId,
    new: Sequence[tuple[AccountId, Invited]],
    now: int,
    *,
    needs_confirmation: bool,
) -> Work[list[TeamMemberId]]:
    """Entries for accounts that have none in this team, in order."""
    entries = []
    for account_id, each in new:
        number = yield from draw(now)
        entries.append((
            number, team_id, account_id, each.status.value, now, number, each.role, each.email,
            each.phone, as_text(each.sections), int(needs_confirmation),
        ))  # fmt: skip
    yield from many(INSERT_MEMBER, entries)
    return [TeamMemberId(each[0]) for each in entries]


def as_text(sections: Sequence[int]) -> str:
    """Sections as they are stored."""
    return f"[{','.join(map(str, sections))}]" if sections else ""


def present(team_id: TeamId) -> Work[list[TeamMember]]:
    """People who are in the team, newest first."""
    return [member(each) for each in (yield from rows(PRESENT, team_id))]


def tell_team(team_id: TeamId, members: Sequence[TeamMember], now: int, origin: int) -> Work[None]:
    """These hear how the team is now."""
    if not members:
        return
    found = yield from row(TEAM_BY_ID, team_id)
    uploaded = yield from row(UPLOADED, team_id)
    accounts = [each.account_id for each in members]
    preferences = yield from preferences_of(accounts)
    active = frozenset(each[0] for each in (yield from rows(ACTIVE_HERE, array(accounts), team_id)))
    assert found is not None, "its members were read"
    assert uploaded is not None, "a sum has a row"
    news = TeamChanged(team(found), tuple(members), uploaded[0], preferences, now, origin, active)
    yield from tell(news)


def need_managed(actor: Actor, team_id: TeamId) -> Work[Membership]:
    """The team that the actor manages. Raises: as `need_member`, and NotAllowed("manage the team")."""
    membership = yield from need_member(team_id, actor.account_id)
    need_manager(membership.me)
    return membership


def change_team(actor: Actor, team_id: TeamId, change: TeamChange, now: int) -> Work[None]:
    """What is not given, or stays as it is, is no change; nobody is told of none."""
    membership = yield from need_managed(actor, team_id)
    old = membership.team
    new = old._replace(
        name=old.name if change.name is None else change.name,
        task_deadline=change.task_deadline or old.task_deadline,
        edit_window_s=(old.edit_window_s if change.edit_window_s is None else change.edit_window_s),
        family_name_first=(
            old.family_name_first if change.family_name_first is None else change.family_name_first
        ),
        use_patronymic=(
            old.use_patronymic if change.use_patronymic is None else change.use_patronymic
        ),
    )
    if new == old:
        return
    version = yield from draw(now)
    yield from run(
        UPDATE, version, new.name, new.task_deadline, new.edit_window_s,
        int(new.family_name_first), int(new.use_patronymic), team_id,
    )  # fmt: skip
    members = yield from present(team_id)
    yield from tell_team(team_id, members, now, actor.connection)
    if (new.family_name_first, new.use_patronymic) != (old.family_name_first, old.use_patronymic):
        # Everybody is called otherwise now.
        told = TeamMembersChanged(
            new._replace(version=version), tuple(members), now, actor.connection
        )
        yield from tell(told)


def set_portrait(actor: Actor, team_id: TeamId, file_id: FileId | None, now: int) -> Work[None]:
    """That file is the team's picture from now on; None: it has none."""
    membership = yield from need_managed(actor, team_id)
    if file_id is None:
        if membership.team.portrait is None:
            return
        yield from run(DROP_PICTURE, team_id)
    else:
        yield from run(HOLD_PICTURE, team_id, file_id)
    yield from run(TOUCH, (yield from draw(now)), team_id)
    yield from tell_team(team_id, (yield from present(team_id)), now, actor.connection)


def archive(actor: Actor, team_id: TeamId, now: int) -> Work[TeamCard]:
    """The team leaves everybody's lists, its chats too, and its invitations open nothing any more."""
    yield from need_managed(actor, team_id)
    mine = yield from cards(actor.account_id)
    old = next(each for each in mine if each.team.id == team_id)
    version = yield from draw(now)
    yield from archive_team_chats(actor, team_id, now)
    yield from run(FORGET_INVITATIONS, team_id)
    yield from run(ARCHIVE, version, now, team_id)
    everybody = tuple(each.account_id for each in (yield from present(team_id)))
    yield from tell(TeamRemoved(team_id, version, everybody, now, actor.connection))
    return old._replace(team=old.team._replace(version=version, is_archived=True))


def usage_for(actor: Actor, team_id: TeamId, months: int, now: int) -> Work[Usage]:
    """For whoever manages the team."""
    yield from need_managed(actor, team_id)
    return (yield from usage_of(team_id, months, now))
