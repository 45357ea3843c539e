"""Which chat somebody means in a team, and whether he may look into it."""

from tertulia.core.access import may_moderate
from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.histories import Target, Whereabouts
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import Actor, ChatKind, Role
from tertulia.core.team_model import HOME_TEAM, Membership, TeamStatus
from tertulia.store.home_team import shared_teams
from tertulia.store.team_records import need_member
from tertulia.store.work import Row, Work, row

CHAT_FOR = """
SELECT c.kind, c.team_id, c.archived_at, c.encrypted, m.role,
    COALESCE(k.is_public, 0), COALESCE(g.is_public, 0), c.readonly
FROM chats c
LEFT JOIN members m ON m.chat_id = c.id AND m.account_id = ? AND m.left_at IS NULL
LEFT JOIN tasks k ON k.chat_id = c.id
LEFT JOIN group_settings g ON g.chat_id = c.id
WHERE c.id = ?
"""

DIRECT_OF = """
SELECT c.id, m.left_at FROM chats c
JOIN members m ON m.chat_id = c.id AND m.account_id = ?
WHERE c.pair = ?
"""

# The server's own bots are in every team.
IN_TEAM = """
SELECT 1 FROM team_members t WHERE t.team_id = ? AND t.account_id = ?
UNION ALL SELECT 1 FROM house_bots b WHERE b.account_id = ?
"""


def need_whereabouts(
    actor: Actor, team_id: TeamId, target: Target, *, may_only_see_card: bool = False
) -> Work[Whereabouts]:
    """The chat that *target* means to the actor in that team.

    *may_only_see_card*: it is enough that he may know of it, without reading what is said there.

    Raises:
        NotFound: "team"; "chat": the team has none such.
        NotAllowed: "team"; "chat": he is not in it.
    """
    membership = yield from need_member(team_id, actor.account_id)
    if target.partner_id is not None:
        return (yield from _direct(actor, membership, target.partner_id))
    assert target.chat_id is not None, "a target is one or the other"
    return (yield from _group(actor, membership, target.chat_id, may_only_see_card))


def _direct(actor: Actor, membership: Membership, partner: AccountId) -> Work[Whereabouts]:
    me, team = actor.account_id, membership.team
    if partner == me:
        raise NotAllowed("write to oneself")
    found = yield from row(DIRECT_OF, me, f"{min(me, partner)}:{max(me, partner)}")
    if team.is_home:
        # What two people have in a team is seen there; only what they have in none is seen at home.
        if found is None or (yield from shared_teams(me, [partner])):
            raise NotFound("chat")
    elif (yield from row(IN_TEAM, team.id, partner, partner)) is None:
        raise NotFound("chat")
    chat_id = None if found is None or found[1] is not None else ChatId(found[0])
    return Whereabouts(
        team.id, ChatKind.DIRECT, chat_id, partner, leads=False, edit_window_s=team.edit_window_s
    )


def _group(
    actor: Actor,
    membership: Membership,
    chat_id: ChatId,
    may_only_see_card: bool,  # noqa: FBT001 - handed on
) -> Work[Whereabouts]:
    team, me = membership
    found = yield from row(CHAT_FOR, actor.account_id, chat_id)
    if found is None or not is_of(team.id, found):
        raise NotFound("chat")
    role, is_public_task, is_public_group, is_readonly = found[4:]
    if role is None:
        if team.is_home:
            raise NotFound("chat")
        is_open = me.status is not TeamStatus.GUEST
        may_read = is_open and is_public_task
        may_know = (is_open and is_public_group) or me.status.manages
        if not may_read and not (may_only_see_card and may_know):
            raise NotAllowed("chat")
    moderates = role is not None and may_moderate(Role(role))
    is_readonly = is_readonly or found[0] == ChatKind.CHANNEL
    return Whereabouts(
        team.id,
        ChatKind(found[0]),
        chat_id,
        None,
        leads=me.status.manages or moderates,
        edit_window_s=team.edit_window_s,
        writes=role is not None and (moderates or not is_readonly),
    )


def is_of(team_id: TeamId, found: Row) -> bool:
    """Whether a row that begins with kind, team, end and encryption of a chat is a living one of the team."""
    kind, of_team, archived_at, encrypted = found[:4]
    is_shown = kind != ChatKind.DIRECT and not encrypted and archived_at is None
    return is_shown and (of_team or HOME_TEAM) == team_id
