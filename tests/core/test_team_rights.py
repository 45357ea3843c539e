from collections.abc import Mapping

import pytest

from tertulia.core.errors import NotAllowed
from tertulia.core.ids import AccountId, SectionId, TeamId, TeamMemberId
from tertulia.core.team_model import MemberChange, TeamMember, TeamStatus
from tertulia.core.team_rights import (
    last_owner,
    may_manage,
    may_remove,
    need_manager,
    need_may_change,
    need_more_than_guest,
    statuses_given_by,
)

OWNER, ADMIN, MEMBER, GUEST = TeamStatus

OURS: tuple[Mapping[str, object], ...] = ({"role": "x"}, {"email": "x@y"}, {"phone": "+7"})
MANAGED: tuple[Mapping[str, object], ...] = ({"status": GUEST}, {"sections": (SectionId(1),)})
OWN: tuple[Mapping[str, object], ...] = ({"first_name": "x"}, {"last_name": "x"})


def somebody(number: int, status: TeamStatus, *, is_archived: bool = False) -> TeamMember:
    return TeamMember(
        TeamMemberId(number),
        TeamId(1),
        AccountId(number),
        status,
        0,
        0,
        is_archived=is_archived,
    )


def may_change(me: TeamMember, other: TeamMember, what: Mapping[str, object]) -> bool:
    try:
        need_may_change(me, other, MemberChange(**what))  # type: ignore[arg-type]  # named fields
    except NotAllowed:
        return False
    return True


def test_nobody_gives_a_status_above_his_own_and_members_give_none() -> None:
    assert statuses_given_by(OWNER) == (GUEST, MEMBER, ADMIN, OWNER)
    assert statuses_given_by(ADMIN) == (GUEST, MEMBER, ADMIN)
    assert statuses_given_by(MEMBER) == statuses_given_by(GUEST) == ()


def test_owners_manage_everybody_and_admins_everybody_but_owners() -> None:
    owner, admin, member = somebody(1, OWNER), somebody(2, ADMIN), somebody(3, MEMBER)
    assert may_manage(owner, somebody(9, OWNER))
    assert may_manage(owner, admin)
    assert not may_manage(admin, owner)
    assert may_manage(admin, somebody(9, ADMIN))
    assert not may_manage(member, somebody(9, GUEST))


def test_everybody_may_leave_and_only_managers_remove() -> None:
    member, guest = somebody(3, MEMBER), somebody(4, GUEST)
    assert may_remove(guest, guest)
    assert not may_remove(member, guest)
    assert may_remove(somebody(2, ADMIN), guest)


@pytest.mark.parametrize("status", [OWNER, ADMIN])
def test_managers_change_of_others_what_is_the_teams_and_never_their_names(
    status: TeamStatus,
) -> None:
    me, other = somebody(1, status), somebody(2, MEMBER)
    assert all(may_change(me, other, each) for each in (*OURS, *MANAGED))
    assert not any(may_change(me, other, each) for each in OWN)
    assert all(may_change(me, me, each) for each in (*OURS, *MANAGED, *OWN))


@pytest.mark.parametrize("status", [MEMBER, GUEST])
def test_members_and_guests_change_themselves_but_not_their_standing(status: TeamStatus) -> None:
    me, other = somebody(1, status), somebody(2, GUEST)
    assert not any(may_change(me, other, each) for each in (*OURS, *MANAGED, *OWN))
    assert all(may_change(me, me, each) for each in (*OURS, *OWN))
    assert not any(may_change(me, me, each) for each in MANAGED)


def test_what_changes_nothing_needs_no_right() -> None:
    need_may_change(somebody(1, GUEST), somebody(2, OWNER), MemberChange())


def test_an_admin_makes_nobody_an_owner_himself_included() -> None:
    admin, member = somebody(1, ADMIN), somebody(2, MEMBER)
    assert may_change(admin, member, {"status": ADMIN})
    assert not may_change(admin, member, {"status": OWNER})
    assert not may_change(admin, admin, {"status": OWNER})
    assert not may_change(admin, somebody(3, OWNER), {"role": "x"})


def test_the_last_owner_is_the_only_one_who_is_present() -> None:
    anna, boris = somebody(1, OWNER), somebody(2, OWNER)
    gone = somebody(3, OWNER, is_archived=True)
    assert last_owner([anna, gone, somebody(4, ADMIN)]) == anna
    assert last_owner([anna, boris]) is None
    assert last_owner([gone]) is None


def test_doors_are_closed_to_those_below() -> None:
    for status in (MEMBER, GUEST):
        with pytest.raises(NotAllowed):
            need_manager(somebody(1, status))
    with pytest.raises(NotAllowed):
        need_more_than_guest(somebody(1, GUEST))
    need_more_than_guest(somebody(1, MEMBER))
