"""Teams as immutable records: closed circles of accounts, each with its own directory of members.

What is read by the thousand is a named tuple (docs/decisions/0007).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tertulia.core.ids import (
    AccountId,
    FileId,
    InvitationId,
    SectionId,
    TagId,
    TeamId,
    TeamMemberId,
)

HOME_TEAM = TeamId(0)
"""The team of what belongs to no team. It has no rows: it is computed for each person (docs/decisions/0070)."""

NOTEBOT = "notebot"
"""The bot whose direct chat with a person is that person's notes."""

SYSTEMBOT = "systembot"
"""The bot that speaks for the server."""

NOTES_NAME = "Мои заметки"
SYSTEM_NAME = "Системный бот"
"""What the two are called."""

UPLOADS_LIMIT = 1 << 30
"""Bytes that the uploads of one team may take."""


class TeamStatus(StrEnum):
    """What a member may do in a team, from most to least (`core.team_rights`)."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"

    @property
    def manages(self) -> bool:
        """Whether it is an owner's or an admin's."""
        return self in {TeamStatus.OWNER, TeamStatus.ADMIN}


class Portrait(NamedTuple):
    """The file that is somebody's picture, with its sides in pixels."""

    file_id: FileId
    width: int
    height: int


class Team(NamedTuple):
    """A team. `version` is the number drawn at its last change.

    Attributes:
        task_deadline: at what time of the day tasks are due unless they say otherwise, `HH:MM:SS`.
        edit_window_s: how long, in seconds, an author may change or delete a message.
        family_name_first: display names begin with the family name.
        uploads_limit: bytes.
    """

    id: TeamId
    version: int
    name: str
    created_at: int
    task_deadline: str = "18:00:00"
    edit_window_s: int = 86_400
    family_name_first: bool = False
    use_patronymic: bool = False
    portrait: Portrait | None = None
    is_archived: bool = False
    uploads_limit: int = UPLOADS_LIMIT

    @property
    def is_home(self) -> bool:
        """Whether it is the team of what belongs to no team."""
        return self.id == HOME_TEAM


class TeamMember(NamedTuple):
    """An account in a team as the team sees it: what the account says of itself, and its place here.

    In the home team `id` is the account's number. The server's own bots have no rows: their `id` is 0.

    Attributes:
        role: what he does in the team, in words.
        email, phone: what the team's directory says; claims, as those of the account.
        active_at: when he last did something in this team; None: never yet.
        version: the number drawn at the last change of this entry.
        needs_confirmation: he was invited and has not said yet that he wants to be here.
        bot: as in `Account`.
        is_pinned: his clients show the team before his others.
    """

    id: TeamMemberId
    team_id: TeamId
    account_id: AccountId
    status: TeamStatus
    created_at: int
    version: int
    role: str = ""
    email: str = ""
    phone: str = ""
    sections: tuple[SectionId, ...] = ()
    active_at: int | None = None
    is_archived: bool = False
    needs_confirmation: bool = False
    first_name: str = ""
    last_name: str = ""
    login: str = ""
    bot: str = ""
    portrait: Portrait | None = None
    patronymic: str = ""
    is_pinned: bool = False


class Membership(NamedTuple):
    """A team, and somebody's own entry in it."""

    team: Team
    me: TeamMember


class HouseBots(NamedTuple):
    """The accounts of the server's own bots: the keeper of notes, and the system's."""

    notes: AccountId
    system: AccountId


class TeamCard(NamedTuple):
    """A team as one of its members finds it in his list.

    `uploads_bytes`: what its uploads take, for who manages it; else 0. `is_last_active`: of all his
    teams it is the one in which he last did something.
    """

    team: Team
    me: TeamMember
    uploads_bytes: int = 0
    is_last_active: bool = False


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody to be added to a team by phone (`+` and digits). Names are for an account without any."""

    phone: str
    first_name: str = ""
    last_name: str = ""
    role: str = ""
    status: TeamStatus = TeamStatus.MEMBER
    email: str = ""
    sections: tuple[SectionId, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamChange:
    """What to change in a team; None leaves a field as it is."""

    name: str | None = None
    task_deadline: str | None = None
    edit_window_s: int | None = None
    family_name_first: bool | None = None
    use_patronymic: bool | None = None


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What to change in a member of a team; None leaves a field as it is.

    The names are his account's, and only he himself may change them.
    """

    status: TeamStatus | None = None
    role: str | None = None
    email: str | None = None
    phone: str | None = None
    sections: tuple[SectionId, ...] | None = None
    first_name: str | None = None
    last_name: str | None = None
    patronymic: str | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """How an account wants its clients to look and to call; the same in every team.

    The server keeps them and obeys none. `default_lang`, `quiet_from`, `quiet_until` (`HH:MM:SS`):
    None when never set.
    """

    alt_send: bool = False
    always_send_pushes: bool = False
    asterisk_mention: bool = False
    contact_mshort_view: bool = False
    contact_short_view: bool = False
    contact_show_archived: bool = False
    debug_show_activity: bool = False
    default_lang: str | None = None
    group_mshort_view: bool = False
    group_notifications_enabled: bool = True
    group_short_view: bool = False
    hide_pushes_content: bool = False
    mood: str = ""
    munread_first: bool = False
    quiet_from: str | None = None
    quiet_until: str | None = None
    task_mshort_view: bool = False
    task_notifications_enabled: bool = True
    task_short_view: bool = False
    timezone: str = ""
    unread_first: bool = False


class Section(NamedTuple):
    """A heading under which members of a team are listed. `place` orders them, from 1."""

    id: SectionId
    team_id: TeamId
    name: str
    description: str
    place: int
    version: int


Beside = tuple[SectionId, bool]
"""A place among sections: that one, and whether right after it (else right before it)."""


@dataclass(frozen=True, slots=True)
class SectionChange:
    """What to change in a section; None leaves it as it is."""

    name: str | None = None
    description: str | None = None
    beside: Beside | None = None


class Tag(NamedTuple):
    """A word that tasks of a team are marked with."""

    id: TagId
    team_id: TeamId
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way into a team for whoever knows its token, until it is removed."""

    id: InvitationId
    team_id: TeamId
    token: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What the uploads of a team take, in bytes. `by_month`: (year, month 1-12, bytes), oldest first."""

    total: int
    by_month: tuple[tuple[int, int, int], ...]
