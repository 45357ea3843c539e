"""Teams and their members: columns and records, and the right to see them, read in one statement."""

import msgspec

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.ids import COUNTER_BITS, EPOCH_MS, AccountId, SectionId, TeamId, TeamMemberId
from tertulia.core.team_model import (
    HOME_TEAM,
    Membership,
    Portrait,
    Team,
    TeamCard,
    TeamMember,
    TeamStatus,
)
from tertulia.store.work import Row, Work, array, row, rows

TEAM = (
    "g.id, g.version, g.name, g.created_at, g.task_deadline, g.edit_window_s,"
    " g.family_name_first, g.use_patronymic, gf.id, gf.width, gf.height, g.archived_at,"
    " g.uploads_limit"
)

TEAM_WIDTH = 13
"""Columns of TEAM."""

MEMBER_WIDTH = 22
"""Columns of MEMBER."""

TEAM_PICTURE = (
    "LEFT JOIN picture_files gp ON gp.holder_id = g.id"
    " LEFT JOIN files gf ON gf.id = gp.file_id AND gf.width IS NOT NULL"
)

MEMBER = (
    "t.id, t.team_id, t.account_id, t.status, t.created_at, t.version, t.role, t.email, t.phone,"
    " t.sections, t.active_at, t.archived_at, t.needs_confirmation,"
    " a.first_name, a.last_name, a.login, a.bot, f.id, f.width, f.height,"
    " a.patronymic, t.is_pinned"
)

ACCOUNT_PICTURE = (
    "LEFT JOIN picture_files p ON p.holder_id = a.id"
    " LEFT JOIN files f ON f.id = p.file_id AND f.width IS NOT NULL"
)

# A picture that the team gave its member goes before his own.
MEMBER_PICTURE = (
    "LEFT JOIN picture_files q ON q.holder_id = t.id"
    " LEFT JOIN picture_files p ON p.holder_id = a.id"
    " LEFT JOIN files f ON f.id = COALESCE(q.file_id, p.file_id) AND f.width IS NOT NULL"
)

MEMBERS_FROM = f"FROM team_members t JOIN accounts a ON a.id = t.account_id {MEMBER_PICTURE}"

TEAM_BY_ID = f"SELECT {TEAM} FROM teams g {TEAM_PICTURE} WHERE g.id = ?"

MEMBERSHIP = f"""
SELECT {TEAM}, {MEMBER}
FROM teams g {TEAM_PICTURE}
LEFT JOIN team_members t ON t.team_id = g.id AND t.account_id = ?
LEFT JOIN accounts a ON a.id = t.account_id {MEMBER_PICTURE}
WHERE g.id = ?
"""

# What is beside a team for its member: how much is uploaded, for who may know; and in which team the
# account was last active.
CARDS = f"""
SELECT {TEAM}, {MEMBER}, CASE WHEN t.status IN ('owner', 'admin') THEN COALESCE((
    SELECT CAST(SUM(u.size_bytes) AS BIGINT) FROM team_uploads u WHERE u.team_id = g.id
), 0) ELSE 0 END, (
    SELECT x.team_id FROM team_members x JOIN teams y ON y.id = x.team_id AND y.archived_at IS NULL
    WHERE x.account_id = t.account_id AND x.archived_at IS NULL AND x.active_at IS NOT NULL
    ORDER BY x.active_at DESC LIMIT 1
)
FROM team_members t
JOIN teams g ON g.id = t.team_id {TEAM_PICTURE}
JOIN accounts a ON a.id = t.account_id {MEMBER_PICTURE}
WHERE t.account_id = ? AND t.archived_at IS NULL AND g.archived_at IS NULL
ORDER BY g.id
"""

MEMBER_BY_ID = f"SELECT {MEMBER} {MEMBERS_FROM} WHERE t.id = ?"

