"""Teams: closed circles of accounts with a directory. What belongs to no team is in the home team."""

from collections.abc import Sequence

from tertulia.core import text
from tertulia.core.errors import BadInput, NotAllowed, NotFound
from tertulia.core.ids import AccountId, FileId, TeamId, TeamMemberId
from tertulia.core.model import Actor
from tertulia.core.ports import Clock
from tertulia.core.team_model import (
    HOME_TEAM,
    NOTEBOT,
    NOTES_NAME,
    SYSTEM_NAME,
    SYSTEMBOT,
    HouseBots,
    Invited,
    MemberChange,
    Membership,
    Preferences,
    TeamCard,
    TeamChange,
    TeamMember,
    TeamStatus,
    Usage,
)
from tertulia.core.team_ports import TeamMemberStore, TeamStore

MAX_NAME = 100
"""Code points of a team's name, blanks around it not counted."""

MOST_TEAMS = 300
"""Of one account; archived ones do not count."""

MOST_INVITED = 10_000
"""People in one request."""

WORK_EVERY_MS = 60_000
"""So often at most it is stored that somebody wrote in a team, and told that he is active there."""

MOST_WORKING = 10_000
"""Accounts in teams of which it is remembered when that was stored last."""

MOST_TOLD = 200
"""People of a team who hear that one of them is active; in a larger one the list of contacts says it
(docs/decisions/0119)."""

MONTHS_SHOWN = 24
"""Of what uploads take."""


