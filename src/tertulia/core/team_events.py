"""What can happen to teams. Events are explained, and imported, where all of them stand: `core.events`."""

from collections.abc import Mapping
from dataclasses import dataclass

from tertulia.core.ids import AccountId, TeamId
from tertulia.core.team_model import Preferences, Section, Tag, Team, TeamMember


@dataclass(frozen=True, slots=True)
class TeamChanged:
    """A team was made, changed, or has new members. The accounts of `members` are told, each of his own entry.

    `uploads_bytes`: what its uploads take; for those who manage it. `preferences`: of those of the members
    who have set any; never stored in the log. `active_here`: who of them was active there last of all his teams.
    """

    team: Team
    members: tuple[TeamMember, ...]
    uploads_bytes: int
    preferences: Mapping[AccountId, Preferences]
    at: int
    origin: int
    active_here: frozenset[AccountId] = frozenset()


@dataclass(frozen=True, slots=True)
class TeamRemoved:
    """For `accounts` the team is over: it is archived, or they are out. `version`: of the team then."""

    team_id: TeamId
    version: int
    accounts: tuple[AccountId, ...]
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class TeamMembersChanged:
    """Members came, changed or went (`is_archived`). The whole team is told.

    `accounts`: of the home team, where people meet some and not others, who is told. `privately`: nobody is
    told but the members themselves.
    """

    team: Team
    members: tuple[TeamMember, ...]
    at: int
    origin: int
    privately: bool = False
    accounts: tuple[AccountId, ...] = ()

    @property
    def team_id(self) -> TeamId:
        """Whose members."""
        return self.team.id


@dataclass(frozen=True, slots=True)
class SectionsChanged:
    """Sections are new or otherwise; those in `removed` are gone. The whole team is told."""

    team_id: TeamId
    sections: tuple[Section, ...]
    removed: tuple[Section, ...]
    version: int
    at: int
    origin: int


@dataclass(frozen=True, slots=True)
class TagsChanged:
    """Tags are new. The whole team is told."""

    team_id: TeamId
    tags: tuple[Tag, ...]
    at: int
    origin: int
