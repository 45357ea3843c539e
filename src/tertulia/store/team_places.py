"""What a change of an account means for the teams it is in, and how teams hear of their members."""

from collections.abc import Sequence

from tertulia.core.events import TeamMembersChanged
from tertulia.core.ids import AccountId, SessionId, TeamId, TeamMemberId
from tertulia.core.model import Actor
from tertulia.core.team_model import Invited, Membership, Preferences, TeamMember, TeamStatus
from tertulia.core.team_rights import RANKS
from tertulia.store.home_team import met_by, tell_home
from tertulia.store.preferences import keep_preferences
from tertulia.store.team_groups import archive_team_chats, leave_team_chats
from tertulia.store.team_records import (
    TEAM_BY_ID,
    members_of_accounts,
    need_contact,
    need_member,
    team,
)
from tertulia.store.teams import ARCHIVE, FORGET_INVITATIONS, add_members, present, tell_team
from tertulia.store.work import Work, draw, row, rows, run, tell

PART = "UPDATE team_members SET version = ?, archived_at = ? WHERE id = ?"

TOUCH_MEMBER = "UPDATE team_members SET version = ? WHERE id = ?"

RANK = "UPDATE team_members SET version = ?, status = ? WHERE id = ?"

ACTIVE = """
UPDATE team_members SET active_at = ?
WHERE account_id = ? AND team_id = ? AND (active_at IS NULL OR active_at < ?)
"""

SOME_PRESENT = "SELECT 1 FROM team_members WHERE team_id = ? AND archived_at IS NULL LIMIT ?"

PLACES = """
SELECT t.team_id, t.id FROM team_members t
JOIN teams g ON g.id = t.team_id AND g.archived_at IS NULL
WHERE t.account_id = ? AND t.archived_at IS NULL
ORDER BY t.team_id
"""

# Also where the account was long ago.
FORGET = (
    "DELETE FROM preferences WHERE account_id = ?",
    """
    DELETE FROM picture_files
    WHERE holder_id IN (SELECT t.id FROM team_members t WHERE t.account_id = ?)
    """,
    """
    UPDATE team_members SET sections = '', role = '', email = '', phone = '' WHERE account_id = ?
    """,
)


def tell_members(
    team_id: TeamId,
    members: Sequence[TeamMember],
    actor: Actor,
    now: int,
    *,
    privately: bool = False,
) -> Work[None]:
    """The team hears how these are now; with *privately* only they do."""
    found = yield from row(TEAM_BY_ID, team_id)
    assert found is not None, "its members were read"
    origin = actor.connection
    yield from tell(
        TeamMembersChanged(team(found), tuple(members), now, origin, privately=privately)
    )


def told(
    actor: Actor, membership: Membership, member_id: TeamMemberId, now: int, *, himself: bool
) -> Work[TeamMember]:
    """The entry as it is now; the team hears of it, and he himself how he sees the team."""
    new = yield from need_contact(membership, member_id)
    if himself and not new.is_archived:
        yield from tell_team(new.team_id, [new], now, actor.connection)
    yield from tell_members(new.team_id, [new], actor, now)
    return new


def tell_active(actor: Actor, team_id: TeamId, most: int, now: int) -> Work[None]:
    """The actor is active just now; a team that is not too large hears of it."""
    membership = yield from need_member(team_id, actor.account_id)
    yield from run(ACTIVE, now, actor.account_id, team_id, now)
    if len((yield from rows(SOME_PRESENT, team_id, most + 1))) <= most:
        yield from run(TOUCH_MEMBER, (yield from draw(now)), membership.me.id)
        yield from told(actor, membership, membership.me.id, now, himself=False)


def account_changed(actor: Actor, now: int) -> Work[None]:
    """Names or picture of the actor's account are others now: his teams hear of it, and who meets him at home."""
    for team_id, member_id in (yield from rows(PLACES, actor.account_id)):
        yield from run(TOUCH_MEMBER, (yield from draw(now)), member_id)
        membership = yield from need_member(team_id, actor.account_id)
        yield from told(actor, membership, member_id, now, himself=True)
    yield from tell_home(actor, (yield from met_by(actor.account_id)), now)


def account_removed(actor: Actor, met: tuple[AccountId, ...], now: int) -> Work[None]:
    """The actor's account is gone: it leaves every team, and its places there say nothing of it.

    A team that loses its last owner gets the highest and oldest of its members; without members it is
    archived. *met*: who met him at home.
    """
    places = yield from rows(PLACES, actor.account_id)
    for statement in FORGET:
        yield from run(statement, actor.account_id)
    for team_id, member_id in places:
        yield from leave_team_chats(actor, team_id, actor.account_id, now)
        yield from run(PART, (yield from draw(now)), now, member_id)
        left = yield from present(team_id)
        if not left:
            yield from archive_team_chats(actor, team_id, now)
            yield from run(FORGET_INVITATIONS, team_id)
            yield from run(ARCHIVE, (yield from draw(now)), now, team_id)
            continue
        gone = (yield from members_of_accounts(team_id, [actor.account_id]))[actor.account_id]
        news = [gone]
        if not any(each.status is TeamStatus.OWNER for each in left):
            heir = max(left, key=lambda each: (RANKS.index(each.status), -each.id))
            yield from run(RANK, (yield from draw(now)), TeamStatus.OWNER.value, heir.id)
            crowned = yield from members_of_accounts(team_id, [heir.account_id])
            news += crowned.values()
            yield from tell_team(team_id, [*crowned.values()], now, actor.connection)
        yield from tell_members(team_id, news, actor, now)
    yield from tell_home(actor, met, now)


def add_bot_member(team_id: TeamId, account_id: AccountId, now: int) -> Work[TeamMemberId]:
    """A place in the directory for a program that writes in the team; it is in no group for everybody."""
    bot = Invited("", status=TeamStatus.MEMBER)
    (number,) = yield from add_members(team_id, [(account_id, bot)], now, needs_confirmation=False)
    entries = yield from members_of_accounts(team_id, [account_id])
    nobody = Actor(account_id, SessionId(0))
    yield from tell_members(team_id, [*entries.values()], nobody, now)
    return number


def prefer(actor: Actor, preferences: Preferences, now: int) -> Work[None]:
    """They are so from now on; his own clients hear of it, in every team."""
    yield from keep_preferences(actor.account_id, preferences)
    for team_id, member_id in (yield from rows(PLACES, actor.account_id)):
        yield from run(TOUCH_MEMBER, (yield from draw(now)), member_id)
        mine = [*(yield from members_of_accounts(team_id, [actor.account_id])).values()]
        yield from tell_team(team_id, mine, now, actor.connection)
        # Nobody else sees how he likes his client.
        yield from tell_members(team_id, mine, actor, now, privately=True)