OF_ACCOUNTS = f"""
SELECT {MEMBER} {MEMBERS_FROM}
WHERE t.team_id = ?
    AND t.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

# For the home team, where everybody has a place: an account in the columns of MEMBER. Its version is as
# new as its last change.
ACCOUNT_AS_MEMBER = f"""
SELECT a.id, 0, a.id, 'guest', a.created_at,
    CASE WHEN a.updated_at > a.created_at
        THEN (a.updated_at - {EPOCH_MS}) * {1 << COUNTER_BITS} ELSE a.id
    END, '', '', '', '', NULL, a.deleted_at, 0,
    a.first_name, a.last_name, a.login, a.bot, f.id, f.width, f.height, a.patronymic, 0
FROM accounts a {ACCOUNT_PICTURE}
WHERE a.id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
ORDER BY a.id DESC
"""

_sections = msgspec.json.Decoder(tuple[SectionId, ...])

HOME = Team(HOME_TEAM, 0, "Tertulia", EPOCH_MS)


def team(found: Row) -> Team:
    """From the columns of TEAM, which may be followed by others."""
    return Team(
        TeamId(found[0]),
        found[1],
        found[2],
        found[3],
        found[4],
        found[5],
        bool(found[6]),
        bool(found[7]),
        None if found[8] is None else Portrait(found[8], found[9], found[10]),
        found[11] is not None,
        found[12],
    )


_STATUSES = {each.value: each for each in TeamStatus}


def member(found: Row) -> TeamMember:
    """From the columns of MEMBER."""
    (
        number, team_id, account_id, status, created_at, version, role, email, phone, sections,
        active_at, archived_at, needs_confirmation, first_name, last_name, login, bot,
        file_id, width, height, patronymic, is_pinned,
    ) = found  # fmt: skip
    return TeamMember(
        number, team_id, account_id, _STATUSES[status], created_at, version, role, email, phone,
        _sections.decode(sections) if sections else (), active_at, archived_at is not None,
        bool(needs_confirmation), first_name, last_name, login, bot,
        None if file_id is None else Portrait(file_id, width, height), patronymic, bool(is_pinned),
    )  # fmt: skip


def card(found: Row) -> TeamCard:
    """From a row of CARDS."""
    end = TEAM_WIDTH + MEMBER_WIDTH
    return TeamCard(
        team(found), member(found[TEAM_WIDTH:end]), found[end], found[end + 1] == found[0]
    )


def need_member(team_id: TeamId, account_id: AccountId) -> Work[Membership]:
    """The team and that account's entry in it. In the home team everybody is a guest.

    Raises:
        NotFound: "team": there is none, or it is archived.
        NotAllowed: "team": the account is not in it, or not any more.
    """
    if team_id == HOME_TEAM:
        found = yield from row(ACCOUNT_AS_MEMBER, array([account_id]))
        if found is None:
            raise NotAllowed("team")
        return Membership(HOME, member(found))
    found = yield from row(MEMBERSHIP, account_id, team_id)
    if found is None or found[11] is not None:
        raise NotFound("team")
    mine = found[TEAM_WIDTH:]
    if mine[0] is None or mine[11] is not None:
        raise NotAllowed("team")
    return Membership(team(found), member(mine))


def need_contact(membership: Membership, member_id: TeamMemberId) -> Work[TeamMember]:
    """The entry of that number in the same team, archived or not; not in the home team.

    Raises:
        NotFound: "contact".
    """
    found = yield from row(MEMBER_BY_ID, member_id)
    if found is None or found[1] != membership.team.id:
        raise NotFound("contact")
    return member(found)


def members_of_accounts(
    team_id: TeamId, account_ids: list[AccountId]
) -> Work[dict[AccountId, TeamMember]]:
    """Their entries, archived ones included; in the home team those of all that ever were."""
    if not account_ids:
        return {}
    if team_id == HOME_TEAM:
        found = yield from rows(ACCOUNT_AS_MEMBER, array(account_ids))
    else:
        found = yield from rows(OF_ACCOUNTS, team_id, array(account_ids))
    return {each[2]: member(each) for each in found}
