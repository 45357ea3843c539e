"""What accounts are called in a team, asked for all at once: for answers over HTTP."""

from collections.abc import Iterable

from tertulia.core.chat_lists import ChatEntry
from tertulia.core.ids import AccountId
from tertulia.core.team_model import Membership, TeamMember
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada.contacts import contact_jid
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.ids import Kind, to_jid
from tertulia.dialects.tada.messages import Looking


class People:
    """Those who are named in one answer, as one reader sees them."""

    __slots__ = ("_bots", "_desk", "_known", "_membership")

    def __init__(
        self, desk: TadaDesk, membership: Membership, known: dict[AccountId, TeamMember]
    ) -> None:
        self._desk = desk
        self._membership = membership
        self._known = known
        team, me = membership
        bots = desk.core.teams.bots
        self._bots = {
            bots.notes: to_jid(Kind.NOTEBOT, me.id),
            bots.system: to_jid(Kind.SYSTEMBOT, team.id),
        }

    def jid(self, account_id: AccountId) -> str:
        """`d-…`; of who never was in the team, by his account."""
        if not self._membership.team.is_home:
            bot = self._bots.get(account_id)
            if bot is not None:
                return bot
            member = self._known.get(account_id)
            if member is not None:
                return contact_jid(member)
        return to_jid(Kind.HOME_CONTACT, account_id)

    def looking(self) -> Looking:
        """The reader, for messages."""
        team, me = self._membership
        return Looking(self._desk, team.id, me.account_id, self.jid, team.edit_window_s)


async def people_in_messages(
    desk: TadaDesk, membership: Membership, messages: Iterable[WholeMessage]
) -> People:
    """Everybody whom these messages name."""
    return await people(desk, membership, named_in_messages(messages))


async def people_in_chats(
    desk: TadaDesk, membership: Membership, entries: Iterable[ChatEntry]
) -> People:
    """Everybody whom these chats name."""
    named: set[AccountId] = set()
    for each in entries:
        named.update(member.account_id for member in each.members or ())
        if each.chat is not None:
            named.add(each.chat.owner_id)
        if each.partner is not None:
            named.add(each.partner.account_id)
        if each.task is not None and each.task.assignee_id is not None:
            named.add(each.task.assignee_id)
        if each.last is not None:
            named |= named_in_messages([each.last])
    return await people(desk, membership, named)


async def people(desk: TadaDesk, membership: Membership, accounts: Iterable[AccountId]) -> People:
    """These accounts."""
    wanted = list({*accounts, membership.me.account_id})
    known = {}
    if not membership.team.is_home:
        known = await desk.core.teams.contact_of(membership.team.id, wanted)
    return People(desk, membership, known)


def named_in_messages(messages: Iterable[WholeMessage]) -> set[AccountId]:
    """The accounts that messages name."""
    named: set[AccountId] = set()
    for each in messages:
        if each.partner_id is not None:
            named.add(each.partner_id)
        named.update(reaction.account_id for reaction in each.reactions)
        for message in (each.message, *each.quoted):
            named.add(message.author_id)
            # Links lead to them, too.
            named.update(one.account_id for one in message.mentions if one.account_id is not None)
    return named
