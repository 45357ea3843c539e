"""The home team: what belongs to no team, as each person sees it. Nothing of it is stored.

It holds the person's direct chats with people of none of his teams, and the groups and channels that are
no team's. Of a channel he meets its owner there, not all who read it.
"""

from collections.abc import Sequence

from tertulia.core.events import TeamMembersChanged
from tertulia.core.ids import AccountId, TeamId
from tertulia.core.model import Actor
from tertulia.core.team_model import TeamMember
from tertulia.store.team_records import ACCOUNT_AS_MEMBER, HOME, member
from tertulia.store.work import Work, array, row, rows, tell

# Teams in which the reader b is together with {other}.
SHARED_TEAM = """
FROM team_members x
JOIN teams g ON g.id = x.team_id AND g.archived_at IS NULL
JOIN team_members y ON y.team_id = x.team_id AND y.account_id = {other} AND y.archived_at IS NULL
WHERE x.account_id = b.account_id AND x.archived_at IS NULL
"""

OTHER = "(CASE WHEN c.owner_id = b.account_id THEN c.other_id ELSE c.owner_id END)"

DIRECT = f"""
FROM members b JOIN chats c ON c.id = b.chat_id AND c.kind = 'direct' AND c.encrypted = 0
JOIN accounts o ON o.id = {OTHER} AND o.bot = ''
WHERE b.account_id = ? AND b.left_at IS NULL AND NOT EXISTS (SELECT 1 {SHARED_TEAM.format(other="o.id")})
"""

GROUPS = """
FROM members b JOIN chats c ON c.id = b.chat_id AND c.kind IN ('group', 'channel')
    AND c.team_id IS NULL AND c.encrypted = 0
"""

HAS_HOME = f"""
SELECT 1 {GROUPS} WHERE b.account_id = ? AND b.left_at IS NULL
UNION ALL
SELECT 1 {DIRECT}
LIMIT 1
"""

PEOPLE = f"""
SELECT m.account_id {GROUPS}
JOIN members m ON m.chat_id = c.id AND m.left_at IS NULL
WHERE b.account_id = ? AND b.left_at IS NULL AND c.kind = 'group'
UNION
SELECT c.owner_id {GROUPS} WHERE b.account_id = ? AND b.left_at IS NULL AND c.kind = 'channel'
UNION
SELECT o.id {DIRECT}
"""

# Who meets the person there. Of a channel only readers meet its owner: they are not told of him, being many.
MET_BY = f"""
SELECT m.account_id {GROUPS}
JOIN members m ON m.chat_id = c.id AND m.left_at IS NULL
WHERE b.account_id = ? AND b.left_at IS NULL AND c.kind = 'group'
UNION
SELECT o.id {DIRECT}
"""

SHARED = """
SELECT y.account_id, x.team_id
FROM team_members x
JOIN teams g ON g.id = x.team_id AND g.archived_at IS NULL
JOIN team_members y ON y.team_id = x.team_id AND y.archived_at IS NULL
    AND y.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
WHERE x.account_id = ? AND x.archived_at IS NULL
ORDER BY x.team_id
"""


def has_home(account_id: AccountId) -> Work[bool]:
    """Whether the home team has something to show to that person."""
    return (yield from row(HAS_HOME, account_id, account_id)) is not None


def home_members(account_id: AccountId) -> Work[list[TeamMember]]:
    """The person and whom he meets there, newest account first."""
    found = yield from rows(PEOPLE, account_id, account_id, account_id)
    ids = {account_id, *(each[0] for each in found)}
    return [member(each) for each in (yield from rows(ACCOUNT_AS_MEMBER, array([*ids])))]


def met_by(account_id: AccountId) -> Work[tuple[AccountId, ...]]:
    """Who meets that person there, himself included; nobody if he meets nobody."""
    found = yield from rows(MET_BY, account_id, account_id)
    return tuple({account_id, *(each[0] for each in found)}) if found else ()


def tell_home(actor: Actor, told: tuple[AccountId, ...], now: int) -> Work[None]:
    """These hear what the actor is called there now, and how he looks."""
    if not told:
        return
    found = yield from row(ACCOUNT_AS_MEMBER, array([actor.account_id]))
    assert found is not None, "accounts are never dropped"
    yield from tell(
        TeamMembersChanged(HOME, (member(found),), now, actor.connection, accounts=told)
    )


def shared_teams(
    account_id: AccountId, others: Sequence[AccountId]
) -> Work[dict[AccountId, list[TeamId]]]:
    """The living teams in which both are, oldest first; who shares none has no entry."""
    shared: dict[AccountId, list[TeamId]] = {}
    if others:
        for other, team_id in (yield from rows(SHARED, array([*others]), account_id)):
            shared.setdefault(other, []).append(team_id)
    return shared