class Teams:
    """What can be done with teams and their members.

    Every method that takes a team's number raises NotFound("team") when there is none or it is
    archived, and NotAllowed("team") to a stranger, before anything else.
    """

    def __init__(
        self, store: TeamStore, members: TeamMemberStore, bots: HouseBots, clock: Clock
    ) -> None:
        self._store = store
        self._members = members
        self._bots = bots
        self._clock = clock
        self._worked: dict[tuple[AccountId, TeamId], int] = {}
        self._looked: dict[tuple[AccountId, TeamId], int] = {}

    async def need(self, actor: Actor, team_id: TeamId) -> Membership:
        """The team, and the actor's own entry. In the home team everybody is a guest."""
        return await self._store.membership(actor.account_id, team_id)

    async def mine(self, actor: Actor) -> list[TeamCard]:
        """The actor's living teams, oldest first; the home team last, if it has something to show."""
        return await self._store.cards(actor.account_id)

    async def card(self, actor: Actor, team_id: TeamId) -> TeamCard:
        """One of them; the home team also when it is empty."""
        membership = await self.need(actor, team_id)
        cards = await self._store.cards(actor.account_id)
        found = (each for each in cards if each.team.id == team_id)
        return next(found, TeamCard(*membership))

    async def contacts(
        self, actor: Actor, team_id: TeamId, *, bots: bool = False
    ) -> list[TeamMember]:
        """The directory, newest first, archived entries included; bots, if asked for, last."""
        membership = await self.need(actor, team_id)
        if team_id == HOME_TEAM:
            return await self._store.home_members(actor.account_id)
        found = await self._store.members(team_id)
        people = [each for each in found if not each.bot]
        if not bots:
            return people
        programs = [each for each in found if each.bot]
        return [*people, *programs, *self.house_bots(membership)]

    async def contact(self, actor: Actor, team_id: TeamId, member_id: TeamMemberId) -> TeamMember:
        """An entry of the directory, archived or not.

        Raises:
            NotFound: "contact".
        """
        membership = await self.need(actor, team_id)
        if team_id == HOME_TEAM:
            return await self._home_contact(actor, AccountId(member_id))
        return await self._store.contact(membership, member_id)

    async def _home_contact(self, actor: Actor, account_id: AccountId) -> TeamMember:
        for each in await self._store.home_members(actor.account_id):
            if each.account_id == account_id:
                return each
        raise NotFound("contact")

    @property
    def bots(self) -> HouseBots:
        """The server's own bots."""
        return self._bots

    def house_bots(self, membership: Membership) -> list[TeamMember]:
        """The server's own bots as this member finds them: the keeper of his notes, and the system's."""
        if membership.team.is_home:
            return []
        team, me = membership
        notes = TeamMember(
            me.id, team.id, self._bots.notes, TeamStatus.MEMBER, me.created_at, me.id,
            bot=NOTEBOT, first_name=NOTES_NAME,
        )  # fmt: skip
        system = TeamMember(
            TeamMemberId(team.id), team.id, self._bots.system, TeamStatus.MEMBER, team.created_at,
            team.id, bot=SYSTEMBOT, first_name=SYSTEM_NAME,
        )  # fmt: skip
        return [notes, system]

    async def contact_of(
        self, team_id: TeamId, account_ids: Sequence[AccountId]
    ) -> dict[AccountId, TeamMember]:
        """Entries of accounts, archived ones and bots included; who has none there is left out.

        Nobody's right is asked: the caller knows that the actor is in the team. In the home team
        everybody has an entry.
        """
        return await self._store.of_accounts(team_id, account_ids)

    async def shared(
        self, actor: Actor, account_ids: Sequence[AccountId]
    ) -> dict[AccountId, list[TeamId]]:
        """The teams in which a direct chat with each of these is shown; who has no entry: at home."""
        return await self._store.shared(actor.account_id, account_ids)

    async def create(
        self, actor: Actor, name: str, invited: Sequence[Invited]
    ) -> tuple[TeamCard, list[TeamMember]]:
        """A new team that the actor owns, with a group for everybody; and its members, newest first.

        Invited numbers without an account get one that waits for its owner; the actor's own and
        doubles count once.

        Raises:
            BadInput: "name", or "contacts": too many.
            TooMuch: "teams".
        """
        name = _checked_name(name)
        _check_count(invited)
        now = self._clock.now_ms()
        return await self._store.create(actor, name, invited, MOST_TEAMS, now)

    async def change(self, actor: Actor, team_id: TeamId, change: TeamChange) -> None:
        """What is not given stays.

        Raises:
            NotAllowed: the actor does not manage the team.
            BadInput: "name".
        """
        if change.name is not None:
            _checked_name(change.name)
        await self._store.change(actor, team_id, change, self._clock.now_ms())

    async def archive(self, actor: Actor, team_id: TeamId) -> TeamCard:
        """The team is in nobody's list any more; as it was. Raises: NotAllowed."""
        return await self._store.archive(actor, team_id, self._clock.now_ms())

    async def set_portrait(
        self, actor: Actor, team_id: TeamId, file_id: FileId | None
    ) -> Membership:
        """That file of the actor's is the team's picture from now on; None: none. Raises: NotAllowed."""
        await self._store.set_portrait(actor, team_id, file_id, self._clock.now_ms())
        return await self.need(actor, team_id)

    async def usage(self, actor: Actor, team_id: TeamId) -> Usage:
        """What uploads take, and that by months. Raises: NotAllowed."""
        return await self._store.usage(actor, team_id, MONTHS_SHOWN, self._clock.now_ms())

    async def invite(
        self, actor: Actor, team_id: TeamId, invited: Sequence[Invited]
    ) -> list[TeamMember]:
        """Their entries in the order asked. Who is in the team stays as he is, who was comes back.

        Raises:
            NotAllowed: the actor does not manage the team, or may not give one of the statuses.
            BadInput: "section": none of the team's; "contacts": too many.
        """
        _check_count(invited)
        return await self._members.invite(actor, team_id, invited, self._clock.now_ms())

    async def change_member(
        self, actor: Actor, team_id: TeamId, member_id: TeamMemberId, change: MemberChange
    ) -> TeamMember:
        """The entry as it is now.

        Raises:
            NotFound: "contact".
            NotAllowed: what would change is not the actor's to change.
            BadInput: "section": none of the team's; "status": the team would have no owner.
        """
        if team_id == HOME_TEAM and member_id != TeamMemberId(actor.account_id):
            await self.contact(actor, team_id, member_id)
            raise NotAllowed("change the member")
        now = self._clock.now_ms()
        return await self._members.change(actor, team_id, member_id, change, now)

    async def remove_member(
        self, actor: Actor, team_id: TeamId, member_id: TeamMemberId
    ) -> TeamMember:
        """The archived entry; oneself: to leave.

        Raises:
            NotFound: "contact".
            NotAllowed: it is neither oneself nor somebody whom the actor manages.
            BadInput: "status": it is the last owner.
        """
        if team_id == HOME_TEAM:
            await self.contact(actor, team_id, member_id)
            raise NotAllowed("remove the member")
        return await self._members.remove(actor, team_id, member_id, self._clock.now_ms())

    async def set_member_portrait(
        self, actor: Actor, team_id: TeamId, member_id: TeamMemberId, file_id: FileId | None
    ) -> TeamMember:
        """One's own picture, everywhere; or, for whoever manages the team, a member's picture in it.

        Raises:
            NotFound: "contact".
            NotAllowed: neither of the two.
        """
        now = self._clock.now_ms()
        return await self._members.set_portrait(actor, team_id, member_id, file_id, now)

    async def confirm(self, actor: Actor, team_id: TeamId) -> None:
        """The actor wants to be in the team that he was invited to."""
        await self._members.confirm(actor, team_id, self._clock.now_ms())

    async def pin(self, actor: Actor, team_id: TeamId, *, is_pinned: bool) -> None:
        """The actor's clients shall show the team before his others, or not any more."""
        now = self._clock.now_ms()
        await self._members.pin(actor, team_id, now, is_pinned=is_pinned)

    async def note_active(self, actor: Actor, team_id: TeamId) -> None:
        """The actor did something in the team just now."""
        if team_id != HOME_TEAM:
            now = self._clock.now_ms()
            await self._members.note_active(actor.account_id, team_id, now)

    async def note_work(self, actor: Actor, team_id: TeamId) -> None:
        """The same for what may be done many times a second: it is stored once a minute."""
        if _is_time(self._worked, (actor.account_id, team_id), self._clock.now_ms()):
            await self.note_active(actor, team_id)

    async def look(self, actor: Actor, team_id: TeamId) -> None:
        """The actor looks at the team just now: once a minute his team hears of it."""
        now = self._clock.now_ms()
        if team_id != HOME_TEAM and _is_time(self._looked, (actor.account_id, team_id), now):
            await self._members.tell_active(actor, team_id, MOST_TOLD, now)
        else:
            await self.note_active(actor, team_id)

    async def preferences(self, actor: Actor) -> Preferences:
        """How the actor wants his clients to be."""
        return await self._members.preferences(actor.account_id)

    async def prefer(self, actor: Actor, preferences: Preferences) -> None:
        """They are so from now on."""
        await self._members.prefer(actor, preferences, self._clock.now_ms())


def _checked_name(name: str) -> str:
    """Raises: BadInput("name")."""
    name = name.strip()
    if not name or text.is_longer(name, MAX_NAME):
        raise BadInput("name", "is empty or too long")
    return name


def _check_count(invited: Sequence[Invited]) -> None:
    """Raises: BadInput("contacts")."""
    if len(invited) > MOST_INVITED:
        raise BadInput("contacts", "are too many")


def _is_time(
    last: dict[tuple[AccountId, TeamId], int], key: tuple[AccountId, TeamId], now: int
) -> bool:
    """Whether a minute is over since the last time, which is noted."""
    if now - last.get(key, 0) < WORK_EVERY_MS:
        return False
    if len(last) >= MOST_WORKING:
        last.clear()
    last[key] = now
    return True
