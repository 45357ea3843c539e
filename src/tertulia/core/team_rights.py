"""Who may do what in a team, by status alone. Pure rules: the store asks them inside its transactions."""

from collections.abc import Iterable

from tertulia.core.errors import NotAllowed
from tertulia.core.team_model import MemberChange, TeamMember, TeamStatus

RANKS = (TeamStatus.GUEST, TeamStatus.MEMBER, TeamStatus.ADMIN, TeamStatus.OWNER)
"""From least to most."""


def statuses_given_by(status: TeamStatus) -> tuple[TeamStatus, ...]:
    """The statuses that somebody of that status may give, lowest first; none for who does not manage."""
    if not status.manages:
        return ()
    return RANKS[: RANKS.index(status) + 1]


def need_manager(me: TeamMember) -> None:
    """Raises: NotAllowed("manage the team") when *me* is neither owner nor admin."""
    if not me.status.manages:
        raise NotAllowed("manage the team")


def need_more_than_guest(me: TeamMember) -> None:
    """Raises: NotAllowed("work in the team") when *me* is a guest."""
    if me.status is TeamStatus.GUEST:
        raise NotAllowed("work in the team")


def need_may_give(me: TeamMember, status: TeamStatus) -> None:
    """Raises: NotAllowed("give the status")."""
    if status not in statuses_given_by(me.status):
        raise NotAllowed("give the status")


def may_manage(me: TeamMember, other: TeamMember) -> bool:
    """Whether *me* may change or remove that member, who is somebody else: an admin no owner."""
    if me.status is TeamStatus.OWNER:
        return True
    return me.status is TeamStatus.ADMIN and other.status is not TeamStatus.OWNER


def may_remove(me: TeamMember, other: TeamMember) -> bool:
    """Whether *me* may remove that member, or leave, if it is himself (the last owner may not: `last_owner`)."""
    return me.account_id == other.account_id or may_manage(me, other)


def need_may_change(me: TeamMember, other: TeamMember, change: MemberChange) -> None:
    """What does not change needs no right.

    Raises:
        NotAllowed: "change the member".
    """
    is_me = me.account_id == other.account_id
    ours = change.role, change.email, change.phone
    managed = change.status, change.sections
    own = change.first_name, change.last_name, change.patronymic
    if not is_me and any(each is not None for each in own):
        raise NotAllowed("change the member")
    if any(each is not None for each in ours) and not (is_me or may_manage(me, other)):
        raise NotAllowed("change the member")
    if any(each is not None for each in managed):
        if not (me.status.manages if is_me else may_manage(me, other)):
            raise NotAllowed("change the member")
        if change.status is not None:
            need_may_give(me, change.status)


def last_owner(members: Iterable[TeamMember]) -> TeamMember | None:
    """The only owner among present members; None when there are several, or none."""
    owners = [each for each in members if each.status is TeamStatus.OWNER and not each.is_archived]
    return owners[0] if len(owners) == 1 else None
