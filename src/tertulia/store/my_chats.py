"""Which chats somebody finds in a team: its groups and tasks, and direct chats with those who are in it.

What two people have in no team they share is in the home team, and so are groups that are no team's,
and channels, which are groups here that nobody marks as read.
"""

from tertulia.core.ids import AccountId, TeamId
from tertulia.core.team_model import HOME_TEAM
from tertulia.store.home_team import DIRECT, GROUPS, OTHER
from tertulia.store.work import Row, Work, rows

SHOWN = "c.kind <> 'channel' AND c.encrypted = 0"
"""Of chats `c`: those of teams, and what is counted."""

IS_HIDDEN = "CASE WHEN s.hidden_until > c.last_seq - c.notices THEN 1 ELSE 0 END"
"""Of chats `c` with settings `s`, or without: whether it is out of sight, which ends when somebody writes."""

CHANGED_AT = "CASE WHEN c.last_at > c.updated_at THEN c.last_at ELSE c.updated_at END"
"""Of chats `c`: when something was said, edited, deleted or changed there last (`ChatEntry.changed_at`)."""

COLUMNS = "c.id, c.kind, c.owner_id, c.other_id, b.read_at, c.updated_at"

IN_TEAM = f"""
SELECT {COLUMNS} FROM members b JOIN chats c ON c.id = b.chat_id AND c.team_id = ? AND {SHOWN}
WHERE b.account_id = ? AND b.left_at IS NULL
UNION ALL
SELECT {COLUMNS} FROM members b
JOIN chats c ON c.id = b.chat_id AND c.kind = 'direct' AND c.encrypted = 0
WHERE b.account_id = ? AND b.left_at IS NULL AND (
    EXISTS (SELECT 1 FROM team_members t WHERE t.team_id = ? AND t.account_id = {OTHER})
    OR EXISTS (SELECT 1 FROM house_bots h WHERE h.account_id = {OTHER})
)
"""

AT_HOME = f"""
SELECT {COLUMNS} {GROUPS} WHERE b.account_id = ? AND b.left_at IS NULL
UNION ALL
SELECT {COLUMNS} {DIRECT}
"""


def my_chats(account_id: AccountId, team_id: TeamId) -> Work[list[Row]]:
    """Rows of COLUMNS, in no order. Whoever calls has made sure that the account is in the team."""
    if team_id == HOME_TEAM:
        return (yield from rows(AT_HOME, account_id, account_id))
    return (yield from rows(IN_TEAM, team_id, account_id, account_id, team_id))
