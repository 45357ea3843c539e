"""Sums of what an account has not read: by team, and all together."""

from tertulia.core.chat_lists import Unread
from tertulia.core.ids import AccountId, TeamId
from tertulia.core.model import ChatKind
from tertulia.core.team_model import HOME_TEAM
from tertulia.store.home_team import shared_teams
from tertulia.store.my_chats import SHOWN
from tertulia.store.unread_terms import UNREAD_OF_PEOPLE
from tertulia.store.work import Row, Work, array, rows

BEHIND = f"""
SELECT c.kind, c.team_id, {UNREAD_OF_PEOPLE},
    CASE WHEN c.other_id = b.account_id THEN c.owner_id ELSE c.other_id END, b.mentioned
FROM members b JOIN chats c ON c.id = b.chat_id AND {SHOWN}
LEFT JOIN member_settings s ON s.account_id = b.account_id AND s.chat_id = b.chat_id
WHERE b.account_id = ? AND b.left_at IS NULL AND {UNREAD_OF_PEOPLE} > 0
    AND COALESCE(s.counts, 1) = 1
"""

# A direct chat with one of the server's bots is found in every team.
BOTS = """
SELECT h.account_id FROM house_bots h
WHERE h.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

MY_TEAMS = """
SELECT t.team_id FROM team_members t JOIN teams g ON g.id = t.team_id AND g.archived_at IS NULL
WHERE t.account_id = ? AND t.archived_at IS NULL
"""


def _behind(account_id: AccountId) -> Work[list[Row]]:
    return (yield from rows(BEHIND, account_id))


def badge(account_id: AccountId) -> Work[int]:
    """All unread messages of people, each once, but for chats that shall not count."""
    return sum(each[2] for each in (yield from _behind(account_id)))


def unread_by_team(account_id: AccountId) -> Work[dict[TeamId, dict[ChatKind, Unread]]]:
    """By team and kind of chat; a direct chat counts wherever it is found."""
    found = yield from _behind(account_id)
    if not found:
        return {}
    partners = [each[3] for each in found if each[0] == ChatKind.DIRECT]
    shared = yield from shared_teams(account_id, partners)
    bots = {each[0] for each in (yield from rows(BOTS, array(partners)))} if partners else set()
    mine = [each[0] for each in (yield from rows(MY_TEAMS, account_id))] if bots else []
    sums: dict[TeamId, dict[ChatKind, Unread]] = {}
    for kind, team_id, unread, partner, mentioned in found:
        teams = [team_id or HOME_TEAM]
        if kind == ChatKind.DIRECT:
            teams = mine if partner in bots else shared.get(partner, [HOME_TEAM])
        for each in teams:
            by_kind = sums.setdefault(each, {})
            old = by_kind.get(ChatKind(kind), Unread())
            by_kind[ChatKind(kind)] = Unread(
                old.chats + 1, old.messages + unread, old.mentioned + mentioned
            )
    return sums
