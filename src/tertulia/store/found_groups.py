"""A team's group as somebody of the team finds it, and what he may do with it."""

from collections.abc import Sequence
from typing import NamedTuple

from tertulia.core.access import may_moderate
from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.groups import GroupSettings
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import Actor, Chat, ChatKind, Role
from tertulia.core.team_model import HOME_TEAM, Membership, TeamStatus
from tertulia.store import records
from tertulia.store.membership import only_of_team
from tertulia.store.team_records import need_member
from tertulia.store.work import Work, row

GROUP_FOR = f"""
SELECT {records.CHAT}, c.readonly, s.is_public, s.is_default, s.cleanup_s, s.section_id, s.version,
    m.role
FROM chats c
LEFT JOIN group_settings s ON s.chat_id = c.id
LEFT JOIN members m ON m.chat_id = c.id AND m.account_id = ? AND m.left_at IS NULL
WHERE c.id = ?
"""

GROUP_WIDTH = len(records.CHAT.split(","))


class Group(NamedTuple):
    """A group as somebody of its team finds it. `role`: None when he is not in it."""

    membership: Membership
    chat: Chat
    settings: GroupSettings
    role: Role | None

    @property
    def leads(self) -> bool:
        """Whether he may set it up: its owner and admins, and whoever manages the team."""
        leads_it = self.role is not None and may_moderate(self.role)
        return leads_it or self.membership.me.status.manages

    @property
    def may_look(self) -> bool:
        """Whether he may see who is in it."""
        return self.role is not None or self.leads or self.may_come

    @property
    def may_come(self) -> bool:
        """Whether he may come in by himself."""
        return self.settings.is_public and self.membership.me.status is not TeamStatus.GUEST


def need_group(actor: Actor, team_id: TeamId, chat_id: ChatId) -> Work[Group]:
    """The group as the actor finds it. In the home team nobody sees a group that he is not in.

    Raises:
        NotFound: "team"; "chat": the team has no such living group.
        NotAllowed: "team".
    """
    membership = yield from need_member(team_id, actor.account_id)
    found = yield from row(GROUP_FOR, actor.account_id, chat_id)
    if found is None:
        raise NotFound("chat")
    chat = records.chat(found)
    readonly, is_public, is_default, cleanup_s, section_id, version, role = found[GROUP_WIDTH:]
    is_ours = (chat.team_id or HOME_TEAM) == team_id and chat.kind is ChatKind.GROUP
    if not is_ours or chat.archived or chat.encrypted or (team_id == HOME_TEAM and role is None):
        raise NotFound("chat")
    settings = GroupSettings(
        bool(is_public), bool(readonly), bool(is_default), cleanup_s, section_id, version or 0
    )
    return Group(membership, chat, settings, None if role is None else Role(role))


def need_led(actor: Actor, team_id: TeamId, chat_id: ChatId) -> Work[Group]:
    """A group that the actor may set up. Raises: as `need_group`; NotAllowed."""
    group = yield from need_group(actor, team_id, chat_id)
    if not group.leads:
        raise NotAllowed("lead the group")
    return group


def need_all(team_id: TeamId, members: Sequence[tuple[AccountId, Role]]) -> Work[None]:
    """Raises: NotFound("contact") when one of them is not in the team."""
    asked = list(dict(members))
    if len((yield from only_of_team(team_id, asked))) < len(asked):
        raise NotFound("contact")
