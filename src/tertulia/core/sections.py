"""Sections: headings under which a team lists its members. And the tags of its tasks."""

from tertulia.core import text
from tertulia.core.errors import BadInput, NotFound
from tertulia.core.ids import SectionId, TeamId
from tertulia.core.model import Actor
from tertulia.core.ports import Clock
from tertulia.core.team_model import Section, SectionChange, Tag
from tertulia.core.team_ports import SectionStore
from tertulia.core.teams import Teams

MAX_NAME = 200
MAX_DESCRIPTION = 2_048
"""Code points."""


class Sections:
    """What can be done with them. Everybody in the team sees them, guests do not change them."""

    def __init__(self, store: SectionStore, teams: Teams, clock: Clock) -> None:
        self._store = store
        self._teams = teams
        self._clock = clock

    async def listed(self, actor: Actor, team_id: TeamId) -> list[Section]:
        """Those of the team, in their order. Raises: NotFound("team"), NotAllowed("team")."""
        await self._teams.need(actor, team_id)
        return await self._store.listed(team_id)

    async def need(self, actor: Actor, team_id: TeamId, section_id: SectionId) -> Section:
        """One of them. Raises: as `listed`, and NotFound("section")."""
        for each in await self.listed(actor, team_id):
            if each.id == section_id:
                return each
        raise NotFound("section")

    async def tags(self, actor: Actor, team_id: TeamId) -> list[Tag]:
        """Those of the team, by name. Raises: NotFound("team"), NotAllowed("team")."""
        await self._teams.need(actor, team_id)
        return await self._store.tags(team_id)

    async def add(self, actor: Actor, team_id: TeamId, new: SectionChange) -> Section:
        """A new one: the last, or where it is asked to be.

        Raises:
            BadInput: "name" or "description".
            NotFound: "team"; "section" that it is to stand beside.
            NotAllowed: the actor is a stranger or a guest.
            TooMuch: "sections".
        """
        if not (new.name or "").strip():
            raise BadInput("name", "is empty")
        _check(new)
        return await self._store.add(actor, team_id, new, self._clock.now_ms())

    async def change(
        self, actor: Actor, team_id: TeamId, section_id: SectionId, change: SectionChange
    ) -> Section:
        """The section as it is now. Raises: as `add`; NotFound("section")."""
        _check(change)
        now = self._clock.now_ms()
        return await self._store.change(actor, team_id, section_id, change, now)

    async def remove(self, actor: Actor, team_id: TeamId, section_id: SectionId) -> None:
        """It is gone; whoever stood under it stands under the others he had.

        Raises:
            NotFound: "team", "section".
            NotAllowed: the actor is a stranger or a guest.
        """
        await self._store.remove(actor, team_id, section_id, self._clock.now_ms())


def _check(change: SectionChange) -> None:
    """Raises: BadInput."""
    if change.name is not None and not change.name.strip():
        raise BadInput("name", "is empty")
    if text.is_longer(change.name or "", MAX_NAME):
        raise BadInput("name", "is too long")
    if text.is_longer(change.description or "", MAX_DESCRIPTION):
        raise BadInput("description", "is too long")
